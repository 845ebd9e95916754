/**
 * A dataset in DCAT-AP 3 (https://semiceu.github.io/DCAT-AP/releases/3.0.1/): the dataset is a series, and each
 * edition a dataset in it, described by its current version. Each version is a resource of its own but no
 * `dcat:Dataset`, because harvesters import every node of that class. Withdrawn versions are described with
 * their status and without distributions.
 */
import {
  isSynthetic,
  latestOf,
  modifiedAt,
  neighboursOf,
  type PublishedVersion,
} from '../../catalogue/index.ts'
import type { Contract, LoadedContract, StoredDistribution } from '../../contract/index.ts'
import { day, instant, type Literal, type Properties, type Reference, texts } from '../rdf/graph.ts'
import { synthetic, withdrawnStatus } from './authority-codes.ts'
import {
  accessRights,
  area,
  contactPoint,
  type DcatContext,
  frequency,
  licence,
  provider,
  themes,
} from './context.ts'
import { distribution } from './distribution.ts'

export interface DcatDataset {
  readonly loaded: LoadedContract
  /** All its published versions, newest first, including withdrawn ones. */
  readonly versions: readonly PublishedVersion[]
  /** The same versions by edition. */
  readonly editions: readonly EditionVersions[]
  /** The files of the versions whose distributions are described, by the id of the version. */
  readonly files: ReadonlyMap<number, readonly StoredDistribution[]>
}

/** An edition's versions, newest first; never empty. */
export type EditionVersions = readonly [PublishedVersion, ...PublishedVersion[]]

/** The editions among versions of one dataset, in their order. */
export function editionsAmong(versions: readonly PublishedVersion[]): readonly EditionVersions[] {
  const editions = new Map<string, [PublishedVersion, ...PublishedVersion[]]>()
  for (const version of versions) {
    const own = editions.get(version.edition)
    if (own === undefined) editions.set(version.edition, [version])
    else own.push(version)
  }
  return [...editions.values()]
}

/** When its first version was published. */
export function issuedAt(versions: readonly PublishedVersion[]): Date {
  return new Date(Math.min(...versions.map(({ publishedAt }) => publishedAt.getTime())))
}

/** The dataset as a series. */
export function describeSeries(context: DcatContext, dataset: DcatDataset): Reference {
  const { graph, at } = context
  const { contract } = dataset.loaded
  const { editions } = dataset
  const readable = editions.filter((edition) => latestOf(edition) !== undefined)
  const node = (edition: EditionVersions) => ({ iri: at.edition(contract.dataset, edition[0].edition) })
  const [last, first] = [readable[0], readable.at(-1)]
  return graph.describe(at.dataset(contract.dataset), ['dcat:DatasetSeries'], {
    'dct:title': texts(contract.title),
    'dct:identifier': { text: contract.dataset },
    ...aboutContract(context, contract),
    ...(editions.length === 0
      ? {}
      : {
          'dct:issued': instant(issuedAt(dataset.versions)),
          'dct:modified': instant(modifiedAt(dataset.versions)),
        }),
    'dcat:seriesMember': editions.map(node),
    ...(last === undefined || first === undefined
      ? {}
      : { 'dcat:first': node(first), 'dcat:last': node(last) }),
  })
}

/** Properties of the contract, used by the series and its members; computed once. */
function aboutContract(context: DcatContext, contract: Contract): Properties {
  const known = context.contractProperties.get(contract) ?? describeContract(context, contract)
  context.contractProperties.set(contract, known)
  return known
}

function describeContract(context: DcatContext, contract: Contract): Properties {
  const [publisher = '', ...others] = contract.providers
  return {
    'dct:description': texts(contract.description),
    'dct:publisher': provider(context, publisher),
    // DCAT-AP allows one publisher, so joint providers are all creators.
    'dct:creator': others.length === 0 ? [] : contract.providers.map((code) => provider(context, code)),
    'dcat:theme': themes(context, contract),
    'dcat:keyword': contract.keywords.flatMap(texts),
    'dct:accrualPeriodicity': frequency(context, contract),
    'dct:accessRights': accessRights(context, contract),
    'dcat:contactPoint': contactPoint(context, contract),
    'dct:spatial': area(context, contract),
    'dcat:landingPage': context.graph.describe(context.at.page(contract.dataset), ['foaf:Document']),
    'dct:provenance': context.graph.describe(
      `${context.at.dataset(contract.dataset)}#source`,
      ['dct:ProvenanceStatement'],
      { 'rdfs:label': texts(contract.source) },
    ),
  }
}

/** An edition as a dataset of the series, with its versions. */
export function describeEdition(
  context: DcatContext,
  dataset: DcatDataset,
  versions: EditionVersions,
): Reference {
  const { graph, at } = context
  const { contract } = dataset.loaded
  const [{ edition }] = versions
  const current = latestOf(versions)
  const iri = at.edition(contract.dataset, edition)
  for (const version of versions) describeVersion(context, dataset, versions, version)
  const { previous, next } = neighbouringEditions(dataset, versions)
  const referenceTo = (name: string | undefined) =>
    name === undefined ? [] : { iri: at.edition(contract.dataset, name) }
  const node = graph.describe(iri, ['dcat:Dataset'], {
    'dct:title': texts({ zh: `${contract.title.zh} ${edition}`, en: `${contract.title.en} ${edition}` }),
    'dct:identifier': { text: `${contract.dataset}/${edition}` },
    ...aboutContract(context, contract),
    ...aboutPeriod(context, contract, versions[0]),
    'dct:issued': instant(issuedAt(versions)),
    'dct:modified': instant(modifiedAt(versions)),
    'dcat:inSeries': { iri: at.dataset(contract.dataset) },
    'dcat:prev': referenceTo(previous),
    'dcat:next': referenceTo(next),
    ...(current === undefined
      ? { 'adms:status': withdrawn(context) }
      : {
          'dcat:version': numberOf(current),
          // Not `dcat:hasVersion`, whose values DCAT-AP requires to be datasets.
          'dcat:hasCurrentVersion': { iri: at.version(current) },
          'adms:versionNotes': notesOf(current),
        }),
  })
  return current === undefined ? node : graph.describe(iri, [], aboutContent(context, dataset, current))
}

/** The readable editions before and after one. Editions are ordered newest first. */
function neighbouringEditions({ editions }: DcatDataset, own: EditionVersions) {
  const isReadable = (edition: EditionVersions | undefined) =>
    edition !== undefined && latestOf(edition) !== undefined
  const at = editions.findIndex(([{ edition }]) => edition === own[0].edition)
  return {
    previous: editions.slice(at + 1).find(isReadable)?.[0].edition,
    next: editions.slice(0, at).findLast(isReadable)?.[0].edition,
  }
}

/** One immutable version. */
function describeVersion(
  context: DcatContext,
  dataset: DcatDataset,
  versions: EditionVersions,
  version: PublishedVersion,
): Reference {
  const { graph, at } = context
  const { contract } = dataset.loaded
  const { edition, number } = version
  const { predecessor, successor } = neighboursOf(version, versions)
  const referenceTo = (other: PublishedVersion | undefined) =>
    other === undefined ? [] : { iri: at.version(other) }
  return graph.describe(at.version(version), ['dcat:Resource'], {
    'dct:title': texts({
      zh: `${contract.title.zh} ${edition} 第${number}版`,
      en: `${contract.title.en} ${edition}, version ${number}`,
    }),
    'dct:description': texts(contract.description),
    'dct:identifier': { text: `${contract.dataset}/${edition}/v${number}` },
    'dct:publisher': provider(context, contract.providers[0] ?? ''),
    'dct:accessRights': accessRights(context, contract),
    ...aboutPeriod(context, contract, version),
    'dct:issued': instant(version.publishedAt),
    'dct:modified': instant(version.withdrawnAt ?? version.publishedAt),
    'dcat:version': numberOf(version),
    'dcat:isVersionOf': { iri: at.edition(contract.dataset, edition) },
    'dcat:previousVersion': referenceTo(predecessor),
    'dcat:nextVersion': referenceTo(successor),
    'adms:versionNotes': notesOf(version),
    ...(version.state === 'withdrawn'
      ? { 'adms:status': withdrawn(context) }
      : aboutContent(context, dataset, version)),
  })
}

/** The content of a readable version: its schema and files. */
function aboutContent(context: DcatContext, dataset: DcatDataset, version: PublishedVersion): Properties {
  const { graph, at } = context
  const { contract } = dataset.loaded
  const files = dataset.files.get(version.id) ?? []
  const schema = `${at.contract(contract.dataset, version.contractVersion)}/table-schema`
  const number = version.contractVersion
  const provenance = isSynthetic(version)
  const standard = graph.describe(schema, ['dct:Standard'], {
    'dct:title': texts({
      zh: `${contract.title.zh} 数据契约第${number}版`,
      en: `${contract.title.en}, contract ${number}`,
    }),
  })
  return {
    'dct:conformsTo': standard,
    'dcat:distribution': files.map((file) => distribution(context, contract, version, file)),
    'dct:provenance': provenance
      ? graph.describe(`${context.catalogue}#synthetic`, ['dct:ProvenanceStatement'], {
          'rdfs:label': texts(synthetic),
        })
      : [],
  }
}

function aboutPeriod({ graph, at }: DcatContext, contract: Contract, version: PublishedVersion): Properties {
  const iri = `${at.edition(contract.dataset, version.edition)}#period`
  return {
    'dct:temporal': graph.describe(iri, ['dct:PeriodOfTime'], {
      'dcat:startDate': day(version.periodStart),
      'dcat:endDate': day(version.periodEnd),
    }),
  }
}

/** The API for the records of the readable editions among these. */
export function describeService(
  context: DcatContext,
  { loaded: { contract } }: DcatDataset,
  editions: readonly EditionVersions[],
): readonly Reference[] {
  const { graph, at, base } = context
  const readable = editions.filter((edition) => latestOf(edition) !== undefined)
  if (readable.length === 0) return []
  const iri = at.records(contract.dataset)
  return [
    graph.describe(`${iri}#service`, ['dcat:DataService'], {
      'dct:title': texts({
        zh: `${contract.title.zh}：记录查询接口`,
        en: `${contract.title.en}: its records as an API`,
      }),
      'dct:description': texts({
        zh: '按字段筛选、选择、排序和分页读取记录；JSON、CSV、NDJSON。',
        en: 'Records filtered by their fields, selected, sorted and in pages; JSON, CSV, NDJSON.',
      }),
      'dct:publisher': provider(context, contract.providers[0] ?? ''),
      'dct:license': licence(context, contract),
      'dct:accessRights': accessRights(context, contract),
      'dcat:endpointURL': { iri },
      'dcat:endpointDescription': { iri: `${base}/v1/datasets/${contract.dataset}/openapi.json` },
      'dcat:servesDataset': readable.map(([{ edition }]) => ({ iri: at.edition(contract.dataset, edition) })),
    }),
  ]
}

function numberOf({ number }: PublishedVersion): Literal {
  return { text: String(number) }
}

/** Why the version was published, and why it was withdrawn. */
function notesOf({ reason, withdrawnReason }: PublishedVersion): readonly Literal[] {
  return [reason, withdrawnReason].filter((text) => text !== null).map((text) => ({ text }))
}

function withdrawn({ graph }: DcatContext): Reference {
  return graph.describe(withdrawnStatus, ['skos:Concept'], {
    'skos:prefLabel': texts({ zh: '已撤回', en: 'withdrawn' }),
  })
}
