/**
 * A Data Package (version 2, https://datapackage.org/standard/data-package/) as a ZIP: the plain CSV, byte for byte, with
 * its schema and digest, its code lists as further tables, licence and source. Refuses nothing.
 */

import { codesOf, type Field, labelOf, sourceOf, tableSchema } from '../contract/index.ts'
import { defined } from '../platform/defined.ts'
import { digestOf } from '../platform/digest.ts'
import { csv } from './csv.ts'
import type { RecodedFormat, RecordValues, RenderContext, SourceFile } from './format.ts'
import { type ZipEntry, zipArchive } from './zip-archive.ts'

export const dataPackage: RecodedFormat = {
  name: 'zip',
  mediaType: 'application/zip',
  from: 'csv',
  recode: archive,
}

/** The same level as `csv.gz`; the CSV is by far the largest entry. */
const compressionLevel = 6

async function* archive(source: SourceFile, context: RenderContext): AsyncGenerator<Uint8Array> {
  const lists = await codeTables(context)
  const descriptor = packageDescriptor(context, [
    recordsResource(source, dataPath(source), context, lists),
    ...lists.map(({ list, resource, path, text }) => ({
      ...table(resource, path, Buffer.byteLength(text), digestOf(text)),
      title: list,
      schema: codeSchema,
    })),
  ])
  const entry = (path: string, text: string): ZipEntry => ({ path, data: [text], compressionLevel })
  yield* zipArchive([
    entry('datapackage.json', `${JSON.stringify(descriptor, null, 2)}\n`),
    entry('README.md', readme(source, context)),
    ...lists.map(({ path, text }) => entry(path, text)),
    { path: dataPath(source), data: source.read(), compressionLevel },
  ])
}

/** A code list as a table of the package. */
interface CodeTable {
  readonly list: string
  readonly resource: string
  readonly path: string
  readonly text: string
}

const codeColumns = [
  { name: 'code', title: 'Code', description: 'The code, as the records have it.' },
  { name: 'zh', title: '名称', description: 'The label in Chinese.' },
  { name: 'en', title: 'Label', description: 'The label in English.' },
] as const

/** The code lists of the fields, each code once with its newest label. */
async function codeTables({ fields, contracts }: RenderContext): Promise<readonly CodeTable[]> {
  const byList = new Map(fields.flatMap((field) => (field.codes === undefined ? [] : [[field.codes, field]])))
  const tables: CodeTable[] = []
  for (const [list, field] of byList) {
    const rows = (codesOf(contracts, field) ?? []).map(
      ({ code, label }): RecordValues => [code, label.zh, label.en],
    )
    tables.push({ list, resource: `codes-${list}`, path: `codes/${list}.csv`, text: await csvOf(rows) })
  }
  return tables
}

async function csvOf(rows: readonly RecordValues[]): Promise<string> {
  const fields = codeColumns.map(({ name, title, description }): Field => {
    const both = (text: string) => ({ zh: text, en: text })
    return { name, type: 'string', role: 'attribute', title: both(title), description: both(description) }
  })
  let text = ''
  for await (const piece of csv.render(once(rows), { fields })) text += String(piece)
  return text
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value
}

function dataPath(source: Pick<SourceFile, 'name'>): string {
  return `data/${source.name}`
}

/**
 * The descriptor of a version's plain CSV at its own address, for readers that need no ZIP. It has no foreign keys, since
 * the code lists are not beside it; the codes are in the schema.
 */
export function describeRemotely(
  file: Pick<SourceFile, 'bytes' | 'digest'>,
  url: string,
  context: RenderContext,
): object {
  return packageDescriptor(context, [recordsResource(file, url, context, [])])
}

function recordsResource(
  { bytes, digest }: Pick<SourceFile, 'bytes' | 'digest'>,
  path: string,
  { contract, contracts, fields }: RenderContext,
  lists: readonly CodeTable[],
) {
  return {
    ...table('records', path, bytes, digest),
    title: contract.title.zh,
    schema: { ...tableSchema(contract, contracts), ...foreignKeys(fields, lists) },
  }
}

function packageDescriptor({ contract, contracts, version }: RenderContext, resources: readonly object[]) {
  const { title, description, licence, keywords } = contract
  return {
    $schema: 'https://datapackage.org/profiles/2.0/datapackage.json',
    name: `${version.dataset}-${version.edition}-v${version.number}`,
    title: title.zh,
    description: `${description.zh}\n\n${description.en}`,
    titles: title,
    descriptions: description,
    // The standard requires a semantic version; minor and patch stay 0, since a version never changes.
    version: `${version.number}.0.0`,
    keywords: keywords.flatMap(({ zh, en }) => [zh, en]),
    licenses: [
      {
        name: licence.name,
        title: licence.title.en,
        ...defined({ path: licence.url }),
      },
    ],
    sources: [{ title: sourceOf(contract, version.synthetic).en }],
    contributors: contract.providers.map((code) => ({
      title: labelOf(contracts, 'providers', code)?.zh ?? code,
      roles: ['provider'],
    })),
    qingdan: {
      dataset: version.dataset,
      edition: version.edition,
      version: version.number,
      contractVersion: contract.contractVersion,
      records: version.records,
      synthetic: version.synthetic,
    },
    resources,
  }
}

function table(name: string, path: string, bytes: number, digest: string) {
  return {
    name,
    path,
    type: 'table',
    format: 'csv',
    mediatype: 'text/csv',
    encoding: 'utf-8',
    bytes,
    hash: `sha256:${digest}`,
    dialect: {
      $schema: 'https://datapackage.org/profiles/2.0/tabledialect.json',
      delimiter: ',',
      lineTerminator: '\n',
      quoteChar: '"',
      doubleQuote: true,
      header: true,
    },
  }
}

const codeSchema = {
  $schema: 'https://datapackage.org/profiles/2.0/tableschema.json',
  fields: codeColumns.map((column) => ({ ...column, type: 'string', constraints: { required: true } })),
  primaryKey: ['code'],
}

/** Foreign keys to the code lists. List fields have none, since a foreign key refers to whole values. */
function foreignKeys(fields: readonly Field[], lists: readonly CodeTable[]) {
  const keys = fields
    .filter(({ type }) => type !== 'list')
    .flatMap(({ name, codes }) => {
      const found = lists.find(({ list }) => list === codes)
      return found === undefined
        ? []
        : [{ fields: [name], reference: { resource: found.resource, fields: ['code'] } }]
    })
  return keys.length === 0 ? {} : { foreignKeys: keys }
}

function readme(source: SourceFile, { contract, version }: RenderContext): string {
  const { title, description, licence, source: origin } = contract
  const terms = `[${licence.name}](${licence.url ?? '#'})`
  const notice = version.synthetic
    ? ['', '**合成示例数据，不描述任何真实情况。** Made up for demonstration; it describes nothing real.']
    : []
  return [
    `# ${title.zh} ${title.en}`,
    '',
    description.zh,
    '',
    description.en,
    ...notice,
    '',
    `* ${version.dataset}, edition ${version.edition}, version ${version.number}, contract ${contract.contractVersion}`,
    `* 记录 Records: ${version.records}`,
    `* 许可 Licence: ${licence.title.zh} ${licence.title.en} ${licence.url === undefined ? licence.name : terms}`,
    `* 来源 Source: ${origin.zh} ${origin.en}`,
    '',
    `\`${dataPath(source)}\` 为数据（UTF-8，逗号分隔，空单元格表示无值）；\`codes/\` 为代码表；\`datapackage.json\` 说明各字段。`,
    '',
    `\`${dataPath(source)}\` holds the records (UTF-8, commas, an empty cell where there is no value), \`codes/\` the`,
    'code lists, and `datapackage.json` says what each field is.',
    '',
  ].join('\n')
}
