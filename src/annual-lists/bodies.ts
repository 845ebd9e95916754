/** Response bodies of the annual lists. Pure. They contain no link that the reader may not follow. */

import type { Static } from 'typebox'
import { addresses } from '../catalogue/index.ts'
import { formats, jsonRecord } from '../formats/index.ts'
import type { Config } from '../platform/config.ts'
import { defined } from '../platform/defined.ts'
import type { AnnualList, ListItem, RatesOf } from './annual-lists.ts'
import type { DifferentItem, ListDifference } from './comparison/difference.ts'
import type { ListSource } from './comparison/history.ts'
import { providersOf, publicName } from './promise.ts'
import type { DiffSchema, ListSchema } from './schemas.ts'

type Addressed = Pick<Config, 'QINGDAN_PUBLIC_URL'>
type ListBody = Static<typeof ListSchema>
type DiffBody = Static<typeof DiffSchema>

/** A version of a list, with its reason. */
function versionOfList({ version }: ListSource, config: Addressed) {
  return {
    version: version.number,
    reason: version.reason,
    publishedAt: version.publishedAt.toISOString(),
    href: addresses(config).version(version),
  }
}

/** The list as JSON, assembled from text so that records keep their published digits. */
export function renderList(list: AnnualList, readable: ReadonlySet<string>, config: Addressed): string {
  const at = addresses(config)
  const self = at.list(list.year)
  const items = list.items.map((item) => {
    const json = JSON.stringify(itemBody(item, readable, config))
    return `${json.slice(0, -1)},"record":${jsonRecord(item.source.contract.fields)(item.promised.record)}}`
  })
  const head = {
    year: list.year,
    rates: list.rates,
    byProvider: list.byProvider.map(({ of, rates }) => ({ provider: of, rates })),
    byTheme: list.byTheme.map(({ of, rates }) => ({ theme: of, rates })),
    byRhythm: list.byRhythm.map((rates) => ({ rhythm: rates.of, ...titled(rates) })),
    byShareClass: list.byShareClass.map((rates) => ({ shareClass: rates.of, ...titled(rates) })),
    unlisted: list.unlisted.map(({ dataset, title }) => ({
      slug: dataset,
      title,
      href: at.dataset(dataset),
    })),
  } satisfies Omit<ListBody, 'items' | 'links'>
  const links: ListBody['links'] = {
    self,
    ...fileLinks(self),
    diff: `${self}/diff`,
    versions: list.sources.map((source) => at.version(source.version)),
  }
  return `${JSON.stringify(head).slice(0, -1)},"items":[${items.join(',')}],"links":${JSON.stringify(links)}}`
}

function titled({ title, rates }: RatesOf) {
  return { ...defined({ title }), rates }
}

function fileLinks(path: string, query = ''): { csv: string; xlsx?: string } {
  const csv = `${path}.csv${query}`
  return formats.has('xlsx') ? { csv, xlsx: `${path}.xlsx${query}` } : { csv }
}

/** An item without its record. */
export function itemBody(
  item: ListItem,
  readable: ReadonlySet<string>,
  config: Addressed,
): Omit<ListBody['items'][number], 'record'> {
  const { due, promised, history, periods } = item
  const { number, name, updateFrequency, shareClass, openClass } = promised.values
  return {
    number: number ?? '',
    name: name ?? '',
    providers: [...item.providers],
    due: due.now,
    firstDue: due.first,
    moves: due.moves.map(({ from, to, by }) => ({ from, to, by: versionOfList(by, config) })),
    state: item.state,
    firstPublished: item.firstPublished,
    left: history.left === undefined ? null : versionOfList(history.left, config),
    periods: periods.map(({ withdrawn, ...period }) => ({
      ...period,
      withdrawn: withdrawn === null ? null : { at: withdrawn.at.toISOString(), reason: withdrawn.reason },
    })),
    themes: [...item.themes],
    rhythm: updateFrequency,
    shareClass,
    openClass,
    dataset: datasetLink(item, readable, config),
  }
}

/**
 * Link to the promised edition once it is open, else to the dataset. Null if the reader may not see it: a 404 would
 * reveal that it exists.
 */
function datasetLink(
  { promised, periods }: ListItem,
  readable: ReadonlySet<string>,
  config: Addressed,
): string | null {
  const { dataset, edition } = promised.values
  if (dataset === null || !readable.has(dataset)) return null
  const at = addresses(config)
  const isOpen = periods.some(
    (period) => period.edition === edition && (period.firstPublished !== null || period.withdrawn !== null),
  )
  return edition !== null && isOpen ? at.edition(dataset, edition) : at.dataset(dataset)
}

/** A difference and its two sides: two years, or two versions of a list. */
export interface Compared {
  readonly from: { readonly year: string; readonly source?: ListSource }
  readonly to: { readonly year: string; readonly source?: ListSource }
  readonly difference: ListDifference
}

export function diffBody(
  year: string,
  against: string | undefined,
  compared: readonly Compared[],
  config: Addressed,
): DiffBody {
  const at = addresses(config)
  const side = ({ year: of, source }: Compared['from']) => ({
    year: of,
    version: source?.version.number ?? null,
    href: source === undefined ? at.list(of) : at.version(source.version),
  })
  const query = against === undefined ? '' : `?against=${against}`
  const path = `${at.list(year)}/diff`
  return {
    year,
    against: against ?? null,
    differences: compared.map(({ from, to, difference }) => ({
      from: side(from),
      to: side(to),
      reason: to.source?.version.reason ?? null,
      added: difference.added.map((item) => differentItem(item, config)),
      dropped: difference.dropped.map((item) => differentItem(item, config)),
      changed: difference.changed.map((item) => ({
        ...differentItem(item, config),
        formerNumber: item.formerNumber,
        changes: item.changes.map((change) => ({ ...change, property: publicName(change.property) })),
      })),
      unchanged: difference.unchanged,
    })),
    links: { self: `${path}${query}`, ...fileLinks(path, query), list: at.list(year) },
  }
}

function differentItem({ promised, causes }: DifferentItem, config: Addressed) {
  return {
    number: promised.values.number,
    name: promised.values.name ?? '',
    providers: [...providersOf(promised)],
    reasons: causes
      .filter(({ version }) => version.reason !== null)
      .map((cause) => versionOfList(cause, config)),
  }
}
