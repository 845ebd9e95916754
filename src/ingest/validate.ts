/**
 * Validate: decode strictly, map headers, type row by row, then the contract's checks. What is taken goes by COPY into
 * a table of its own, unseen; what is wrong becomes findings. More errors than the contract bears refuse the bundle.
 */
import { buildFindingSink, copyWays, limitsOf, openBag } from '../bundle/index.ts'
import type { House } from '../catalogue/index.ts'
import { periodOf } from '../contract/index.ts'
import { copyStaged, dropStaged } from './parts.ts'
import { type Progress, readings, watchRows } from './progress.ts'
import { writeFindings, writeState } from './receipts.ts'
import { Refusal } from './refusal.ts'
import type { Verified } from './verify.ts'

export interface Validated extends Verified {
  /** Rows in the bundle's staging table. */
  readonly rows: number
}

/** Validates a bundle and writes the state `validated`. Throws Refusal where errors exceed the tolerance. */
export async function validate(house: House, verified: Verified, progress: Progress): Promise<Validated> {
  const outcome = await validateRows(house, verified, progress)
  const { sink, files, ...validated } = outcome
  house.observe('step-reached', { step: 'validate', point: 'rows-written' })
  const { errors, warnings } = sink.counts()
  const findings = sink.findings()
  if (files.some((file) => file.unreadable) || errors > (verified.loaded.contract.tolerance?.errors ?? 0)) {
    // Before the state is written, for after it nobody looks here again.
    await dropStaged(house.database, verified.bundleId)
    throw new Refusal({ findings, errors, warnings, files })
  }
  await house.database.work.begin(async (tx) => {
    await writeFindings(tx, verified.bundleId, findings)
    await writeState(tx, verified.bundleId, 'validated', house.clock(), { files, errors, warnings })
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
  const opened = await openBag(verified.path, verified.packing, limits)
  try {
    for (const [index, read] of copyWays.entries()) {
      const { bag, onProgress } = watchRows(
        opened,
        index === 0 ? readings.straight : readings.careful,
        progress,
      )
      const reading = read({
        bag,
        manifest,
        contract: loaded.contract,
        contracts: house.contracts,
        limits,
        editionDay: periodOf(loaded.contract, manifest.edition)?.end ?? '',
        onFinding: sink.add,
        onProgress,
      })
      const copied = await copyStaged(house.database, loaded.contract, bundleId, reading.chunks)
      const files = reading.files()
      if (files === undefined) continue
      const rows = files.reduce((sum, { rowsTaken }) => sum + rowsTaken, 0)
      if (copied !== rows) throw new Error(`${copied} rows copied of ${rows}`)
      return { ...verified, rows, files, sink }
    }
  } finally {
    await opened.close()
  }
  throw new Error('the careful way through a bundle is never given up')
}
