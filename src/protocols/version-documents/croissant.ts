/**
 * Croissant 1.0 (https://docs.mlcommons.org/croissant/docs/croissant-spec.html): schema.org's description of a dataset with
 * its files and the fields of its records, for machine learning tools and dataset search.
 */
import { type Field, type FieldTypeName, labelOf, listSeparator, sourceOf } from '../../contract/index.ts'
import type { VersionDocument } from './document.ts'

/** The context of the specification, which validators compare. */
const context = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  sc: 'https://schema.org/',
  cr: 'http://mlcommons.org/croissant/',
  rai: 'http://mlcommons.org/croissant/RAI/',
  dct: 'http://purl.org/dc/terms/',
  ...Object.fromEntries(
    [
      ...[
        'citeAs',
        'column',
        'equivalentProperty',
        'extract',
        'field',
        'fileObject',
        'fileProperty',
        'fileSet',
      ],
      ...[
        'format',
        'includes',
        'isLiveDataset',
        'jsonPath',
        'key',
        'md5',
        'parentField',
        'path',
        'recordSet',
      ],
      ...['references', 'regex', 'repeated', 'replace', 'samplingRate', 'separator', 'source', 'subField'],
      'transform',
    ].map((name) => [name, `cr:${name}`]),
  ),
  conformsTo: 'dct:conformsTo',
  data: { '@id': 'cr:data', '@type': '@json' },
  examples: { '@id': 'cr:examples', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
}

export const croissant: VersionDocument = {
  name: 'croissant.json',
  mediaType: 'application/ld+json',
  operationId: 'getVersionCroissant',
  summary: 'A version as Croissant',
  description:
    'Metadata for machine learning tools: schema.org with the files, their SHA-256, and the fields.',
  build: ({ context: { contract, contracts, version: facts }, version, files, page }) => ({
    '@context': context,
    '@type': 'sc:Dataset',
    conformsTo: 'http://mlcommons.org/croissant/1.0',
    name: `${contract.title.en} ${version.edition}`,
    alternateName: contract.title.zh,
    description: `${contract.description.en}\n\n${sourceOf(contract, facts.synthetic).en}`,
    url: page,
    citeAs: `${contract.title.en} ${version.edition}, version ${version.number}. ${page}`,
    license: contract.licence.url ?? contract.licence.name,
    keywords: contract.keywords.map(({ en }) => en),
    creator: contract.providers.map((code) => ({
      '@type': 'sc:Organization',
      name: labelOf(contracts, 'providers', code)?.en ?? code,
      url: page,
    })),
    datePublished: version.publishedAt.toISOString().slice(0, 10),
    temporalCoverage: `${version.periodStart}/${version.periodEnd}`,
    // A semantic version is recommended; minor and patch stay 0, since a version never changes.
    version: `${version.number}.0.0`,
    isLiveDataset: false,
    distribution: files.map((file) => ({
      '@type': 'cr:FileObject',
      '@id': file.name,
      name: file.name,
      contentUrl: file.url,
      contentSize: `${file.bytes} B`,
      encodingFormat: file.mediaType.split(';', 1)[0],
      sha256: file.digest,
    })),
    recordSet: [
      {
        '@type': 'cr:RecordSet',
        '@id': 'records',
        name: 'records',
        key: contract.primaryKey.map((name) => ({ '@id': `records/${name}` })),
        field: contract.fields.map((field) =>
          fieldOf(field, files.find(({ format }) => format === 'csv')?.name ?? ''),
        ),
      },
    ],
  }),
}

const dataTypes = {
  string: 'sc:Text',
  integer: 'sc:Integer',
  number: 'sc:Float',
  boolean: 'sc:Boolean',
  date: 'sc:Date',
  time: 'sc:Text',
  datetime: 'sc:DateTime',
  list: 'sc:Text',
} as const satisfies Record<FieldTypeName, string>

function fieldOf({ name, type, title, description }: Field, file: string) {
  return {
    '@type': 'cr:Field',
    '@id': `records/${name}`,
    name,
    description: `${title.en}: ${description.en}`,
    dataType: dataTypes[type],
    ...(type === 'list' ? { repeated: true } : {}),
    source: {
      fileObject: { '@id': file },
      extract: { column: name },
      ...(type === 'list' ? { transform: { separator: listSeparator } } : {}),
    },
  }
}
