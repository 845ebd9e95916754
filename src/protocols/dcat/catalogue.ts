/**
 * The catalogue as DCAT-AP 3, in pages of editions: what a reader may see, optionally only what changed since
 * an instant, with Hydra's links from page to page. Refuses a cursor of another query.
 */
import { setImmediate as turn } from 'node:timers/promises'
import {
  type AppContext,
  byDataset,
  latestOf,
  listDistributions,
  modifiedAt,
  type PublishedVersion,
} from '../../catalogue/index.ts'
import {
  type Contract,
  type Contracts,
  type LoadedContract,
  listCodes,
  type StoredDistribution,
} from '../../contract/index.ts'
import { readCursor, writeCursor } from '../../platform/cursor.ts'
import { defined } from '../../platform/defined.ts'
import { canonicalJson } from '../../platform/digest.ts'
import { problem } from '../../platform/problem.ts'
import { buildGraph, type Graph, instant, type Literal, texts, whole } from '../rdf/graph.ts'
import { languages } from './authority-codes.ts'
import { type DcatContext, dcatContext, licence, provider, themeScheme } from './context.ts'
import {
  type DcatDataset,
  describeEdition,
  describeSeries,
  describeService,
  type EditionVersions,
  editionsAmong,
  issuedAt,
} from './dataset.ts'

/**
 * Editions on a page. One with seven files and two versions takes about 20 kB and 2 ms, so a default page is
 * 2 MB and a quarter of a second, and the largest page takes half a second.
 */
export const editionsDefault = 100
export const editionsMax = 200

export interface CatalogueQuery {
  /** Only editions of which a version was published or withdrawn at or after this instant. */
  readonly modifiedSince?: Date
  readonly limit: number
  readonly cursor?: string
}

/** One edition of the catalogue, with its dataset. */
interface Entry {
  readonly loaded: LoadedContract
  readonly all: readonly PublishedVersion[]
  readonly versions: EditionVersions
}

interface CataloguePage {
  readonly entries: readonly Entry[]
  /** Editions on all pages together. */
  readonly total: number
  /** When the first version of the whole catalogue was published; absent without any. */
  readonly issued?: Date
  /** A contract whose licence all readable datasets have; absent if licences differ. */
  readonly licensed?: Contract
  /** Cursor of the next page; absent on the last. */
  readonly next?: string
}

/**
 * The editions of a page, ordered by slug and name, so that a walk visits each once while others are
 * published.
 */
export function findPage(
  readable: readonly LoadedContract[],
  versions: readonly PublishedVersion[],
  { modifiedSince, limit, cursor }: CatalogueQuery,
): CataloguePage {
  const own = byDataset(versions)
  const since = modifiedSince?.getTime() ?? Number.NEGATIVE_INFINITY
  const known = readable.flatMap((loaded) => {
    const all = own.get(loaded.contract.dataset) ?? []
    return editionsAmong(all).map((versions): Entry => ({ loaded, all, versions }))
  })
  const found = known
    .filter((entry) => modifiedAt(entry.versions).getTime() >= since)
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const canonical = canonicalJson({ catalogue: 'dcat', modifiedSince: modifiedSince?.toISOString() ?? null })
  const after = cursor === undefined ? '' : readAfter(canonical, cursor)
  const rest = found.filter((entry) => keyOf(entry) > after)
  const entries = rest.slice(0, limit)
  const last = entries.at(-1)
  const published = known.flatMap(({ versions }) => versions)
  return {
    entries,
    total: found.length,
    ...(published.length === 0 ? {} : { issued: issuedAt(published) }),
    ...defined({ licensed: commonLicence(readable) }),
    ...(rest.length > entries.length && last !== undefined
      ? { next: writeCursor(canonical, { after: keyOf(last) }) }
      : {}),
  }
}

/** A contract whose licence all others have too; undefined if licences differ. */
function commonLicence(readable: readonly LoadedContract[]): Contract | undefined {
  const contracts = readable.map(({ contract }) => contract)
  const [first] = contracts
  if (contracts.some(({ licence }) => licence.name !== first?.licence.name)) return undefined
  return contracts.find(({ licence }) => licence.url !== undefined) ?? first
}

/** No slug and no edition name contains a blank, and it sorts before all their characters. */
function keyOf({ versions: [{ dataset, edition }] }: Entry): string {
  return `${dataset} ${edition}`
}

function readAfter(canonical: string, cursor: string): string {
  const value = readCursor(canonical, cursor)
  const after = typeof value === 'object' && value !== null ? (value as { after?: unknown }).after : undefined
  if (typeof after !== 'string') throw problem('cursor-invalid', { path: 'cursor' })
  return after
}

interface PageAddresses {
  /** The common start of all addresses. */
  readonly base: string
  readonly self: string
  readonly first: string
  readonly next?: string
}

/**
 * The graph of a page. It describes the files of each edition's current version; a dataset's own graph has
 * all files.
 */
export async function catalogueGraph(
  context: AppContext,
  page: CataloguePage,
  addresses: PageAddresses,
): Promise<Graph> {
  const graph = buildGraph()
  const dcat = dcatContext(graph, context.contracts, addresses.base)
  describeCatalogue(dcat, page)
  const { catalogue } = dcat
  for (const loaded of new Set(page.entries.map((entry) => entry.loaded))) {
    // Lets other requests run between datasets.
    await turn()
    const entries = page.entries.filter((entry) => entry.loaded === loaded)
    const current = entries.flatMap(({ versions }) => latestOf(versions) ?? [])
    const files = await filesOf(context, current)
    const versions = entries[0]?.all ?? []
    const dataset: DcatDataset = { loaded, versions, editions: editionsAmong(versions), files }
    graph.describe(catalogue, [], {
      'dcat:resource': describeSeries(dcat, dataset),
      'dcat:dataset': entries.map(({ versions }) => describeEdition(dcat, dataset, versions)),
      // Only the editions of this page: harvesters resolve references within one document.
      'dcat:service': describeService(
        dcat,
        dataset,
        entries.map(({ versions }) => versions),
      ),
    })
  }
  describePage(dcat, page, addresses)
  return graph.nodes
}

function describeCatalogue(dcat: DcatContext, { entries, total, issued, licensed }: CataloguePage): void {
  const { graph, catalogue, base, contracts } = dcat
  const moments = entries.map(({ all }) => modifiedAt(all).getTime())
  graph.describe(catalogue, ['dcat:Catalog', 'hydra:Collection'], {
    'dct:title': texts({ zh: '教育数据开放清单', en: 'Open education data' }),
    'dct:description': texts({
      zh: '教育主管部门承诺开放的数据，以及已经开放的数据本身：每个数据集的各期、各版本与文件。',
      en: 'Data that the education authority promised to open, and the data already open: the editions, versions and files of each dataset.',
    }),
    'dct:publisher': provider(dcat, publisherOf(contracts)),
    'dct:language': languages.map((iri) => graph.describe(iri, ['dct:LinguisticSystem'])),
    'dcat:themeTaxonomy': themeScheme(dcat),
    'foaf:homepage': graph.describe(`${base}/`, ['foaf:Document']),
    'hydra:totalItems': count(total),
    'dct:issued': issued === undefined ? [] : instant(issued),
    'dct:license': licensed === undefined ? [] : licence(dcat, licensed),
    ...(moments.length === 0 ? {} : { 'dct:modified': instant(new Date(Math.max(...moments))) }),
  })
}

/** The publisher of the whole catalogue: the first code of the list `providers`. */
function publisherOf(contracts: Contracts): string {
  return listCodes(contracts, 'providers')[0]?.code ?? ''
}

/**
 * Links from page to page by Hydra (https://www.hydra-cg.com/spec/latest/core/), in its current terms and in
 * those of 2014, which harvesters still follow. A catalogue of one page has none.
 */
function describePage({ graph, catalogue }: DcatContext, page: CataloguePage, at: PageAddresses): void {
  if (page.next === undefined && at.self === at.first) return
  const next = at.next === undefined ? [] : { iri: at.next }
  const view = graph.describe(at.self, ['hydra:PartialCollectionView', 'hydra:PagedCollection'], {
    'hydra:first': { iri: at.first },
    'hydra:firstPage': { iri: at.first },
    'hydra:next': next,
    'hydra:nextPage': next,
    'hydra:totalItems': count(page.total),
  })
  graph.describe(catalogue, [], { 'hydra:view': view })
}

const count = (number: number): Literal => whole(number)

/** The graph of one dataset, with the distributions of all its readable versions. */
export async function datasetGraph(
  context: AppContext,
  loaded: LoadedContract,
  versions: readonly PublishedVersion[],
  base: string,
): Promise<Graph> {
  const graph = buildGraph()
  const dcat = dcatContext(graph, context.contracts, base)
  const readable = versions.filter(({ state }) => state !== 'withdrawn')
  const editions = editionsAmong(versions)
  const dataset: DcatDataset = { loaded, versions, editions, files: await filesOf(context, readable) }
  describeSeries(dcat, dataset)
  describeService(dcat, dataset, editions)
  themeScheme(dcat)
  for (const edition of editions) describeEdition(dcat, dataset, edition)
  return graph.nodes
}

async function filesOf({ database }: AppContext, versions: readonly PublishedVersion[]) {
  const files = new Map<number, readonly StoredDistribution[]>()
  for (const { id } of versions) files.set(id, await listDistributions(database, id))
  return files
}
