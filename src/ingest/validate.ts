/**
 * Validate: decode strictly, map headers, type row by row, then the contract's checks. What is taken goes by COPY into
 * a table of its own, unseen; what is wrong becomes findings. A bundle of which a file can't be read is refused; one in
 * which more is wrong than its contract bears rests in quarantine, until somebody releases or drops it.
 */
import type { Finding } from '../base/finding.ts'
import { buildFindingSink, copyWays, limitsOf, openBag, tally } from '../bundle/index.ts'
import type { House } from '../catalogue/index.ts'
import { exceededBounds, periodOf } from '../contract/index.ts'
import { copyStaged, dropStaged } from './parts.ts'
import type { Progress } from './progress.ts'
import { summaryOf, writeFindings, writeState } from './receipts.ts'
import { Refusal } from './refusal.ts'
import type { Verified } from './verify.ts'

export interface Validated extends Verified {
  /** Rows in the bundle's staging table. */
  readonly rows: number
}

/** Kept with the rows of a released bundle, and told with each version that they are in. */
const released: Finding = {
  check: 'quarantine-released',
  severity: 'warning',
  message:
    'More was wrong than the contract bears; somebody decided that the rows without an error are taken.',
  messageZh: '问题超出数据契约的容许范围，经人工决定放行，仅采用无错误的行。',
}

/** Validates a bundle and writes the state `validated`. Throws Refusal where more is wrong than is borne. */
export async function validate(house: House, verified: Verified, progress: Progress): Promise<Validated> {
  const outcome = await validateRows(house, verified, progress)
  const { sink, files, ...validated } = outcome
  house.observe('step-reached', { step: 'validate', point: 'rows-written' })
  const exceeded = exceededBounds(verified.loaded.contract.tolerance, tally(sink.counts(), files))
  const broken = files.some((file) => file.unreadable)
  if (broken || (exceeded.length > 0 && !verified.released)) {
    // Before the state is written, for after it nobody looks here again.
    await dropStaged(house.database, verified.bundleId)
    const refused = { findings: sink.findings(), counts: sink.counts(), files }
    throw new Refusal(broken ? refused : { ...refused, exceeded })
  }
  const findings = exceeded.length > 0 ? [released, ...sink.findings()] : sink.findings()
  if (exceeded.length > 0) sink.add(released)
  const counts = sink.counts()
  const { errors, warnings } = counts
  const summary = summaryOf(counts)
  await house.database.work.begin(async (tx) => {
    await writeFindings(tx, verified.bundleId, findings)
    await writeState(tx, verified.bundleId, 'validated', house.clock(), { files, errors, warnings, summary })
  })
  const { dataset } = verified.manifest
  house.observe('bundle-advanced', {
    bundle: verified.bundleId,
    dataset,
    state: 'validated',
    rows: outcome.rows,
  })
  return validated
}

/** The same, and nothing but the rows is written: into the bundle's staging table, which nothing refers to yet. */
export async function validateRows(house: House, verified: Verified, progress: Progress) {
  const limits = limitsOf(house.config)
  const { manifest, loaded, bundleId } = verified
  const sink = buildFindingSink(house.config.QINGDAN_FINDINGS_MAX)
  for (const warning of verified.warnings) sink.add(warning)
  const bag = await openBag(verified.path, verified.packing, limits)
  try {
    for (const read of copyWays) {
      const reading = read({
        bag,
        manifest,
        contract: loaded.contract,
        contracts: house.contracts,
        limits,
        editionDay: periodOf(loaded.contract, manifest.edition)?.end ?? '',
        onFinding: sink.add,
        onProgress: ({ file, rows }) => progress(`validate ${file}`, rows),
      })
      const copied = await copyStaged(house.database, loaded.contract, bundleId, reading.chunks)
      const files = reading.files()
      if (files === undefined) continue
      const rows = files.reduce((sum, { rowsTaken }) => sum + rowsTaken, 0)
      if (copied !== rows) throw new Error(`${copied} rows copied of ${rows}`)
      return { ...verified, rows, files, sink }
    }
  } finally {
    await bag.close()
  }
  throw new Error('the careful way through a bundle is never given up')
}
