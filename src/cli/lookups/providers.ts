/** `qingdan providers list`: the providers that contracts name. */
import { partsOf } from '../../contract/index.ts'
import type { Common } from '../command.ts'
import { loadCurrentContracts } from '../load-contracts.ts'
import { loadSettings } from '../load-settings.ts'
import { print, table } from '../output.ts'

export interface ListOptions extends Common {
  readonly dataset?: string
}

/** Prints the providers of all datasets, or of one. Throws `dataset-not-found`. */
export async function list(options: ListOptions): Promise<void> {
  const contracts = await loadCurrentContracts(loadSettings(process.env))
  const wanted = options.dataset === undefined ? contracts.list() : [contracts.get(options.dataset)]
  const datasets = new Map<string, string[]>()
  for (const { contract } of wanted) {
    for (const { provider } of partsOf(contract)) {
      datasets.set(provider, [...(datasets.get(provider) ?? []), contract.dataset])
    }
  }
  const { codes } = contracts.codes('providers')
  const rows = codes
    .filter(({ code }) => datasets.has(code))
    .map(({ code, label }) => ({ code, ...label, datasets: datasets.get(code) ?? [] }))
  print.result(options, rows, () =>
    table(
      rows.map((row) => ({ ...row, datasets: row.datasets.join(', ') })),
      ['code', 'zh', 'en', 'datasets'],
    ),
  )
}
