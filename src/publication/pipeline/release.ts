/**
 * Release: one short transaction makes a prepared version visible. It neither refuses nor waits: if the
 * moment has not come or the approval is missing, nothing changes, and it is called again later.
 */
import assert from 'node:assert/strict'
import { type AppContext, publishVersion, sealVersion } from '../../catalogue/index.ts'
import { dropReplaced, removeReadBundles } from '../../ingest/index.ts'
import { findPublication, pendingReasonOf, publishEditionJob, writeDone } from '../publications.ts'
import { dropControlled } from './control.ts'

/** Releases a prepared publication if nothing is pending. Call under the edition's lock. */
export async function release(context: AppContext, publicationId: number): Promise<void> {
  const publication = await findPublication(context, publicationId)
  assert.ok(publication?.state === 'prepared', 'only a prepared publication can be released')
  const { id, dataset, edition, version, versionId, digest, releaseAt } = publication
  assert.ok(digest !== null)
  if (pendingReasonOf(context, publication).length > 0) {
    await waitForMoment(context, id, releaseAt)
    context.observe('checkpoint-reached', { step: 'wait', point: 'waiting' })
    context.observe('publication-state-changed', {
      dataset,
      edition,
      version,
      publication: id,
      state: 'prepared',
    })
    return
  }
  const at = context.clock()
  const records = await context.database.work.begin(async (tx) => {
    await writeDone(tx, id, at)
    context.observe('checkpoint-reached', { step: 'release', point: 'in-transaction' })
    return publishVersion(tx, { id: versionId, at, digest })
  })
  context.observe('checkpoint-reached', { step: 'release', point: 'visible' })
  await sealVersion(context, { dataset, edition, number: version })
  await dropControlled(context.database, versionId)
  await dropReplaced(context.database, dataset, edition)
  await removeReadBundles(context, { dataset, edition })
  // Measured from the last pending event, to exclude the time that people and the calendar take.
  const began = Math.max(...[publication.askedAt, publication.approvedAt, releaseAt].map(Number))
  context.observe('version-published', {
    dataset,
    edition,
    version,
    records,
    seconds: (at.getTime() - began) / 1000,
  })
}

/**
 * Sends the job for the moment of release. A second job is harmless: it finds the work done. The delay is
 * counted in seconds from now, so that a database with a different clock does not run it early.
 */
async function waitForMoment(context: AppContext, id: number, releaseAt: Date | null): Promise<void> {
  const ahead = (releaseAt?.getTime() ?? 0) - context.clock().getTime()
  if (ahead <= 0) return
  await context.database.work.begin((tx) =>
    context.jobs.send(tx, publishEditionJob, { publication: id }, { afterSeconds: Math.ceil(ahead / 1000) }),
  )
}
