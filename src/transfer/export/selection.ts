/**
 * The contents of an export, read from one database snapshot: the changes after a cursor, and the versions
 * and contracts concerned, in their latest state. Restricted datasets are left out unless requested, and the
 * positions of their changes stay unused; a dataset that has become open since comes with its full history.
 */

import type { ExportPurpose } from '../../bundle/index.ts'
import { type ExportCursor, readExportCursor, writeExportCursor } from '../../bundle/index.ts'
import {
  type AppContext,
  findOrigin,
  markOf,
  readCarried,
  readChanges,
  readEditionChanges,
  refuseOnMirror,
} from '../../catalogue/index.ts'
import {
  type CarriedVersion,
  type Contracts,
  isOpen,
  type LoadedContract,
  type PositionedChange,
} from '../../contract/index.ts'
import type { Runner } from '../../db/database.ts'
import { problem } from '../../platform/problem.ts'

/** The request: all changes, those after a cursor, or chosen versions of one edition. */
export type ExportRequest = (
  | { readonly since: string | null }
  | { readonly dataset: string; readonly edition: string; readonly version?: number }
) & {
  /** Whether restricted datasets are included. */
  readonly restricted: boolean
}

export interface Selection {
  readonly purpose: ExportPurpose
  readonly changes: readonly PositionedChange[]
  readonly versions: readonly CarriedVersion[]
  /** Every contract of the datasets concerned, not only those that the changes add. */
  readonly contracts: readonly LoadedContract[]
  /** Datasets left out because they are restricted. */
  readonly left: readonly string[]
}

/**
 * The contents of an export; undefined if nothing changed since the cursor. Throws `cursor-invalid` for
 * another origin, kind or history, and the problems for missing datasets, editions, versions.
 */
export async function selectExport(
  context: AppContext,
  request: ExportRequest,
): Promise<Selection | undefined> {
  // A mirror has its origin's order but not its key: only the origin exports changes.
  if ('since' in request) await refuseOnMirror(context.database.work)
  const origin = await findOrigin(context.database)
  return context.database.serve.begin('isolation level repeatable read read only', async (tx) =>
    'since' in request
      ? selectSince(
          tx,
          context.contracts,
          await readChanges(tx, 0),
          origin,
          request.since,
          request.restricted,
        )
      : selectVersions(tx, context, await readEditionChanges(tx, request), origin, request),
  )
}

async function selectSince(
  runner: Runner,
  contracts: Contracts,
  all: readonly PositionedChange[],
  origin: string,
  since: string | null,
  restricted: boolean,
): Promise<Selection | undefined> {
  const from = since === null ? undefined : checkCursor(since, { origin, restricted }, all)
  const last = all.at(-1)
  if (last === undefined || last.position === from?.position) return undefined
  const share = shareOf(all, contracts, from?.position ?? 0, restricted)
  const until = writeExportCursor({ origin, position: last.position, restricted, mark: markOf(last) })
  return {
    purpose: { kind: 'export', origin, since, until, restricted },
    changes: share.changes,
    versions: await versionsOf(runner, share.changes),
    contracts: share.contracts,
    left: share.left,
  }
}

function checkCursor(
  text: string,
  own: Pick<ExportCursor, 'origin' | 'restricted'>,
  all: readonly PositionedChange[],
): ExportCursor {
  const cursor = readExportCursor(text)
  const refuse = (detail: string) => problem('cursor-invalid', { path: 'since', detail })
  if (cursor.origin !== own.origin) throw refuse('The cursor is from another service.')
  if (cursor.restricted !== own.restricted) {
    throw refuse(
      cursor.restricted
        ? 'The cursor is from exports with restricted datasets: add --include-restricted.'
        : 'The cursor is from exports without restricted datasets: omit --include-restricted, or start again with --all.',
    )
  }
  const change = all.find(({ position }) => position === cursor.position)
  if (change === undefined || markOf(change) !== cursor.mark) {
    throw refuse(
      'The changes differ from those that the cursor was issued for: this database was restored to an earlier state.',
    )
  }
  return cursor
}

interface Share extends Pick<Selection, 'changes' | 'contracts' | 'left'> {}

/** The share of the changes that is exported; pure. */
function shareOf(
  all: readonly PositionedChange[],
  contracts: Contracts,
  since: number,
  restricted: boolean,
): Share {
  const until = Number.POSITIVE_INFINITY
  const pinned = pinnedContracts(all, contracts)
  const isOpenAt = (dataset: string, position: number) => {
    const newest = (pinned.get(dataset) ?? []).filter((pin) => pin.position <= position).at(-1)
    return newest !== undefined && (restricted || isOpen(newest.loaded.contract))
  }
  // If a dataset is no longer open, its mirror must learn that, or it would go on serving it.
  const wasOpen = (dataset: string) =>
    (pinned.get(dataset) ?? []).some(({ loaded }) => restricted || isOpen(loaded.contract))
  const changes = all.filter(({ dataset, position, kind }) => {
    if (!isOpenAt(dataset, until)) return kind === 'contract-added' && position > since && wasOpen(dataset)
    return position > since || !isOpenAt(dataset, since)
  })
  return {
    changes,
    contracts: [...pinned].flatMap(([dataset, pins]) =>
      wasOpen(dataset) ? pins.map(({ loaded }) => loaded) : [],
    ),
    left: [...pinned.keys()].filter((dataset) => !isOpenAt(dataset, until)),
  }
}

interface Pinned {
  readonly loaded: LoadedContract
  readonly position: number
}

/** The loaded contracts of each dataset, by the position at which they were added, oldest first. */
function pinnedContracts(
  all: readonly PositionedChange[],
  contracts: Contracts,
): ReadonlyMap<string, readonly Pinned[]> {
  const pinned = new Map<string, Pinned[]>()
  for (const { kind, dataset, position, body } of all) {
    if (kind !== 'contract-added') continue
    const loaded = contracts.find(dataset, (body as { readonly contractVersion: number }).contractVersion)
    if (loaded === undefined) {
      // Skip removed datasets; fail for datasets that got a contract after this process started.
      if (contracts.find(dataset) === undefined) continue
      throw new Error(`A contract of ${dataset} was added after this command started: run the command again.`)
    }
    pinned.set(dataset, [...(pinned.get(dataset) ?? []), { loaded, position }])
  }
  return pinned
}

/** The versions that changes concern, in their current state. */
async function versionsOf(
  runner: Runner,
  changes: readonly PositionedChange[],
): Promise<readonly CarriedVersion[]> {
  const concerned = changes.filter(({ version }) => version !== undefined)
  const names = new Set(concerned.map(({ dataset, edition, version }) => `${dataset} ${edition} ${version}`))
  const found: CarriedVersion[] = []
  for (const dataset of new Set(concerned.map((change) => change.dataset))) {
    const versions = await readCarried(runner, dataset)
    found.push(...versions.filter((one) => names.has(`${dataset} ${one.edition} ${one.number}`)))
  }
  return found
}

async function selectVersions(
  runner: Runner,
  context: AppContext,
  changes: readonly PositionedChange[],
  origin: string,
  request: Exclude<ExportRequest, { readonly since: string | null }>,
): Promise<Selection> {
  const { dataset, edition, version, restricted } = request
  const { contract } = context.contracts.get(dataset)
  if (!restricted && !isOpen(contract)) {
    throw problem('dataset-not-found', { detail: 'It is restricted: add --include-restricted.', dataset })
  }
  const own = (await readCarried(runner, dataset)).filter((one) => one.edition === edition)
  if (own.length === 0) throw problem('edition-not-found', { edition })
  const wanted = own.filter(({ number }) => version === undefined || number === version)
  if (wanted.length === 0) throw problem('version-not-found', { version })
  const versions = wanted.filter(({ withdrawn }) => withdrawn === null)
  if (versions.length === 0) throw problem('version-withdrawn', { reason: wanted[0]?.withdrawn?.reason })
  const numbers = new Set(versions.map(({ number }) => number))
  return {
    purpose: {
      kind: 'export',
      origin,
      since: null,
      until: null,
      restricted,
      excerpt: versions.map(({ number }) => `${dataset}/${edition}/v${number}`),
    },
    changes: changes.filter((change) => change.version !== undefined && numbers.has(change.version)),
    versions,
    contracts: context.contracts
      .versions(dataset)
      .filter((loaded) => versions.some((one) => one.contractVersion >= loaded.contract.contractVersion)),
    left: [],
  }
}
