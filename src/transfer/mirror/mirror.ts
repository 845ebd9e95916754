/**
 * Mirror: imports exports of another service and becomes its exact copy: the same files, records, versions
 * and changes, under the same numbers and positions. All is loaded invisibly; one short transaction makes it
 * visible, so a second run after a crash gives the same. Disclosure control is the origin's task.
 */
import { writeAudit } from '../../accounts/index.ts'
import {
  BundleRefusal,
  contentFault,
  type ExchangeProgress,
  faultAt,
  type OpenedExport,
  paths,
  refuseExport,
  withExport,
} from '../../bundle/index.ts'
import {
  type AppContext,
  adoptOrigin,
  applyMirrored,
  type MirrorState,
  openMirrored,
  readChanges,
  readMirror,
  sealVersion,
  writeMirror,
} from '../../catalogue/index.ts'
import type { Contracts, PositionedChange } from '../../contract/index.ts'
import { notifyChange } from '../../db/change-notices.ts'
import { removeWithdrawn } from '../../records/index.ts'
import { openTrusted } from '../trusted-keys.ts'
import { dropFormerContracts, type LoadContracts, storeContracts } from './contract-set.ts'
import { prepareCarried } from './prepare.ts'
import { sequenceOf } from './sequence.ts'

interface MirrorOrder {
  /** A bag folder or ZIP. */
  readonly path: string
  readonly actor: string
  /** Loads a folder of contracts as the service does at its start. Throws ContractError. */
  readonly loadContracts: LoadContracts
  readonly progress?: ExchangeProgress
}

export interface MirrorReport {
  /** `replayed` if the mirror had it already and nothing was done. */
  readonly state: 'taken' | 'replayed'
  readonly origin: string
  /** The cursor from which the next export must start. */
  readonly cursor: string
  readonly changes: number
  readonly versions: number
  readonly records: number
  readonly signedBy: string
}

/**
 * Takes an export. Safe to run again at any time. Throws BundleRefusal if it is refused, and then nothing of
 * it is visible; `mirror-not-empty` if this service has data of its own.
 */
export async function takeExport(context: AppContext, order: MirrorOrder): Promise<MirrorReport> {
  const { path, progress = () => {} } = order
  const trust = { keys: await openTrusted(context), at: context.clock(), progress }
  return withExport(path, trust, (opened) =>
    context.database.lock('mirror', async () => {
      const state = await readMirror(context.database.work)
      const stored = state === undefined ? [] : await readChanges(context.database.work, 0)
      const sequence = sequenceOf(state, stored, opened)
      if (sequence.is === 'refused') throw new BundleRefusal(sequence.findings)
      if (sequence.is === 'replay') return reportOf('replayed', opened, 0)
      context.observe('checkpoint-reached', { step: 'mirror', point: 'verified' })
      return importExport(context, order, opened, state, progress)
    }),
  )
}

async function importExport(
  context: AppContext,
  { actor, loadContracts }: MirrorOrder,
  opened: OpenedExport,
  before: MirrorState | undefined,
  progress: ExchangeProgress,
): Promise<MirrorReport> {
  const { origin, restricted } = opened.purpose
  const { name, contracts } = await storeContracts(context, opened, loadContracts)
  checkAgainstContracts(opened, contracts)
  const started = { origin, restricted, cursor: null, position: 0, ...before, contracts: name }
  await begin(context, started, before === undefined)
  const records = await prepareAll(context, opened, contracts, progress)
  const state = { ...started, cursor: opened.cursors.until, position: opened.until.position }
  await release(context, opened, contracts, state, actor)
  await dropFormerContracts(context, [name, before?.contracts])
  // What cannot be removed yet, because a reader holds it, is removed by the serving process.
  await removeWithdrawn(context).catch((error: { readonly code?: string }) => {
    if (error.code !== 'erasure-pending') throw error
  })
  return reportOf('taken', opened, records)
}

/**
 * Contracts come first, as at the origin, so that a serving process has loaded them before their versions
 * become visible. Nothing else of the export is visible yet.
 */
async function begin(context: AppContext, state: MirrorState, isFirst: boolean): Promise<void> {
  await context.database.work.begin(async (tx) => {
    if (isFirst) return adoptOrigin(tx, state)
    await writeMirror(tx, state)
    await notifyChange(tx)
  })
  context.observe('checkpoint-reached', { step: 'mirror', point: 'contracts' })
}

/** Loads each version's records and files, still invisible. Returns the number of records loaded. */
async function prepareAll(
  context: AppContext,
  opened: OpenedExport,
  contracts: Contracts,
  progress: ExchangeProgress,
): Promise<number> {
  const total = opened.versions.reduce((sum, { records }) => sum + records, 0)
  let done = 0
  let loaded = 0
  for (const version of opened.versions) {
    progress('load', done, total)
    const { id, status } = await context.database.work.begin((tx) => openMirrored(tx, version))
    if (status === 'open') {
      const { contract } = contracts.get(version.dataset, version.contractVersion)
      await prepareCarried(context, opened, { id, version, contract })
      loaded += version.withdrawn === null ? version.records : 0
      context.observe('checkpoint-reached', { step: 'mirror', point: 'prepared' })
    }
    done += version.records
  }
  return loaded
}

/** The one transaction that makes the export visible. */
async function release(
  context: AppContext,
  opened: OpenedExport,
  contracts: Contracts,
  state: MirrorState,
  actor: string,
): Promise<void> {
  const { changes, versions, signedBy, digest } = opened
  await context.database.work.begin(async (tx) => {
    await writeAudit(tx, {
      at: context.clock(),
      actor,
      action: 'mirror',
      subject: digest,
      detail: { origin: state.origin, position: state.position, signedBy },
    })
    context.observe('checkpoint-reached', { step: 'mirror', point: 'in-transaction' })
    await applyMirrored(tx, { changes, versions, contracts: pinsOf(changes, contracts), state })
  })
  context.observe('checkpoint-reached', { step: 'mirror', point: 'visible' })
  for (const version of versions) await sealVersion(context, version)
  context.observe('mirror-updated', { changes: changes.length, versions: versions.length })
}

/** Checks, before anything is written, that the export's changes, versions and contracts are consistent. */
function checkAgainstContracts({ bag, changes, versions }: OpenedExport, contracts: Contracts): void {
  const inBag = new Set(bag.entries.map(({ path }) => path))
  const publications = changes.filter(
    ({ kind }) => kind === 'version-published' || kind === 'version-corrected',
  )
  const published = new Set(
    publications.map((change) => `${change.dataset} ${change.edition} ${change.version}`),
  )
  refuseExport([
    ...changes.flatMap((change) => {
      if (change.kind !== 'contract-added') return []
      const { contractVersion, digest } = change.body as { contractVersion?: number; digest?: string }
      const isThere = contracts.find(change.dataset, contractVersion ?? 0)?.digest === digest
      return isThere ? [] : [contentFault(paths.contract(change.dataset, contractVersion ?? 0))]
    }),
    ...versions.flatMap((version) => {
      if (contracts.find(version.dataset, version.contractVersion) === undefined) {
        return [faultAt('export-contracts', { file: paths.version(version) })]
      }
      const needed =
        published.has(`${version.dataset} ${version.edition} ${version.number}`) && version.withdrawn === null
      const files = needed ? version.distributions.map(({ name }) => paths.file(version, name)) : []
      return files.filter((path) => !inBag.has(path)).map(contentFault)
    }),
    ...[...published].flatMap((name) => {
      const isThere = versions.some((one) => `${one.dataset} ${one.edition} ${one.number}` === name)
      return isThere ? [] : [contentFault(paths.changes)]
    }),
  ])
}

function pinsOf(changes: readonly PositionedChange[], contracts: Contracts) {
  return changes.flatMap((change) => {
    if (change.kind !== 'contract-added') return []
    const { contractVersion, verdict } = change.body as { contractVersion: number; verdict: string | null }
    return [{ ...contracts.get(change.dataset, contractVersion), verdict, at: change.at }]
  })
}

function reportOf(state: MirrorReport['state'], opened: OpenedExport, records: number): MirrorReport {
  const { changes, versions, cursors, purpose, signedBy } = opened
  const counts = state === 'taken' ? [changes.length, versions.length] : [0, 0]
  const [changed = 0, versioned = 0] = counts
  return {
    state,
    origin: purpose.origin,
    cursor: cursors.until,
    changes: changed,
    versions: versioned,
    records,
    signedBy,
  }
}
