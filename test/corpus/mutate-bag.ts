/** Damage to a bag: tag files, manifests, the descriptor, added and removed files; grouped by what is updated afterwards. */
import { digestOf } from '../../src/platform/digest.ts'
import type { BagFiles } from '../support/bag-files.ts'
import { between, oneOf, type Random } from '../support/samples/random.ts'
import { byteDamage } from './mutate-bytes.ts'

const text = (files: BagFiles, path: string) => String(files.get(path) ?? '')
const put = (files: BagFiles, path: string, content: string) => void files.set(path, Buffer.from(content))
const anyPath = (random: Random, files: BagFiles, of: RegExp) =>
  oneOf(random, [...files.keys()].filter((path) => of.test(path)).concat('data/none.csv'))

function editLines(random: Random, files: BagFiles, path: string, edit: (lines: string[]) => void): void {
  const lines = text(files, path).split('\n')
  edit(lines)
  put(files, path, lines.join(random() < 0.1 ? '\r\n' : '\n'))
}

const manifests = ['manifest-sha256.txt', 'tagmanifest-sha256.txt']

/** After these, digests are not updated. */
export const bagDamage: Readonly<Record<string, (random: Random, files: BagFiles) => void>> = {
  'manifest line lost': (random, files) =>
    editLines(
      random,
      files,
      oneOf(random, manifests),
      (lines) => void lines.splice(between(random, 0, 2), 1),
    ),
  'manifest line repeated': (random, files) =>
    editLines(random, files, oneOf(random, manifests), (lines) => void lines.unshift(lines[0] ?? '')),
  'manifest line changed': (random, files) =>
    editLines(random, files, oneOf(random, manifests), (lines) => {
      const line = lines[0] ?? ''
      lines[0] = oneOf(random, [
        line.toUpperCase(),
        line.replace('  ', ' '),
        line.replace('  ', ' *'),
        line.replace('  ', '\t'),
        line.replaceAll('/', '\\'),
        line.replace('data/', './data/'),
        line.replace('data/', '../data/'),
        line.replace('data/', '/data/'),
        line.slice(1),
        `${line} `,
        `${line}%41`,
        `\ufeff${line}`,
        `# ${line}`,
        '',
      ])
    }),
  'manifest file lost': (random, files) => void files.delete(oneOf(random, manifests)),
  'tag file lost': (random, files) =>
    void files.delete(
      oneOf(random, ['bagit.txt', 'bag-info.txt', 'datapackage.json', 'tagmanifest-sha256.txt']),
    ),
  'payload lost': (random, files) => void files.delete(anyPath(random, files, /^data\//)),
  'file added': (random, files) =>
    put(
      files,
      oneOf(random, ['data/more.csv', 'data/Thumbs.db', 'notes.txt', 'fetch.txt', 'data/sub/a.csv']),
      'x\n',
    ),
  'file renamed': (random, files) => {
    const path = anyPath(random, files, /./)
    const bytes = files.get(path) ?? Buffer.from('x')
    files.delete(path)
    const names = [
      'data/A.CSV',
      'data/a b.csv',
      'data/表.csv',
      'data/a%0Ab.csv',
      'data/a.txt',
      'data',
      'data/e\u0301.csv',
    ]
    files.set(oneOf(random, names), bytes)
  },
  'names that differ in case': (random, files) => {
    const path = anyPath(random, files, /^data\//)
    files.set(
      oneOf(random, [path.toUpperCase(), path.replace('csv', 'CSV'), path.replace('data', 'Data')]),
      Buffer.from('x'),
    )
  },
  'bagit.txt changed': (random, files) =>
    put(
      files,
      'bagit.txt',
      oneOf(random, [
        'BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n',
        'BagIt-Version: 1.0\r\nTag-File-Character-Encoding: UTF-8\r\n',
        'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8',
        '\ufeffBagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n',
        'Tag-File-Character-Encoding: UTF-8\nBagIt-Version: 1.0\n',
        'BagIt-Version:1.0\nTag-File-Character-Encoding: UTF-8\n',
        '',
      ]),
    ),
  'bag-info.txt changed': (random, files) =>
    put(
      files,
      'bag-info.txt',
      oneOf(random, [
        'Payload-Oxum: 1.1\n',
        'Payload-Oxum : x\n',
        '',
        ': \n\n:',
        '\ufeffA: b\n',
        'payload-oxum: 0.0',
      ]),
    ),
  'bytes of a file damaged': (random, files) => {
    const path = anyPath(random, files, /./)
    const damage = byteDamage[oneOf(random, Object.keys(byteDamage))]
    const bytes = files.get(path)
    if (bytes !== undefined && damage !== undefined) files.set(path, damage(random, bytes))
  },
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** Damage to datapackage.json, after which the manifests are updated. */
export const descriptorDamage: Readonly<Record<string, (random: Random, files: BagFiles) => void>> = {
  'value replaced': (random, files) =>
    describeAnew(random, files, (holder, name) => {
      holder[name] = oddValue(random)
    }),
  'property lost': (random, files) =>
    describeAnew(random, files, (holder, name) => {
      delete holder[name]
    }),
  'property renamed': (random, files) =>
    describeAnew(random, files, (holder, name) => {
      const value = holder[name] ?? null
      delete holder[name]
      holder[oneOf(random, [`${name}s`, name.toUpperCase(), '__proto__', 'constructor', ''])] = value
    }),
  'property added': (random, files) =>
    describeAnew(random, files, (holder) => {
      holder[oneOf(random, ['encoding', 'dialect', 'mode', 'sequence', 'path', 'schema', 'toString'])] =
        oddValue(random)
    }),
  'encoding claimed': (random, files) =>
    onResource(random, files, (resource) => {
      resource['encoding'] = oneOf(random, [
        'utf-8',
        'UTF-8',
        'gbk',
        'GB18030',
        'latin1',
        'utf-16',
        '',
        'cp936',
      ])
    }),
  'dialect claimed': (random, files) =>
    onResource(random, files, (resource) => {
      resource['dialect'] = oneOf<Json>(random, [
        { delimiter: ';' },
        { delimiter: '\t' },
        { delimiter: '|' },
        { delimiter: ',', quoteChar: "'" },
        { header: false },
        { header: true, delimiter: ',' },
        { $schema: 'x' },
        'csv',
        [],
      ])
    }),
  'path changed': (random, files) =>
    onResource(random, files, (resource) => {
      const odd = [
        'data/none.csv',
        '/etc/passwd',
        '../x.csv',
        'datapackage.json',
        'https://example.org/a.csv',
        '',
      ]
      resource['path'] = oneOf<Json>(random, [
        ...odd,
        [String(resource['path'])],
        ['data/a.csv', 'data/b.csv'],
        5,
      ])
    }),
  'resource repeated': (_random, files) =>
    change(files, (json) => {
      const { resources } = (json ?? {}) as { resources?: unknown }
      if (Array.isArray(resources)) resources.push(resources[0] ?? null)
    }),
  'bytes of the descriptor damaged': (random, files) => {
    const damage = byteDamage[oneOf(random, Object.keys(byteDamage))]
    const bytes = files.get('datapackage.json')
    if (bytes !== undefined && damage !== undefined) files.set('datapackage.json', damage(random, bytes))
  },
  'not an object': (random, files) =>
    put(
      files,
      'datapackage.json',
      oneOf(random, ['null', '[]', '5', '""', '{}', '['.repeat(50_000), '{"a":1e999}']),
    ),
}

function oddValue(random: Random): Json {
  return oneOf<Json>(random, [
    null,
    true,
    0,
    -1,
    1.5,
    1e300,
    '',
    'x',
    '2025',
    'full',
    'delta',
    [],
    {},
    ['a'],
    'a'.repeat(300),
  ])
}

function change(files: BagFiles, edit: (json: Json) => void): void {
  let json: Json
  try {
    json = JSON.parse(text(files, 'datapackage.json')) as Json
  } catch {
    // Earlier damage left nothing to edit.
    return
  }
  edit(json)
  put(files, 'datapackage.json', JSON.stringify(json))
}

/** Edits one property of any object of the descriptor. */
function describeAnew(
  random: Random,
  files: BagFiles,
  edit: (holder: { [name: string]: Json }, name: string) => void,
): void {
  change(files, (json) => {
    const holders: { [name: string]: Json }[] = []
    const visit = (value: Json) => {
      if (value === null || typeof value !== 'object') return
      if (!Array.isArray(value)) holders.push(value)
      for (const inner of Object.values(value)) visit(inner)
    }
    visit(json)
    // The bundle's metadata is a small part of the descriptor, but the important one.
    const purpose = holders.find((holder) => 'dataset' in holder)
    if (holders.length === 0) return
    const holder = purpose !== undefined && random() < 0.5 ? purpose : oneOf(random, holders)
    const names = Object.keys(holder)
    if (names.length > 0) edit(holder, oneOf(random, names))
  })
}

function isObject(value: unknown): value is { [name: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function onResource(
  random: Random,
  files: BagFiles,
  edit: (resource: { [name: string]: Json }) => void,
): void {
  change(files, (json) => {
    const { resources } = (json ?? {}) as { resources?: unknown }
    const found: unknown =
      Array.isArray(resources) && resources.length > 0 ? oneOf(random, resources) : undefined
    if (isObject(found)) edit(found)
  })
}

/** Updates both manifests and the size from the files; the descriptor stays. */
export function renewManifests(files: BagFiles): void {
  const payload = [...files].filter(([path]) => path.startsWith('data/'))
  const size = payload.reduce((sum, [, bytes]) => sum + bytes.length, 0)
  if (files.has('bag-info.txt')) put(files, 'bag-info.txt', `Payload-Oxum: ${size}.${payload.length}\n`)
  const line = ([path, bytes]: readonly [string, Buffer]) => `${digestOf(bytes)}  ${path}\n`
  put(files, 'manifest-sha256.txt', payload.map(line).join(''))
  const tags = [...files].filter(([path]) => !path.startsWith('data/') && path !== 'tagmanifest-sha256.txt')
  put(files, 'tagmanifest-sha256.txt', tags.map(line).join(''))
}
