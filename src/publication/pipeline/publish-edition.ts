/**
 * The pipeline of a requested publication: assemble, derive, control, publish. Each step takes the previous
 * result, so a wrong order does not compile; each may run again after a crash: it writes its state last.
 */
import type { AppContext } from '../../catalogue/index.ts'
import { withoutValues } from '../../db/database-error.ts'
import { lockOf, type Progress, Refusal } from '../../ingest/index.ts'
import { findPublication, isOpenPublication, type Publication, writeRefused } from '../publications.ts'
import { assemble } from './assemble.ts'
import { control } from './control.ts'
import { derive } from './derive.ts'
import { publish } from './publish.ts'
import { release } from './release.ts'

/**
 * Runs a requested publication until it is done, refused, or waiting for its time or an approval. Safe to
 * call again at any time: a second call after a crash still gives exactly one publication.
 */
export async function publishEdition(
  context: AppContext,
  publicationId: number,
  progress: Progress = () => {},
): Promise<Publication> {
  const requested = await findPublication(context, publicationId)
  if (requested === undefined) throw new Error(`no publication ${publicationId}`)
  return context.database.lock(lockOf(requested), async () => {
    const current = await findPublication(context, publicationId)
    if (current === undefined || !isOpenPublication(current)) return current ?? requested
    try {
      if (current.state === 'prepared') await release(context, publicationId)
      else await runSteps(context, current, progress)
    } catch (error) {
      if (!(error instanceof Refusal)) throw withoutValues(error)
      await writeRefused(context, publicationId, error.refused.findings)
    }
    return (await findPublication(context, publicationId)) ?? current
  })
}

async function runSteps(context: AppContext, requested: Publication, progress: Progress): Promise<void> {
  const assembled = await assemble(context, requested, progress)
  const derived = await derive(context, assembled)
  const controlled = await control(context, derived, progress)
  await publish(context, controlled, progress)
}
