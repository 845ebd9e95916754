/**
 * Release: the one short transaction that makes a prepared version visible. It refuses nothing and waits for nobody:
 * where the moment has not come or the approval is missing, all stays as it is, and whoever brings it calls again.
 */
import assert from 'node:assert/strict'
import { type AppContext, publishVersion } from '../../catalogue/index.ts'
import { dropReplaced } from '../../ingest/index.ts'
import { findPublication, pendingReasonOf, publishEditionJob, writeDone } from '../publications.ts'
import { dropControlled } from './control.ts'

/** Releases a prepared publication where nothing is waited for. To be called under the edition's lock. */
export async function release(context: AppContext, publicationId: number): Promise<void> {
  const publication = await findPublication(context, publicationId)
  assert.ok(publication?.state === 'prepared', 'only what is prepared is released')
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
  await dropControlled(context.database, versionId)
  await dropReplaced(context.database, dataset, edition)
  // Since the last thing that was waited for: what people and the calendar take is no speed of ours.
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
 * Sends the job that comes at the moment. It may be there already: one more finds the work done. Counted in seconds
 * from now, so that a database whose clock differs from ours is not early.
 */
async function waitForMoment(context: AppContext, id: number, releaseAt: Date | null): Promise<void> {
  const ahead = (releaseAt?.getTime() ?? 0) - context.clock().getTime()
  if (ahead <= 0) return
  await context.database.work.begin((tx) =>
    context.jobs.send(tx, publishEditionJob, { publication: id }, { afterSeconds: Math.ceil(ahead / 1000) }),
  )
}
