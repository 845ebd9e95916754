/** `qingdan check`: checks contracts or bundles with the receiver's own code and no database. */

import { isTableFile } from '../bundle/index.ts'
import type { Contracts } from '../contract/index.ts'
import type { Config } from '../platform/config.ts'
import type { Finding } from '../platform/finding.ts'
import { readKeys } from './bundles/key-files.ts'
import type { SignatureCheck } from './check-bundle.ts'
import { checkBundles } from './check-bundles.ts'
import {
  type Common,
  exitCodes,
  type FindingsOption,
  type KeysOption,
  requirePaths,
  UsageError,
} from './command.ts'
import { progressLine } from './display/progress.ts'
import { loadCurrentContracts } from './load-contracts.ts'
import { loadSettings } from './load-settings.ts'
import { print, table, within, writeFindings } from './output.ts'

export interface CheckOptions extends Common, FindingsOption, KeysOption {}

export async function check(paths: readonly string[], options: CheckOptions): Promise<number> {
  const { config, contracts } = await load()
  if (paths.length === 0) {
    const loaded = contracts.list().map(({ contract, digest, file }) => ({
      dataset: contract.dataset,
      contractVersion: contract.contractVersion,
      sha256: digest,
      file,
    }))
    print.result(options, loaded, () => table(loaded, ['dataset', 'contractVersion', 'file']))
    return contracts.setAside.length === 0 ? exitCodes.ok : exitCodes.refused
  }
  return checkPaths(paths, options, { config, contracts })
}

/** Checks bundles, bags of a group together, and prints each report. Throws UsageError for unusable paths. */
export async function checkPaths(
  paths: readonly string[],
  options: CheckOptions,
  loaded?: { readonly config: Config; readonly contracts: Contracts },
): Promise<number> {
  await requirePaths(paths)
  const loose = paths.find(isTableFile)
  if (loose !== undefined) {
    throw new UsageError(
      `${loose} is not a bundle. Check a loose file with qingdan ingest --dataset … --edition …, which publishes ` +
        'nothing, or check and pack it for a receiver with qingdan bundle create.',
    )
  }
  const signature: SignatureCheck = options.keys === undefined ? 'optional' : await readKeys(options.keys)
  const { config, contracts } = loaded ?? (await load())
  let code: number = exitCodes.ok
  const findings: Finding[] = []
  const checkContext = { contracts, config, signature, progress: progressLine(paths.join(', ')) }
  for await (const { path, report } of checkBundles(paths, checkContext)) {
    print.result(options, { path, ...report }, () => print.report(path, report))
    if (!report.isInOrder) code = exitCodes.refused
    findings.push(
      ...(paths.length === 1 ? report.findings : report.findings.map((each) => within(path, each))),
    )
  }
  await writeFindings(options, [findings])
  return code
}

async function load(): Promise<{ readonly config: Config; readonly contracts: Contracts }> {
  const config = loadSettings(process.env)
  return { config, contracts: await loadCurrentContracts(config) }
}
