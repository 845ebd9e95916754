/**
 * The annual lists: editions of datasets of the kind `annual-list`, joined with what has been published.
 * States are not stored; they are derived on every read.
 */

import { type AppContext, byDataset, latestOf, listReadable, listVersions } from '../catalogue/index.ts'
import { bindingOf, type Contract, countRead, isOpen, labelOf, listSeparator } from '../contract/index.ts'
import type { Caller } from '../platform/caller.ts'
import { defined } from '../platform/defined.ts'
import type { Bilingual } from '../platform/language.ts'
import { dayInShanghai } from '../platform/time.ts'
import { readAll } from '../records/index.ts'
import {
  type DueDates,
  dueDatesOf,
  followItems,
  type ItemHistory,
  type ListSource,
  type ReadList,
} from './comparison/history.ts'
import { type ItemPeriod, type KnownDatasets, periodsOf } from './comparison/periods.ts'
import { type Promised, promiseReader, providersOf } from './promise.ts'
import { type Counted, type Rates, ratesOf, worstOf } from './state.ts'

export interface ListItem extends Counted {
  readonly providers: readonly string[]
  readonly promised: Promised
  /** The latest version of the list that has the item. */
  readonly source: ListSource
  readonly due: DueDates
  readonly firstPublished: string | null
  readonly periods: readonly ItemPeriod[]
  /** Themes as written in the list, else the themes of its dataset. */
  readonly themes: readonly string[]
  readonly history: ItemHistory
}

export interface RatesOf {
  readonly of: string
  readonly title?: Bilingual
  readonly rates: Rates
}

export interface AnnualList {
  readonly year: string
  /** The lists of the year; usually one. */
  readonly sources: readonly ListSource[]
  /** All their versions that are not withdrawn, oldest first, one array per list. */
  readonly versions: readonly (readonly ReadList[])[]
  readonly items: readonly ListItem[]
  readonly rates: Rates
  /** A joint item counts once under each of its providers, and once in the total. */
  readonly byProvider: readonly RatesOf[]
  readonly byTheme: readonly RatesOf[]
  readonly byRhythm: readonly RatesOf[]
  readonly byShareClass: readonly RatesOf[]
  /** Open datasets that are missing from the list of this year. */
  readonly unlisted: readonly Contract[]
}

/** All lists that the reader may see, with their states, the newest year first. */
export async function listAnnualLists(context: AppContext, reader: Caller): Promise<readonly AnnualList[]> {
  const editions = await findEditions(context, reader)
  markEditions(reader, editions)
  const years = [...new Set(editions.map(({ year }) => year))].sort().reverse()
  const known = await findKnown(context, reader)
  const lists: AnnualList[] = []
  for (const year of years) {
    const own = editions.filter((edition) => edition.year === year)
    lists.push(await deriveList(context, year, own, known))
  }
  return lists
}

/**
 * The list of a year with its states, or undefined if none is published. Several lists of a year are joined.
 */
export async function findList(
  context: AppContext,
  reader: Caller,
  year: string,
): Promise<AnnualList | undefined> {
  const editions = (await findEditions(context, reader)).filter((edition) => edition.year === year)
  if (editions.length === 0) return undefined
  markEditions(reader, editions)
  return deriveList(context, year, editions, await findKnown(context, reader))
}

/** A published list of a year: its versions that are not withdrawn, oldest first. */
interface ListEdition {
  readonly year: string
  /** The newest contract of the list's dataset, which decides who may read it. */
  readonly newest: Contract
  readonly versions: readonly ListSource[]
}

/** Records the read of lists that are not open, for all versions that were read. */
function markEditions(reader: Caller, editions: readonly ListEdition[]): void {
  for (const { newest, versions } of editions) {
    if (isOpen(newest)) continue
    countRead(reader, newest, { versions: versions.map(({ version }) => version), operation: 'list' })
  }
}

async function findEditions(context: AppContext, reader: Caller): Promise<readonly ListEdition[]> {
  const found: ListEdition[] = []
  for (const { contract } of listReadable(context.contracts, reader)) {
    if (bindingOf(contract, 'annual-list') === undefined) continue
    const versions = await listVersions(context.database, { dataset: contract.dataset })
    for (const edition of new Set(versions.map((version) => version.edition))) {
      const own = versions.filter((version) => version.edition === edition)
      if (latestOf(own) === undefined) continue
      const current = own.filter(({ state }) => state !== 'withdrawn').reverse()
      found.push({
        year: edition,
        newest: contract,
        versions: current.map((version) => ({
          contract: context.contracts.get(contract.dataset, version.contractVersion).contract,
          version,
        })),
      })
    }
  }
  return found
}

async function findKnown(context: AppContext, reader: Caller): Promise<KnownDatasets> {
  const contracts = new Map(
    listReadable(context.contracts, reader).map(({ contract }) => [contract.dataset, contract]),
  )
  return { contracts, versions: byDataset(await listVersions(context.database)) }
}

async function deriveList(
  context: AppContext,
  year: string,
  editions: readonly ListEdition[],
  known: KnownDatasets,
): Promise<AnnualList> {
  const today = dayInShanghai(context.clock())
  const versions: ReadList[][] = []
  for (const edition of editions) {
    const read: ReadList[] = []
    for (const source of edition.versions) read.push(await readList(context, source))
    versions.push(read)
  }
  const items = versions.flatMap((own) =>
    followItems(own).map((history) => deriveItem(context, history, year, known, today)),
  )
  const by = (keys: (item: ListItem) => readonly string[], codes?: string) =>
    ratesBy(context, items, keys, today, codes)
  return {
    year,
    versions,
    sources: versions.flatMap((own) => own.at(-1) ?? []),
    items,
    rates: ratesOf(items, today),
    byProvider: by(({ providers }) => providers),
    byTheme: by(({ themes }) => themes),
    byRhythm: by(({ promised }) => asList(promised.values.updateFrequency), 'update-frequencies'),
    byShareClass: by(({ promised }) => asList(promised.values.shareClass), 'share-classes'),
    unlisted: unlistedOf(items, year, known, today),
  }
}

async function readList(context: AppContext, { contract, version }: ListSource): Promise<ReadList> {
  const read = promiseReader(contract)
  const items: Promised[] = []
  for await (const batch of readAll(context.database.serve, version.recordsTable, contract.fields)) {
    items.push(...batch.map(read))
  }
  return { contract, version, items }
}

function deriveItem(
  context: AppContext,
  history: ItemHistory,
  year: string,
  known: KnownDatasets,
  today: string,
): ListItem {
  const { source, promised } = history.last
  const due = dueDatesOf(history)
  const periods = periodsOf(promised, year, due.first, known, today)
  const { state: outcome, firstPublished } = worstOf(periods)
  return {
    providers: providersOf(promised),
    promised,
    source,
    due,
    firstDue: due.first,
    state: history.left === undefined ? outcome : 'withdrawn',
    outcome,
    leftOn: history.left === undefined ? null : dayInShanghai(history.left.version.publishedAt),
    firstPublished,
    periods,
    themes: themesOf(context, promised, known),
    history,
  }
}

function themesOf(context: AppContext, { values }: Promised, known: KnownDatasets): readonly string[] {
  if (values.theme !== null) return [values.theme]
  const themes = known.contracts.get(values.dataset ?? '')?.themes ?? []
  return themes.map((code) => labelOf(context.contracts, 'themes', code)?.zh ?? code)
}

function asList(text: string | null): readonly string[] {
  return text === null ? [] : text.split(listSeparator)
}

/** Rates of the items by key, in the order in which the keys first occur. */
function ratesBy(
  context: AppContext,
  items: readonly ListItem[],
  keysOf: (item: ListItem) => readonly string[],
  today: string,
  codes?: string,
): readonly RatesOf[] {
  const groups = new Map<string, ListItem[]>()
  for (const item of items) {
    for (const key of new Set(keysOf(item))) groups.set(key, [...(groups.get(key) ?? []), item])
  }
  return [...groups].map(([of, own]) => {
    const title = codes === undefined ? undefined : labelOf(context.contracts, codes, of)
    return { of, ...defined({ title }), rates: ratesOf(own, today) }
  })
}

/**
 * Open datasets that are not on the list of a year. For the current year every open dataset should be on it,
 * for another year those with an edition that ends in it, so that datasets that did not exist yet are not
 * reported.
 */
function unlistedOf(
  items: readonly ListItem[],
  year: string,
  known: KnownDatasets,
  today: string,
): readonly Contract[] {
  const listed = new Set(
    items.filter(({ state }) => state !== 'withdrawn').map(({ promised }) => promised.values.dataset),
  )
  return [...known.contracts.values()].filter((contract) => {
    if (!isOpen(contract) || listed.has(contract.dataset)) return false
    if (today.slice(0, 4) === year) return true
    const versions = known.versions.get(contract.dataset) ?? []
    return versions.some(({ periodEnd, state }) => state !== 'withdrawn' && periodEnd.startsWith(year))
  })
}
