/**
 * The annual lists: each is an edition of a dataset of the kind `annual-list`, joined here with what has been
 * published. The list stores no state; it is derived at every reading.
 */
import type { Reader } from '../base/reader.ts'
import { dayInShanghai } from '../base/time.ts'
import {
  type House,
  latestOf,
  listReadable,
  listVersions,
  type PublishedVersion,
} from '../catalogue/index.ts'
import { bindingOf, type Contract, listSeparator } from '../contract/index.ts'
import type { Row } from '../formats/index.ts'
import { readAll } from '../records/index.ts'
import { type ItemState, type Rates, ratesOf, stateOf } from './state.ts'

export interface ListItem {
  readonly number: string
  readonly name: string
  readonly providers: readonly string[]
  readonly due: string | null
  readonly dataset: string | null
  readonly edition: string | null
  readonly state: ItemState
  readonly firstPublished: string | null
  /** The list that promises it. */
  readonly source: ListSource
  /** The record of that list as published, in the order of its contract. */
  readonly record: Row
}

/** A version of a list that was read, and the contract it keeps. */
export interface ListSource {
  readonly contract: Contract
  readonly version: PublishedVersion
}

export interface AnnualList {
  readonly year: string
  /** The lists that were joined; mostly there is one. */
  readonly sources: readonly ListSource[]
  readonly items: readonly ListItem[]
  readonly rates: Rates
  /** A joint item counts once under each of its providers, and once in the total. */
  readonly byProvider: readonly { readonly provider: string; readonly rates: Rates }[]
}

/** The years of which a list is published, newest first. */
export async function listYears(house: House, reader: Reader): Promise<readonly string[]> {
  const found = await findLists(house, reader)
  return [...new Set(found.map(({ version }) => version.edition))]
}

/** The list of a year with its states, or undefined where none is published. Several lists of a year are joined. */
export async function findList(house: House, reader: Reader, year: string): Promise<AnnualList | undefined> {
  const sources = (await findLists(house, reader)).filter(({ version }) => version.edition === year)
  if (sources.length === 0) return undefined
  const today = dayInShanghai(house.clock())
  const visible = new Set(listReadable(house.contracts, reader).map(({ contract }) => contract.dataset))
  const evidence = (await listVersions(house.database)).filter((version) => visible.has(version.dataset))
  const items: ListItem[] = []
  for (const source of sources) items.push(...(await readItems(house, source, evidence, today)))
  const providers = [...new Set(items.flatMap((item) => item.providers))]
  return {
    year,
    sources,
    items,
    rates: ratesOf(items, today),
    byProvider: providers.map((provider) => ({
      provider,
      rates: ratesOf(
        items.filter((item) => item.providers.includes(provider)),
        today,
      ),
    })),
  }
}

async function findLists(house: House, reader: Reader): Promise<readonly ListSource[]> {
  const found: ListSource[] = []
  for (const { contract } of listReadable(house.contracts, reader)) {
    if (bindingOf(contract, 'annual-list') === undefined) continue
    const versions = await listVersions(house.database, { dataset: contract.dataset })
    for (const edition of new Set(versions.map((version) => version.edition))) {
      const version = latestOf(versions.filter((candidate) => candidate.edition === edition))
      if (version === undefined) continue
      found.push({
        contract: house.contracts.get(contract.dataset, version.contractVersion).contract,
        version,
      })
    }
  }
  return found.sort((a, b) => (a.version.edition < b.version.edition ? 1 : -1))
}

async function readItems(
  house: House,
  source: ListSource,
  evidence: readonly PublishedVersion[],
  today: string,
): Promise<readonly ListItem[]> {
  const { contract, version } = source
  const bind = bindingOf(contract, 'annual-list') ?? {}
  const index = (field: string | undefined) => contract.fields.findIndex(({ name }) => name === field)
  const place = {
    number: index(bind.number),
    name: index(bind.name),
    providers: index(bind.providers),
    due: index(bind.due),
    dataset: index(bind.dataset),
    edition: index(bind.edition),
  }
  const items: ListItem[] = []
  for await (const batch of readAll(house.database.serve, version.recordsTable, contract.fields)) {
    for (const record of batch) {
      const dataset = record[place.dataset] ?? null
      const edition = record[place.edition] ?? null
      const due = record[place.due] ?? null
      const proofs = evidence
        .filter((one) => one.dataset === dataset && (edition === null || one.edition === edition))
        .map(({ publishedAt, state }) => ({ publishedAt, withdrawn: state === 'withdrawn' }))
      items.push({
        number: record[place.number] ?? '',
        name: record[place.name] ?? '',
        providers: (record[place.providers] ?? '').split(listSeparator),
        due,
        dataset,
        edition,
        ...stateOf(due, proofs, today),
        source,
        record,
      })
    }
  }
  return items
}
