/**
 * Loads the rows of a bundle into staging, first or again. Rows of a full bundle are copied; those of a delta
 * are merged with its staged base; of those with a derivation only statistics are staged. A database crash empties UNLOGGED tables, and those of replaced parts are
 * dropped; their rows are restored from the stored bundles, which have passed all checks.
 */
import {
  copyPaths,
  type FileCount,
  type FindingCounts,
  isGrouped,
  limitsOf,
  tally,
} from '../../bundle/index.ts'
import type { AppContext } from '../../catalogue/index.ts'
import { type Exceeded, exceededBounds, periodOf } from '../../contract/index.ts'
import type { Finding } from '../../platform/finding.ts'
import { copyDelta, mergeDelta } from '../deltas/merge.ts'
import { isSameDirectories, pinDirectories } from '../derived/directories.ts'
import { readPart } from '../derived/read-part.ts'
import { countDigests, writeStatistics } from '../derived/statistics.ts'
import { listBags } from '../groups/bags.ts'
import { type BagFindingSink, buildBagFindingSink } from '../groups/distribute-findings.ts'
import { getReceipt } from '../receipts/receipts.ts'
import type { Changes } from '../receipts/schemas.ts'
import { readStored } from '../receive/receive.ts'
import {
  copyStaged,
  countStaged,
  type DirectoryPin,
  dropStaged,
  getPart,
  type StagedPart,
  stagingTable,
  writeDirectories,
} from './parts.ts'
import { type Progress, readPasses, watchRows } from './progress.ts'
import { Refusal } from './refusal.ts'
import { joinVerified, openVerified, type Verified, verifyStagedAgain } from './verify.ts'

export interface Validated extends Verified {
  /** Rows in the bundle's staging table, or those that its statistics were computed from. */
  readonly rows: number
  /** The directories that were looked up. */
  readonly directories?: readonly DirectoryPin[]
}

/** Whether a file can't be read to its end: no tolerance covers that, and nobody can release it. */
export function isBroken(files: readonly FileCount[]): boolean {
  return files.some((file) => file.unreadable)
}

/** The bounds of the contract's tolerance that are exceeded. */
export function exceededOf(
  { loaded }: Verified,
  files: readonly FileCount[],
  counts: FindingCounts,
): readonly Exceeded[] {
  return exceededBounds(loaded.contract.tolerance, tally(counts, files))
}

/** The bags of a bundle, one or several. */
export function bagsOf({ bundleId, bags }: Verified) {
  return (
    bags?.map((bag) => ({ bundleId: bag.bundleId, number: bag.manifest.group.number })) ?? [
      { bundleId, number: 1 },
    ]
  )
}

/** Runs work under the edition's lock; callers that hold the lock already just run it. */
export type RunLocked = <T>(work: () => Promise<T>) => Promise<T>

interface RowsOutcome extends Validated {
  readonly files: readonly FileCount[]
  readonly sink: BagFindingSink
  readonly changes?: Changes
  /** A delta that does not fit its base. */
  readonly misfit: boolean
}

/** Validates and writes nothing but rows, into the bundle's staging table, which nothing refers to yet. */
export async function validateRows(
  context: AppContext,
  verified: Verified,
  progress: Progress,
  runLocked: RunLocked,
): Promise<RowsOutcome> {
  const { manifest, loaded, bundleId } = verified
  const general = limitsOf(context.config)
  // An officer released all rows without errors, so all rows are read.
  const limits = verified.released ? { ...general, findingsCountedMax: Number.POSITIVE_INFINITY } : general
  const sink = buildBagFindingSink(bagsOf(verified), context.config.QINGDAN_FINDINGS_MAX)
  for (const warning of verified.warnings) sink.add(warning)
  const bag = await openVerified(context, verified)
  const isDelta = manifest.mode === 'delta'
  const options = {
    ...watchRows(bag, isDelta ? readPasses.strict : readPasses.fast, progress),
    manifest,
    contract: loaded.contract,
    contracts: context.contracts,
    limits,
    scratch: await context.files.localPath('scratch/sheets'),
    editionDay: periodOf(loaded.contract, manifest.edition)?.end ?? '',
    onFinding: sink.add,
  }
  try {
    if (isDelta) return await validateDelta(context, verified, { options, sink, progress, runLocked })
    if (loaded.contract.derivation !== undefined) {
      const optionsOf = (path: number) =>
        path === 0 ? options : { ...options, ...watchRows(bag, readPasses.strict, progress) }
      return await validateDerived(context, verified, { sink, optionsOf })
    }
    for (const [index, read] of copyPaths.entries()) {
      // The fast path gave up, so the strict path starts from the beginning.
      const restarted = index === 0 ? {} : watchRows(bag, readPasses.strict, progress)
      const reading = read({ ...options, ...restarted })
      const table = stagingTable(bundleId)
      const copied = await copyStaged(context.database, loaded.contract, table, reading.chunks)
      const files = reading.files()
      if (files === undefined) continue
      const rows = files.reduce((sum, { rowsTaken }) => sum + rowsTaken, 0)
      if (copied !== rows) throw new Error(`${copied} rows copied of ${rows}`)
      return { ...verified, rows, files, sink, misfit: false }
    }
  } finally {
    await bag.close()
  }
  throw new Error('the strict path always reads to the end')
}

/** As validateRows, for rows that are not stored: statistics are staged if they are within the tolerance. */
async function validateDerived(
  context: AppContext,
  verified: Verified,
  work: { readonly sink: BagFindingSink; readonly optionsOf: Parameters<typeof readPart>[2] },
): Promise<RowsOutcome> {
  const { manifest, loaded, bundleId } = verified
  const { sink, optionsOf } = work
  const directories =
    verified.directories ?? (await pinDirectories(context, loaded.contract, manifest.edition))
  const { files, rows, statistics, digests } = await readPart(context, directories, optionsOf)
  context.observe('checkpoint-reached', { step: 'validate', point: 'rows-derived' })
  const exceeds = exceededOf(verified, files, sink.counts()).length > 0 && !verified.released
  if (isBroken(files) || exceeds) return { ...verified, rows: 0, files, sink, misfit: false }
  await writeStatistics(context.database, loaded.contract, bundleId, { statistics: statistics(), digests })
  return { ...verified, rows, files, sink, directories, misfit: false }
}

interface DeltaWork {
  readonly options: Parameters<typeof copyDelta>[2]
  readonly sink: BagFindingSink
  readonly progress: Progress
  readonly runLocked: RunLocked
}

/** As validateRows, for a delta: its rows are merged with its base if they are within the tolerance. */
async function validateDelta(
  context: AppContext,
  verified: Verified,
  { options, sink, progress, runLocked }: DeltaWork,
): Promise<RowsOutcome> {
  const { base, bundleId, loaded } = verified
  if (base === undefined) throw new Error('the base of a delta must be known before its rows are read')
  const files = await copyDelta(context, bundleId, options)
  const errors = () => sink.counts().errors
  const exceeds = exceededOf(verified, files, sink.counts()).length > 0 && !verified.released
  if (isBroken(files) || exceeds) return { ...verified, rows: 0, files, sink, misfit: false }
  const { contract } = loaded
  const { rowsMax } = options.limits
  const merging = { context, bundleId, contract, base, rowsMax, report: sink.add, errors }
  const merged = await runLocked(async () => {
    await ensureStaged(context, base, progress)
    context.observe('checkpoint-reached', { step: 'validate', point: 'base-staged' })
    return mergeDelta(merging, options)
  })
  return { ...verified, rows: 0, ...merged, files, sink, misfit: merged === undefined }
}

/** Ensures that a part's rows are staged. Call under the edition's lock. */
export async function ensureStaged(context: AppContext, part: StagedPart, progress: Progress): Promise<void> {
  const { contract } = context.contracts.get(part.dataset, part.contractVersion)
  if (contract.derivation !== undefined) return ensureDerived(context, part, part.directories, progress)
  const missing: StagedPart[] = []
  for (let at: StagedPart | undefined = part; at !== undefined; ) {
    if ((await countStaged(context.database.work, at.bundleId)) === at.rows) break
    missing.push(at)
    at = at.baseId === null ? undefined : await getPart(context.database.work, at.baseId)
  }
  for (const one of missing.toReversed()) await restage(context, one, progress)
  // The tables between the first and the last were only intermediate results.
  for (const { bundleId } of missing.slice(1)) await dropStaged(context.database, bundleId)
}

/**
 * Ensures that the statistics of a part are staged and used these directories. They are computed again only from a
 * bundle that is still stored. Throws Refusal where it is not, or gives other rows. Call under the edition's lock.
 */
export async function ensureDerived(
  context: AppContext,
  part: StagedPart,
  directories: readonly DirectoryPin[],
  progress: Progress,
): Promise<void> {
  const { work } = context.database
  const isSame = isSameDirectories(part.directories, directories)
  if (isSame && (await countDigests(work, part.bundleId)) === part.rows) return
  const { erasedAt } = await getReceipt(work, part.bundleId)
  if (erasedAt !== null) throw new Refusal({ findings: [removedPart(part)] })
  const verified = { ...(await reopen(context, part.bundleId)), directories }
  const { rows } = await validateRows(context, verified, progress, alreadyLocked)
  if (rows !== part.rows) throw new Refusal({ findings: [changedRows(part)] })
  await writeDirectories(work, part.id, directories)
}

function removedPart({ provider }: StagedPart): Finding {
  return {
    check: 'part-removed',
    severity: 'error',
    expected: provider,
    message: `The rows of ${provider} must be read again, but they were removed. Deliver the part again.`,
    messageZh: `${provider} 的数据需重新读取，但原始数据已按规定删除，请重新提交。`,
  }
}

function changedRows({ provider }: StagedPart): Finding {
  return {
    check: 'directory-changed',
    severity: 'error',
    expected: provider,
    message: `A directory has changed, and rows of ${provider} do not fit it any more. Deliver the part again.`,
    messageZh: `名录已变更，${provider} 的部分数据与之不符，请核对后重新提交。`,
  }
}

/** Restaging runs under the edition's lock already. */
const alreadyLocked: RunLocked = (work) => work()

async function restage(context: AppContext, part: StagedPart, progress: Progress): Promise<void> {
  const { bundleId, baseId } = part
  const base = baseId === null ? undefined : await getPart(context.database.work, baseId)
  const verified = await reopen(context, bundleId)
  const whole = base === undefined ? verified : { ...verified, base }
  const { rows } = await validateRows(context, whole, progress, alreadyLocked)
  if (rows !== part.rows) throw new Error(`bundle ${bundleId} has other rows than when it was staged`)
}

/** A staged bundle as verified at that time, with the other bags of its group. */
async function reopen(context: AppContext, bundleId: string): Promise<Verified> {
  const verified = await openOne(context, bundleId)
  const { manifest } = verified
  if (!isGrouped(manifest)) return verified
  const members = await listBags(context.database.work, manifest.provider, manifest.group.identifier)
  const bags: Verified[] = []
  for (const { id } of members) bags.push(await openOne(context, id))
  return joinVerified(bags)
}

async function openOne(context: AppContext, id: string): Promise<Verified> {
  return verifyStagedAgain(context, await readStored(context, await getReceipt(context.database.work, id)))
}
