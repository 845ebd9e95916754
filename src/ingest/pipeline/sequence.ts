/**
 * The position of a bundle among those staged: its sequence number, and the base of a delta. Refuses a used
 * number, a bundle older than a staged one, a correction after its time, and a delta whose base is not the provider's current part. Checked
 * during verification to refuse early, and again under lock when the bundle is staged.
 */

import { type BundleManifest, faultAt } from '../../bundle/index.ts'
import { type AppContext, latestOf, readVersions } from '../../catalogue/index.ts'
import type { Runner } from '../../db/database.ts'
import { defined } from '../../platform/defined.ts'
import type { Finding } from '../../platform/finding.ts'
import { dayInShanghai } from '../../platform/time.ts'
import { correctionsEnd } from '../derived/corrections.ts'
import { getPart, listParts, type StagedPart } from './parts.ts'
import { Refusal } from './refusal.ts'

interface SequencePosition {
  /** Of a delta: the part whose rows it changes. */
  readonly base?: StagedPart
  readonly warnings: readonly Finding[]
}

const file = 'datapackage.json'

/** Finds the position of a bundle. Throws Refusal where it has none. */
export async function findSequencePosition(
  context: AppContext,
  runner: Runner,
  manifest: BundleManifest,
): Promise<SequencePosition> {
  const { contract } = context.contracts.get(manifest.dataset, manifest.contractVersion)
  const end = await correctionsEnd(runner, contract, manifest.edition)
  if (end !== undefined && end <= context.clock()) {
    const closed = faultAt('correction-closed', { file, expected: `< ${dayInShanghai(end)}` })
    throw new Refusal({ findings: [closed] })
  }
  const numbered = await sequenceFindings(runner, manifest)
  const { base, fault } = manifest.mode === 'delta' ? await findBase(context, runner, manifest) : {}
  const findings = [...numbered, ...(fault === undefined ? [] : [fault])]
  if (findings.some(({ severity }) => severity === 'error')) throw new Refusal({ findings })
  return { warnings: findings, ...defined({ base }) }
}

/**
 * Only staged bundles use up their number; refused or waiting ones do not. A lower number is out of order
 * only within its edition: an edition not delivered since has no newer part that could be lost.
 */
async function sequenceFindings(runner: Runner, manifest: BundleManifest): Promise<readonly Finding[]> {
  const { dataset, edition, provider, sequence } = manifest
  if (sequence === undefined) return []
  const same = await runner<TakenBag[]>`
    SELECT id, edition, contract_version AS "contractVersion", mode, against, files FROM qingdan.bundle
    WHERE dataset = ${dataset} AND provider = ${provider} AND sequence = ${sequence} AND state = 'staged'
    ORDER BY group_number NULLS FIRST, id`
  const [holder] = same
  if (holder !== undefined) {
    const check = isSameContent(manifest, same) ? 'sequence-replayed' : 'sequence-reused'
    return [faultAt(check, { file, expected: `${sequence}: ${holder.id}` })]
  }
  const [found] = await runner<{ ahead: number | null; behind: number }[]>`
    SELECT min(sequence) FILTER (WHERE sequence > ${sequence} AND edition = ${edition}) AS ahead,
      coalesce(max(sequence) FILTER (WHERE sequence < ${sequence}), 0)::int AS behind
    FROM qingdan.bundle WHERE dataset = ${dataset} AND provider = ${provider} AND state = 'staged'`
  const { ahead = null, behind = 0 } = found ?? {}
  if (ahead !== null) return [faultAt('sequence-behind', { file, expected: `> ${ahead}` })]
  if (behind >= sequence - 1) return []
  return [faultAt('sequence-gap', { file, expected: formatRange(behind + 1, sequence - 1) })]
}

interface TakenBag {
  readonly id: string
  readonly edition: string
  readonly contractVersion: number
  readonly mode: string | null
  readonly against: number | null
  readonly files: readonly { readonly digest: string }[]
}

/** The same files for the same purpose, in whatever packing; `taken` are all bags of one bundle. */
function isSameContent(manifest: BundleManifest, taken: readonly TakenBag[]): boolean {
  const isSamePurpose = taken.every(
    ({ edition, contractVersion, mode, against }) =>
      edition === manifest.edition &&
      contractVersion === manifest.contractVersion &&
      (mode ?? 'full') === manifest.mode &&
      against === (manifest.against?.version ?? null),
  )
  const sorted = (files: readonly { readonly digest: string }[]) =>
    files
      .map(({ digest }) => digest)
      .sort()
      .join()
  return isSamePurpose && sorted(manifest.files) === sorted(taken.flatMap(({ files }) => files))
}

/** A range of numbers in readable form. */
function formatRange(from: number, to: number): string {
  return from === to ? `${from}` : `${from}–${to}`
}

/** Numbers missing below the highest one staged. */
interface SequenceGap {
  readonly dataset: string
  readonly provider: string
  /** Such as `4` or `4–6`. */
  readonly missing: string
}

/** Missing numbers by dataset and provider, lowest first, up to `limit` ranges. */
export async function listSequenceGaps(runner: Runner, limit = 100): Promise<readonly SequenceGap[]> {
  const rows = await runner<{ dataset: string; provider: string; below: number; above: number }[]>`
    SELECT dataset, provider, below, above FROM (
      SELECT DISTINCT dataset, provider, sequence AS above,
        coalesce(lag(sequence) OVER (PARTITION BY dataset, provider ORDER BY sequence), 0) AS below
      FROM qingdan.bundle WHERE state = 'staged' AND sequence IS NOT NULL) AS taken
    WHERE above - below > 1 ORDER BY dataset COLLATE "C", provider COLLATE "C", above LIMIT ${limit}`
  return rows.map(({ dataset, provider, below, above }) => ({
    dataset,
    provider,
    missing: formatRange(below + 1, above - 1),
  }))
}

/** The part that a delta changes, or the findings why there is none. */
async function findBase(
  context: AppContext,
  runner: Runner,
  manifest: BundleManifest,
): Promise<{ readonly base?: StagedPart; readonly fault?: Finding }> {
  const { dataset, edition, provider, contractVersion, against } = manifest
  const refuse = (check: Parameters<typeof faultAt>[0], expected?: string) => ({
    fault: faultAt(check, { file, ...defined({ expected }) }),
  })
  const versions = await readVersions(context.database, { dataset, edition })
  const latest = latestOf(versions)
  const newest = latest === undefined ? undefined : `{"version": ${latest.number}}`
  const named = versions.find(({ number }) => number === against?.version)
  if (named === undefined) return refuse('delta-base-unknown', newest)
  if (named.state === 'withdrawn') return refuse('delta-base-withdrawn', newest)
  if (named.contractVersion !== contractVersion)
    return refuse('delta-base-contract', `contractVersion ${named.contractVersion}`)
  const bundleIn = (version: typeof named) => version.parts.find((part) => part.provider === provider)?.bundle
  const bundle = bundleIn(named)
  if (bundle === undefined) return refuse('delta-base-part')
  if (latest !== undefined && bundleIn(latest) !== bundle) return refuse('delta-base-behind', newest)
  const parts = await listParts(runner, dataset, edition)
  const current = parts.find((part) => part.provider === provider)?.bundleId
  // Withdrawn versions count too: their withdrawal was announced, so no rows go missing unnoticed.
  const isPublished = versions.some((version) => bundleIn(version) === current)
  if (current !== bundle && !isPublished) return refuse('delta-base-pending', current)
  const base = await getPart(runner, bundle)
  const chainMax = context.config.QINGDAN_DELTA_CHAIN_MAX
  if (base.chain >= chainMax) return refuse('delta-chain-long', `≤ ${chainMax}`)
  return { base }
}
