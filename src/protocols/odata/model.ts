/**
 * The entity model: one entity set per dataset, with the fields of the contract of its latest version as properties.
 * Written as CSDL XML (OData 4.0, part 3) and as the service document.
 */
import {
  type AppContext,
  byDataset,
  latestOfDataset,
  listReadable,
  listVersions,
} from '../../catalogue/index.ts'
import type { Contract, Field, FieldTypeName } from '../../contract/index.ts'
import type { Caller } from '../../platform/caller.ts'
import { sortableFields } from '../../records/index.ts'
import { escapeXml } from '../rdf/xml.ts'

export interface EntitySet {
  /** The slug with `_` for `-`, which names in OData can't have. */
  readonly name: string
  /** The contract of the records that are served. */
  readonly contract: Contract
}

/** The name of a dataset's entity set. */
export function entitySetName(dataset: string): string {
  return dataset.replaceAll('-', '_')
}

/** The dataset of an entity set's name. Slugs have no `_`. */
export function datasetOf(entitySet: string): string {
  return entitySet.replaceAll('_', '-')
}

/** The entity sets that a caller may read: of datasets with a published version. */
export async function listEntitySets(
  { contracts, database }: AppContext,
  caller: Caller,
): Promise<readonly EntitySet[]> {
  const versions = byDataset(await listVersions(database))
  return listReadable(contracts, caller).flatMap(({ contract: { dataset } }) => {
    const latest = latestOfDataset(versions.get(dataset) ?? [])
    if (latest === undefined) return []
    const { contract } = contracts.get(dataset, latest.contractVersion)
    return [{ name: entitySetName(dataset), contract }]
  })
}

/** The service document (OData JSON format 4.0, section 5). */
export function serviceDocument(sets: readonly EntitySet[], root: string): object {
  return {
    '@odata.context': `${root}$metadata`,
    value: sets.map(({ name, contract }) => ({
      name,
      kind: 'EntitySet',
      url: name,
      title: `${contract.title.zh} ${contract.title.en}`,
    })),
  }
}

const namespace = 'qingdan'
const vocabularies = 'https://oasis-tcs.github.io/odata-vocabularies/vocabularies'

/** `$metadata`: the types, the entity sets, and what can be asked of them. */
export function metadataDocument(sets: readonly EntitySet[]): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">',
    ...['Core', 'Capabilities'].map(
      (name) =>
        `<edmx:Reference Uri="${vocabularies}/Org.OData.${name}.V1.xml"><edmx:Include Namespace="Org.OData.${name}.V1" Alias="${name}"/></edmx:Reference>`,
    ),
    '<edmx:DataServices>',
    `<Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="${namespace}">`,
    ...sets.map(entityType),
    '<EntityContainer Name="Container">',
    ...sets.map(entitySet),
    '<Annotation Term="Capabilities.BatchSupported" Bool="false"/>',
    collection('Capabilities.FilterFunctions', 'String', ['contains', 'startswith']),
    '</EntityContainer>',
    '</Schema>',
    '</edmx:DataServices>',
    '</edmx:Edmx>',
    '',
  ].join('\n')
}

function entityType({ name, contract }: EntitySet): string {
  const key = contract.primaryKey.map((field) => `<PropertyRef Name="${field}"/>`)
  const properties = contract.fields.map((field) => property(field, contract.primaryKey.includes(field.name)))
  return `<EntityType Name="${name}">\n<Key>${key.join('')}</Key>\n${properties.join('\n')}\n</EntityType>`
}

/** Our types as primitive types of OData. */
const edmTypes = {
  string: 'Edm.String',
  integer: 'Edm.Int64',
  number: 'Edm.Decimal',
  boolean: 'Edm.Boolean',
  date: 'Edm.Date',
  // Edm.TimeOfDay has no 24:00, the end of a day's last session.
  time: 'Edm.String',
  datetime: 'Edm.DateTimeOffset',
  list: 'Collection(Edm.String)',
} as const satisfies Record<FieldTypeName, string>

function property({ name, type, scale, title, unit }: Field, isKey: boolean): string {
  // Without a scale a decimal would be a whole number.
  const facets = type === 'number' ? ` Scale="${scale ?? 'variable'}"` : ''
  // Only the key is never null: any other value may be withheld. The items of a collection are never null.
  const nullable = isKey || type === 'list' ? ' Nullable="false"' : ''
  const text = `${title.zh} ${title.en}${unit === undefined ? '' : ` (${unit})`}`
  return (
    `<Property Name="${name}" Type="${edmTypes[type]}"${nullable}${facets}>` +
    `<Annotation Term="Core.Description" String="${escapeXml(text)}"/></Property>`
  )
}

function entitySet({ name, contract }: EntitySet): string {
  const sortable = sortableFields(contract).map((field) => field.name)
  const unsortable = contract.fields.map((field) => field.name).filter((field) => !sortable.includes(field))
  const lists = contract.fields.flatMap(({ name, type }) => (type === 'list' ? [name] : []))
  const unable = (term: string, member: string) =>
    record(term, [`<PropertyValue Property="${member}" Bool="false"/>`])
  return [
    `<EntitySet Name="${name}" EntityType="${namespace}.${name}">`,
    `<Annotation Term="Core.Description" String="${escapeXml(`${contract.title.zh} ${contract.title.en}`)}"/>`,
    '<Annotation Term="Capabilities.TopSupported" Bool="true"/>',
    '<Annotation Term="Capabilities.SkipSupported" Bool="false"/>',
    record('Capabilities.SortRestrictions', [paths('NonSortableProperties', unsortable)]),
    record('Capabilities.FilterRestrictions', [paths('NonFilterableProperties', lists)]),
    unable('Capabilities.ExpandRestrictions', 'Expandable'),
    unable('Capabilities.SearchRestrictions', 'Searchable'),
    unable('Capabilities.InsertRestrictions', 'Insertable'),
    unable('Capabilities.UpdateRestrictions', 'Updatable'),
    unable('Capabilities.DeleteRestrictions', 'Deletable'),
    '</EntitySet>',
  ].join('\n')
}

function record(term: string, values: readonly string[]): string {
  return `<Annotation Term="${term}"><Record>${values.join('')}</Record></Annotation>`
}

function paths(member: string, names: readonly string[]): string {
  const each = names.map((name) => `<PropertyPath>${name}</PropertyPath>`)
  return `<PropertyValue Property="${member}"><Collection>${each.join('')}</Collection></PropertyValue>`
}

function collection(term: string, element: string, values: readonly string[]): string {
  const each = values.map((value) => `<${element}>${value}</${element}>`)
  return `<Annotation Term="${term}"><Collection>${each.join('')}</Collection></Annotation>`
}
