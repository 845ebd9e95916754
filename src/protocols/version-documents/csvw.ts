/**
 * CSV on the Web (https://www.w3.org/TR/tabular-metadata/): the columns of the plain CSV with types, titles and units, for
 * readers that find it by the `Link` header of the file.
 */
import { type Field, type FieldTypeName, listSeparator, mayBeNull, sourceOf } from '../../contract/index.ts'
import { defined } from '../../platform/defined.ts'
import type { Bilingual } from '../../platform/language.ts'
import type { VersionDocument } from './document.ts'

export const csvw: VersionDocument = {
  name: 'csv-metadata.json',
  mediaType: 'application/csvm+json',
  operationId: 'getVersionCsvw',
  summary: 'A version as CSV on the Web',
  description: 'Metadata of the plain CSV: columns with types, titles and units, primary key, licence.',
  build: ({ context: { contract, version }, plain, page }) => ({
    '@context': ['http://www.w3.org/ns/csvw', { '@language': 'zh' }],
    '@id': plain.url,
    url: plain.url,
    'dc:title': both(contract.title),
    'dc:description': both(contract.description),
    'dc:source': both(sourceOf(contract, version.synthetic)),
    'dc:identifier': `${version.dataset}/${version.edition}/v${version.number}`,
    'dc:license':
      contract.licence.url === undefined ? contract.licence.name : { '@id': contract.licence.url },
    'dcat:landingPage': { '@id': page },
    dialect: {
      encoding: 'utf-8',
      delimiter: ',',
      quoteChar: '"',
      doubleQuote: true,
      header: true,
      lineTerminators: ['\n'],
    },
    tableSchema: {
      columns: contract.fields.map((field) => ({
        name: field.name,
        // The header of the file.
        titles: field.name,
        'rdfs:label': both(field.title),
        'dc:description': both(field.description),
        datatype: datatypeOf(field),
        required: !mayBeNull(contract, field),
        null: '',
        ...(field.type === 'list' ? { separator: listSeparator } : {}),
        ...(field.unit === undefined ? {} : { 'schema:unitText': field.unit }),
      })),
      primaryKey: contract.primaryKey,
    },
  }),
}

function both({ zh, en }: Bilingual) {
  return [
    { '@value': zh, '@language': 'zh' },
    { '@value': en, '@language': 'en' },
  ]
}

const datatypes = {
  string: 'string',
  integer: 'integer',
  number: 'decimal',
  boolean: 'boolean',
  date: 'date',
  // `time` of XML Schema requires seconds, and its 24:00 is the start of the day.
  time: 'string',
  datetime: 'dateTimeStamp',
  list: 'string',
} as const satisfies Record<FieldTypeName, string>

function datatypeOf({ type, constraints: { minimum, maximum } = {} }: Field) {
  const base = datatypes[type]
  const bounds = type === 'list' ? {} : defined({ minimum, maximum })
  return Object.keys(bounds).length === 0 ? base : { base, ...bounds }
}
