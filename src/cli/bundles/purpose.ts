/** Dataset, edition and provider of loose files: from options or, in a terminal, from questions. */

import { createInterface } from 'node:readline/promises'
import { type Contract, type Contracts, partsOf, periodOf } from '../../contract/index.ts'
import { defined } from '../../platform/defined.ts'
import { UsageError } from '../command.ts'

export interface PurposeOptions {
  readonly dataset?: string
  readonly edition?: string
  readonly provider?: string
  readonly synthetic?: boolean
  /** By default the newest. */
  readonly contractVersion?: number
}

interface Purpose {
  readonly dataset: string
  readonly edition: string
  readonly provider: string
  readonly contractVersion: number
  readonly synthetic: boolean
}

/** Validates options against the contracts. Without a provider, the only one is used. Throws UsageError. */
export function purposeOf(contracts: Contracts, options: PurposeOptions): Purpose {
  const { dataset, edition } = options
  if (dataset === undefined || edition === undefined) {
    throw new UsageError('A loose file needs --dataset and --edition.')
  }
  const { contract } = contracts.get(dataset, options.contractVersion)
  if (periodOf(contract, edition) === undefined) {
    throw new UsageError(
      `Editions of ${dataset} are named like ${exampleEdition(contract)}, because its contract has the period "${contract.period}".`,
    )
  }
  const providers = providersOf(contract)
  const provider = options.provider ?? (providers.length === 1 ? providers[0] : undefined)
  if (provider === undefined || !providers.includes(provider))
    throw new UsageError(`--provider must be one of ${providers.join(', ')}.`)
  const { contractVersion } = contract
  return { dataset, edition, provider, contractVersion, synthetic: options.synthetic === true }
}

/** Asks for missing options. Without a terminal it asks nothing and returns the options unchanged. */
export async function promptPurpose(contracts: Contracts, options: PurposeOptions): Promise<PurposeOptions> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return options
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const datasets = contracts.list().map(({ contract }) => contract.dataset)
    const dataset = options.dataset ?? (await choose(lines, 'Dataset', [...new Set(datasets)]))
    const { contract } = contracts.get(dataset)
    const edition =
      options.edition ?? (await lines.question(`Edition, such as ${exampleEdition(contract)}: `)).trim()
    const providers = providersOf(contract)
    const provider =
      options.provider ?? (providers.length === 1 ? undefined : await choose(lines, 'Provider', providers))
    return { ...options, dataset, edition, ...defined({ provider }) }
  } finally {
    lines.close()
  }
}

type Lines = ReturnType<typeof createInterface>

/** Asks until the answer is one of the choices, by its number or its name. */
async function choose(lines: Lines, what: string, choices: readonly string[]): Promise<string> {
  const shown = choices.map((choice, index) => `  ${index + 1}  ${choice}`).join('\n')
  for (;;) {
    const answer = (await lines.question(`${shown}\n${what}: `)).trim()
    const chosen = choices.find((choice, index) => answer === choice || answer === String(index + 1))
    if (chosen !== undefined) return chosen
  }
}

function providersOf(contract: Contract): readonly string[] {
  return partsOf(contract).map((part) => part.provider)
}

function exampleEdition({ period }: Contract): string {
  return period === 'year' ? '2025' : '2025-2026'
}
