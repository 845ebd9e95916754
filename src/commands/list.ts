/** `qingdan list`: datasets with their editions, the items of an annual list with their states, or bundles. */
import { problem } from '../base/problem.ts'
import { anonymous } from '../base/reader.ts'
import { latestOfDataset, listVersions } from '../catalogue/index.ts'
import type { OpenHouse } from '../house.ts'
import { listReceipts } from '../ingest/index.ts'
import { findList, listYears } from '../lists/index.ts'
import { type AddCommand, type Common, command, UsageError, withHouse } from './command.ts'
import { print, table } from './output.ts'

interface ListOptions extends Common {
  readonly year?: string
}

export const listCommand: AddCommand = (program) => {
  command(program, 'list', 'list datasets with their editions, the items of an annual list, or bundles')
    .argument('[what]', 'datasets, items or bundles', 'datasets')
    .option('--year <year>', 'year of the annual list; by default the newest')
    .action(async (what: string, options: ListOptions) => {
      const show = new Map(Object.entries({ datasets, items, bundles })).get(what)
      if (show === undefined) throw new UsageError('List datasets, items or bundles.')
      await withHouse((house) => show(house, options))
    })
}

async function datasets(house: OpenHouse, options: ListOptions): Promise<void> {
  const versions = await listVersions(house.database)
  const rows = house.contracts.list().map(({ contract }) => {
    const own = versions.filter((version) => version.dataset === contract.dataset)
    const latest = latestOfDataset(own)
    return {
      dataset: contract.dataset,
      title: contract.title.zh,
      editions: new Set(own.map((version) => version.edition)).size,
      latest: latest === undefined ? '' : `${latest.edition} v${latest.number}`,
      records: latest?.records ?? 0,
      published: latest?.publishedAt.toISOString() ?? '',
    }
  })
  print.result(options, rows, () =>
    table(rows, ['dataset', 'editions', 'latest', 'records', 'published', 'title']),
  )
}

async function items(house: OpenHouse, options: ListOptions): Promise<void> {
  // Who stands at the machine sees everything.
  const reader = { ...anonymous, scopes: ['read-restricted'] as const }
  const year = options.year ?? (await listYears(house, reader))[0]
  const found = year === undefined ? undefined : await findList(house, reader, year)
  if (found === undefined) throw problem('list-not-found')
  const rows = found.items.map(({ record: _record, ...item }) => item)
  print.result(options, { year, rates: found.rates, items: rows }, () =>
    table(rows, ['number', 'state', 'due', 'firstPublished', 'dataset', 'name']),
  )
}

async function bundles(house: OpenHouse, options: ListOptions): Promise<void> {
  const rows = await listReceipts(house.database.work)
  const shown = rows.map((row) => ({ ...row, id: row.id.slice(0, 12) }))
  print.result(options, rows, () =>
    table(shown, ['id', 'state', 'dataset', 'edition', 'provider', 'errors', 'warnings', 'receivedAt']),
  )
}
