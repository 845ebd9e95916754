/**
 * `qingdan list`: datasets with their editions, the items of an annual list with their states, what is due,
 * what changed, or bundles. It only reads, and always ends with 0.
 */

import {
  compareLists,
  diffBody,
  dueItems,
  endOfSpan,
  itemBody,
  listAnnualLists,
  parseDaySpan,
  spanCountMax,
} from '../../annual-lists/index.ts'
import { latestOfDataset, listReadable, listVersions } from '../../catalogue/index.ts'
import type { OpenContext } from '../../context.ts'
import { listReceipts, listSequenceGaps, receiptBody } from '../../ingest/index.ts'
import { anonymousCaller, type Caller } from '../../platform/caller.ts'
import { problem } from '../../platform/problem.ts'
import { dayInShanghai } from '../../platform/time.ts'
import { type Common, UsageError } from '../command.ts'
import { print, stateText, table } from '../output.ts'
import { withContext } from '../with-context.ts'

export interface ListOptions extends Common {
  readonly year?: string
  readonly within: string
}

type Show = (context: OpenContext, options: ListOptions, years: readonly string[]) => Promise<void>

/** What can be listed, and how many years each accepts as arguments. */
const shows: ReadonlyMap<string, { readonly show: Show; readonly yearsMax: number }> = new Map([
  ['datasets', { show: datasets, yearsMax: 0 }],
  ['items', { show: items, yearsMax: 0 }],
  ['due', { show: due, yearsMax: 0 }],
  ['diff', { show: diff, yearsMax: 2 }],
  ['bundles', { show: bundles, yearsMax: 0 }],
])

/** Prints one kind of list. Throws UsageError for an unknown kind, year or span. */
export async function list(what: string, years: readonly string[], options: ListOptions): Promise<void> {
  const found = shows.get(what)
  if (found === undefined)
    throw new UsageError(`What to list must be one of ${[...shows.keys()].join(', ')}.`)
  const invalid = [...years, options.year ?? '2000'].find((year) => !/^[1-9]\d{3}$/.test(year))
  if (invalid !== undefined)
    throw new UsageError(`"${invalid}" is not a year: give four digits, such as 2026.`)
  if (years.length > found.yearsMax) {
    throw new UsageError(
      found.yearsMax === 0 ? `Give the year with --year.` : 'Give one or two years, the earlier one first.',
    )
  }
  if (what === 'diff' && years.length === 0)
    throw new UsageError('Give one or two years: list diff 2025 2026')
  if (parseDaySpan(options.within) === undefined) {
    throw new UsageError(
      `--within must be a number up to ${spanCountMax} and d, w, m or y, such as 30d, 2w or 1m; "${options.within}" is not.`,
    )
  }
  await withContext((context) => found.show(context, options, years))
}

async function datasets(context: OpenContext, options: ListOptions): Promise<void> {
  const versions = await listVersions(context.database)
  const rows = context.contracts.list().map(({ contract }) => {
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

/** A user with access to the machine may read everything. */
const officer: Caller = { ...anonymousCaller, scopes: ['read-restricted'] }

/** Formats items for output: the address of the dataset is replaced by the slug that other commands take. */
function itemFormatter(context: OpenContext) {
  const readable = new Set(listReadable(context.contracts, officer).map(({ contract }) => contract.dataset))
  return (item: Parameters<typeof itemBody>[0]) => ({
    ...itemBody(item, readable, context.config),
    dataset: item.promised.values.dataset,
    edition: item.promised.values.edition,
  })
}

async function items(context: OpenContext, options: ListOptions): Promise<void> {
  const lists = await listAnnualLists(context, officer)
  const found = options.year === undefined ? lists[0] : lists.find(({ year }) => year === options.year)
  if (found === undefined) throw problem('list-not-found')
  const rows = found.items.map(itemFormatter(context))
  const { year, rates } = found
  const unlisted = found.unlisted.map(({ dataset }) => dataset)
  print.result(options, { year, rates, unlisted, items: rows }, () => {
    const shown = rows.map((row) => ({ ...row, moved: row.moves.length === 0 ? '' : row.firstDue }))
    table(shown, ['number', 'state', 'due', 'moved', 'firstPublished', 'dataset', 'name'])
    if (unlisted.length > 0) print.line(`Open, but not in the list of ${year}: ${unlisted.join(', ')}`)
  })
}

async function due(context: OpenContext, options: ListOptions): Promise<void> {
  const lists = await listAnnualLists(context, officer)
  const requested = lists.filter(({ year }) => options.year === undefined || year === options.year)
  if (requested.length === 0) throw problem('list-not-found')
  const today = dayInShanghai(context.clock())
  const span = parseDaySpan(options.within)
  if (span === undefined) throw new Error('list() has validated the span')
  const until = endOfSpan(today, span)
  const format = itemFormatter(context)
  const rows = dueItems(requested, until).map((found) => ({
    year: found.year,
    ...format(found.item),
    due: found.due,
  }))
  print.result(options, { today, until, items: rows }, () => {
    const shown = rows.map((row) => ({ ...row, providers: row.providers.join('、') }))
    table(shown, ['due', 'state', 'year', 'number', 'providers', 'dataset', 'edition', 'name'])
    const overdue = rows.filter(({ state }) => state === 'overdue').length
    print.line(`${overdue} overdue, ${rows.length - overdue} due by ${until}.`)
  })
}

async function diff(context: OpenContext, options: ListOptions, years: readonly string[]): Promise<void> {
  const [first = '', second] = years
  const [year, against] = second === undefined ? [first] : [second, first]
  const compared = await compareLists(context, officer, year, against)
  const body = diffBody(year, against, compared, context.config)
  print.result(options, body, () => {
    for (const { from, to, reason, added, dropped, changed, unchanged } of body.differences) {
      const name = ({ year: of, version }: typeof from) => (version === null ? of : `${of} v${version}`)
      print.line(`${name(from)} → ${name(to)}${reason === null ? '' : `: ${reason}`}`)
      const line = (symbol: string, item: (typeof added)[number], what: string) => {
        const reasons = reason === null ? item.reasons.map((one) => one.reason) : []
        const why = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`
        print.line(`  ${symbol} ${item.number ?? '-'} ${item.name}${what}${why}`)
      }
      for (const item of added) line('+', item, '')
      for (const item of dropped) line('-', item, '')
      for (const item of changed) {
        const changes = item.changes.map(
          (change) => `${change.property} ${change.from ?? '-'} → ${change.to ?? '-'}`,
        )
        line('~', item, `: ${changes.join(', ')}`)
      }
      print.line(`  ${unchanged} unchanged`)
    }
    if (body.differences.length === 0) print.line(`The list of ${year} has one version.`)
  })
}

async function bundles(context: OpenContext, options: ListOptions): Promise<void> {
  const rows = await listReceipts(context.database.work)
  const gaps = await listSequenceGaps(context.database.work)
  const columns = ['id', 'state', 'dataset', 'edition', 'provider', 'sequence', 'mode'] as const
  const bodies = rows.map((row) => receiptBody(context, row))
  print.result(options, bodies, () => {
    table(
      rows.map((row) => ({ ...row, id: row.id.slice(0, 12), state: stateText(row) })),
      [...columns, 'errors', 'warnings', 'receivedAt'],
    )
    for (const { dataset, provider, missing } of gaps)
      print.line(`Missing of ${provider} for ${dataset}: ${missing}`)
  })
}
