/**
 * The pipeline of a requested publication: assemble, derive, control, publish. Each step takes the former step's value, so
 * that a step out of order does not compile. Each step may run again after a crash, because it writes its state last.
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
 * Walks an asked-for publication to its end, or to where it waits for its moment or for an approval. Safe to call again
 * at any time: a crash anywhere and a second call give exactly one publication.
 */
export async function publishEdition(
  context: AppContext,
  publicationId: number,
  progress: Progress = () => {},
): Promise<Publication> {
  const asked = await findPublication(context, publicationId)
  if (asked === undefined) throw new Error(`no publication ${publicationId}`)
  return context.database.lock(lockOf(asked), async () => {
    const now = await findPublication(context, publicationId)
    if (now === undefined || !isOpenPublication(now)) return now ?? asked
    try {
      if (now.state === 'prepared') await release(context, publicationId)
      else await walkEdition(context, now, progress)
    } catch (error) {
      if (!(error instanceof Refusal)) throw withoutValues(error)
      await writeRefused(context, publicationId, error.refused.findings)
    }
    return (await findPublication(context, publicationId)) ?? now
  })
}

async function walkEdition(context: AppContext, asked: Publication, progress: Progress): Promise<void> {
  const assembled = await assemble(context, asked, progress)
  const derived = await derive(context, assembled)
  const controlled = await control(context, derived, progress)
  await publish(context, controlled, progress)
}
