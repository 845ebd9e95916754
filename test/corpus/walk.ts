/**
 * Processes a bundle as the service does, without a database: identify, open, verify, validate on both paths. What is
 * thrown besides BundleRefusal is passed on as a crash.
 */

import {
  type Bag,
  type BundleLimits,
  BundleRefusal,
  copyPaths,
  type FileCount,
  identifyBundle,
  openBag,
  type ValidateOptions,
  verifyBag,
  verifyManifest,
} from '../../src/bundle/index.ts'
import { type Contracts, periodOf } from '../../src/contract/index.ts'
import type { Finding } from '../../src/platform/finding.ts'
import { decodeCopy } from '../support/copy-text.ts'

/** How far a bundle came: the step that rejected it, or `taken`. */
export type Step = 'opened' | 'verified' | 'validated' | 'taken'

export interface Row {
  readonly file: number
  readonly row: number
  readonly values: readonly (string | null)[]
}

export interface Outcome {
  readonly step: Step
  readonly findings: readonly Finding[]
  /** As the service would stage them; only if the bundle is accepted. */
  readonly rows: readonly Row[]
  readonly files: readonly FileCount[]
  readonly sequence?: number | undefined
}

const none = { rows: [], files: [] }

/** Processes the bundle at a path. */
export async function walkBundle(path: string, contracts: Contracts, limits: BundleLimits): Promise<Outcome> {
  let bag: Bag | undefined
  let step: Step = 'opened'
  try {
    const { packing } = await identifyBundle(path, limits)
    bag = await openBag(path, packing, limits)
    step = 'verified'
    const { manifest, findings } = await verifyBag(bag, limits)
    if (manifest === undefined) return { step, findings, ...none }
    const wrong = verifyManifest(manifest, contracts)
    if (wrong.length > 0) return { step, findings: wrong, ...none }
    step = 'validated'
    const { contract } = contracts.get(manifest.dataset, manifest.contractVersion)
    const editionDay = periodOf(contract, manifest.edition)?.end ?? ''
    const about = { bag, manifest, contract, contracts, limits, editionDay }
    const read = await readRows({ ...about, onFinding: () => {} })
    const all = [...findings, ...read.findings]
    const refused =
      all.some(({ severity }) => severity === 'error') || read.files.some(({ unreadable }) => unreadable)
    if (refused) return { step, findings: all, ...none }
    return { step: 'taken', findings: all, rows: read.rows, files: read.files, sequence: manifest.sequence }
  } catch (error) {
    if (error instanceof BundleRefusal) return { step, findings: error.findings, ...none }
    throw error
  } finally {
    await bag?.close()
  }
}

/** The rows by the path that the service would use; if that is the fast path, the strict one must agree. */
async function readRows(options: ValidateOptions) {
  const readings = []
  for (const way of copyPaths) {
    const findings: Finding[] = []
    const reading = way({ ...options, onFinding: (finding) => void findings.push(finding) })
    let text = ''
    for await (const chunk of reading.chunks) text += Buffer.from(chunk).toString()
    const files = reading.files()
    if (files === undefined) continue
    const rows = decodeCopy(text, '').map(
      ([file, row, ...values]): Row => ({ file: Number(file), row: Number(row), values }),
    )
    readings.push({ findings, files, rows })
  }
  const [first, second] = readings
  if (first === undefined) throw new Error('No path through the bundle reached its end.')
  if (second !== undefined && JSON.stringify(first) !== JSON.stringify(second)) {
    throw new Error('The fast path and the strict path differ.')
  }
  return first
}
