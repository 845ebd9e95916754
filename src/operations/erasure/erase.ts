/**
 * Erasures on behalf of an operator: the acts of ingest and publication, and the ledger of a folder of
 * backups. What they erase, and what stays for a while, is in docs/erasure.md.
 */
import { type AppContext, findOrigin, findStored } from '../../catalogue/index.ts'
import { eraseBundle, getReceiptLike } from '../../ingest/index.ts'
import { defined } from '../../platform/defined.ts'
import { problem } from '../../platform/problem.ts'
import { eraseVersion, type VersionErasure } from '../../publication/index.ts'
import {
  appendErasures,
  bundleEntry,
  completeLedger,
  ledgerLock,
  listSetsSince,
  requireBackups,
  versionEntry,
} from './ledger.ts'

/** Who erases, why, and the folder of backups, if there is one. */
interface By {
  readonly actor: string
  readonly reason: string
  readonly backups?: string | undefined
  /** The moment of an erasure of a ledger, which is applied again. */
  readonly at?: Date
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
  const { dataset, edition, version } = of
  const found = await findStored(context.database.work, { dataset, edition, number: version })
  const since = await firstReceived(context, found?.bundles ?? [], found?.publishedAt ?? context.clock())
  const { done, sets } = await recorded(
    context,
    by,
    (act) => eraseVersion(context, { ...of, ...act }),
    async () => since,
  )
  const { at, ...erased } = done
  return { at: at.toISOString(), ...erased, ...defined({ sets }) }
}

/** Erases a bundle and the bags of its group. Throws as `eraseBundle`. */
export async function eraseBundleAct(context: AppContext, id: string, by: By): Promise<Erasure> {
  const receipt = await getReceiptLike(context.database.work, id)
  const { done, sets } = await recorded(
    context,
    by,
    (act) => eraseBundle(context, { id: receipt.id, ...act }),
    (erased) => firstReceived(context, erased?.bundles ?? [], receipt.receivedAt),
  )
  if (done === undefined) throw problem('bundle-not-found', { path: 'id' })
  const { at, already, bundles } = done
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

type Act = Parameters<typeof eraseVersion>[1]

/** Erases, and writes the ledger of the folder of backups if one is named; returns its sets that hold the data. */
async function recorded<T>(
  context: AppContext,
  { backups, ...by }: By,
  erase: (act: Pick<Act, 'actor' | 'reason' | 'at' | 'onDecided'>) => Promise<T>,
  sinceOf: (done: T) => Promise<Date>,
): Promise<{ readonly done: T; readonly sets?: readonly string[] }> {
  if (backups === undefined) return { done: await erase(by) }
  await requireBackups(backups)
  return context.database.lock(ledgerLock, async () => {
    const origin = await findOrigin(context.database)
    const onDecided: Act['onDecided'] = ({ at, reason, ...erased }) =>
      appendErasures(backups, [
        erased.kind === 'bundle'
          ? bundleEntry(origin, { at, reason, ...erased })
          : versionEntry(origin, { at, ...erased.version, reason }),
      ])
    // What a killed process or a command without the folder has left out.
    await completeLedger(context, backups)
    const done = await erase({ ...by, onDecided })
    return { done, sets: await listSetsSince(backups, await sinceOf(done)) }
  })
}
