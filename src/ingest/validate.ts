/**
 * Validate: decode strictly, map headers, type row by row, then the contract's checks. What is taken goes into a
 * scratch file as COPY text; what is wrong becomes findings. More errors than the contract bears refuse the bundle.
 */
import {
  buildFindingSink,
  encodeCopy,
  type FileCount,
  limitsOf,
  openBag,
  validateBag,
} from '../bundle/index.ts'
import type { House } from '../catalogue/index.ts'
import { periodOf } from '../contract/index.ts'
import type { Progress } from './progress.ts'
import { writeFindings, writeState } from './receipts.ts'
import { Refusal } from './refusal.ts'
import type { Verified } from './verify.ts'

export interface Validated extends Verified {
  /** Stored file that holds the rows as COPY text. */
  readonly scratch: string
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
    await house.files.remove(outcome.scratch)
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

/** The same, and nothing but the scratch file is written. */
export async function validateRows(house: House, verified: Verified, progress: Progress) {
  const limits = limitsOf(house.config)
  const { manifest, loaded, bundleId } = verified
  const sink = buildFindingSink(house.config.QINGDAN_FINDINGS_MAX)
  for (const warning of verified.warnings) sink.add(warning)
  const scratch = `scratch/${bundleId}.copy`
  const bag = await openBag(verified.path, verified.packing, limits)
  let rows = 0
  let files: readonly FileCount[] = []
  try {
    const reading = validateBag({
      bag,
      manifest,
      contract: loaded.contract,
      contracts: house.contracts,
      limits,
      editionDay: periodOf(loaded.contract, manifest.edition)?.end ?? '',
      onFinding: sink.add,
      onProgress: ({ file, rows: read }) => progress(`validate ${file}`, read),
    })
    await house.files.write(
      scratch,
      encodeBatches(reading, (count) => (rows += count)),
    )
    files = reading.counts()
  } finally {
    await bag.close()
  }
  return { ...verified, scratch, rows, files, sink }
}

async function* encodeBatches(
  batches: AsyncIterable<readonly { file: number; row: number; values: readonly (string | null)[] }[]>,
  count: (rows: number) => void,
): AsyncGenerator<string> {
  for await (const batch of batches) {
    count(batch.length)
    yield encodeCopy(batch.map(({ file, row, values }) => [String(file), String(row), ...values]))
  }
}
