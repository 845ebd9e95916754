/**
 * Erasures on behalf of an operator: the acts of ingest and publication, and the ledger of a folder of
 * backups. What they erase, and what stays for a while, is in docs/erasure.md.
 */
import { type AppContext, findOrigin, findStored } from '../../catalogue/index.ts'
import { eraseBundle, getReceiptLike } from '../../ingest/index.ts'
import { defined } from '../../platform/defined.ts'
import { problem } from '../../platform/problem.ts'
import { eraseVersion, type VersionErasure } from '../../publication/index.ts'
import type { ErasureEntry } from '../backup/erasures.ts'
import { appendErasures, listSetsSince, requireBackups } from './ledger.ts'

/** Who erases, why, and the folder of backups, if there is one. */
interface By {
  readonly actor: string
  readonly reason: string
  readonly backups?: string | undefined
}

export interface Erasure {
  readonly at: string
  readonly already: boolean
  readonly wasPublished: boolean
  readonly bundles: readonly string[]
  readonly remaining: VersionErasure['remaining']
  /** Backup sets that may still hold the bytes; undefined where no folder of backups was named. */
  readonly sets?: readonly string[]
}

interface Named {
  readonly dataset: string
  readonly edition: string
  readonly version: number
}

/** Erases a version and the bundles that only it has rows of. Throws as `eraseVersion`. */
export async function eraseVersionAct(context: AppContext, of: Named, by: By): Promise<Erasure> {
  if (by.backups !== undefined) await requireBackups(by.backups)
  const { dataset, edition, version } = of
  const found = await findStored(context.database.work, { dataset, edition, number: version })
  const since = await firstReceived(context, found?.bundles ?? [], found?.publishedAt ?? context.clock())
  const { at, ...erased } = await eraseVersion(context, { ...of, actor: by.actor, reason: by.reason })
  const entries = erased.bundles.map((bundle) => ({ kind: 'bundle' as const, bundle }))
  // A draft is in no backup, and its number is given again.
  const named = found?.isPublished === true ? [{ kind: 'version' as const, ...of }] : []
  const sets = await record(context, by, { at, since }, [...named, ...entries])
  return { at: at.toISOString(), ...erased, ...defined({ sets }) }
}

/** Erases a bundle and the bags of its group. Throws as `eraseBundle`. */
export async function eraseBundleAct(context: AppContext, id: string, by: By): Promise<Erasure> {
  if (by.backups !== undefined) await requireBackups(by.backups)
  const receipt = await getReceiptLike(context.database.work, id)
  const done = await eraseBundle(context, { id: receipt.id, actor: by.actor, reason: by.reason })
  if (done === undefined) throw problem('bundle-not-found', { path: 'id' })
  const { at, already, bundles } = done
  const since = await firstReceived(context, bundles, receipt.receivedAt)
  const entries = bundles.map((bundle) => ({ kind: 'bundle' as const, bundle }))
  const sets = await record(context, by, { at, since }, entries)
  const facts = { already, wasPublished: false, bundles, remaining: [] }
  return { at: at.toISOString(), ...facts, ...defined({ sets }) }
}

/** When the first of these bundles was received: no earlier backup can hold the bytes. */
async function firstReceived(context: AppContext, ids: readonly string[], otherwise: Date): Promise<Date> {
  // The history has every delivery of the same bytes; `received_at` only the last.
  const [row] = await context.database.work<{ at: string | null }[]>`
    SELECT min(history->0->>'at') AS at FROM qingdan.bundle WHERE id = ANY(${[...ids]})`
  const first = row?.at == null ? otherwise : new Date(row.at)
  return first < otherwise ? first : otherwise
}

/** What was erased, as the ledger names it. */
type Subject = ErasureEntry extends infer Entry
  ? Entry extends unknown
    ? Omit<Entry, 'at' | 'origin' | 'reason'>
    : never
  : never

async function record(
  context: AppContext,
  { backups, reason }: By,
  { at, since }: { readonly at: Date; readonly since: Date },
  subjects: readonly Subject[],
): Promise<readonly string[] | undefined> {
  if (backups === undefined) return undefined
  const origin = await findOrigin(context.database)
  await appendErasures(
    backups,
    subjects.map((subject) => ({ at: at.toISOString(), origin, ...subject, reason: reason.trim() })),
  )
  return listSetsSince(backups, since)
}
