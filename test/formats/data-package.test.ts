/** The Data Package against the rules of the standard, version 2, that it uses. */
import { execFileSync } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import t from 'tap'
import { digestOf } from '../../src/platform/digest.ts'
import { installed, temporaryFolder } from '../support/tools.ts'
import { bytesOf, trialFields, trialRows } from '../support/trial-records.ts'
import { zipEntries } from '../support/zip-entries.ts'

interface Resource {
  readonly name: string
  readonly path: string
  readonly bytes: number
  readonly hash: string
  readonly schema: {
    readonly fields: readonly { readonly name: string; readonly type: string }[]
    readonly primaryKey: readonly string[]
    readonly foreignKeys?: readonly {
      readonly fields: readonly string[]
      readonly reference: { readonly resource: string; readonly fields: readonly string[] }
    }[]
  }
  readonly [property: string]: unknown
}

interface Package {
  readonly name: string
  readonly resources: readonly Resource[]
  readonly [property: string]: unknown
}

const zip = await bytesOf('zip', trialRows)
const entries = await zipEntries(zip)
const descriptor: Package = JSON.parse(String(entries.get('datapackage.json')))

t.test('the package has what the standard requires', async (t) => {
  t.equal(descriptor['$schema'], 'https://datapackage.org/profiles/2.0/datapackage.json')
  t.match(descriptor.name, /^[a-z0-9._/-]+$/, 'usable in an address')
  t.match(descriptor['version'], /^\d+\.\d+\.\d+$/, 'a semantic version')
  t.ok((descriptor['keywords'] as unknown[]).every((word) => typeof word === 'string'))
  for (const licence of descriptor['licenses'] as Record<string, string>[]) {
    t.ok(licence['name'] !== undefined || licence['path'] !== undefined, 'a licence has a name or a path')
    t.match(licence['path'], /^https:/)
  }
  for (const source of descriptor['sources'] as Record<string, string>[]) t.type(source['title'], 'string')
  for (const { title, roles } of descriptor['contributors'] as Record<string, unknown>[]) {
    t.type(title, 'string')
    t.ok(Array.isArray(roles))
  }
  t.ok(descriptor.resources.length > 0)
  const names = descriptor.resources.map(({ name }) => name)
  t.equal(new Set(names).size, names.length, 'resources have distinct names')
})

t.test('each resource matches its schema', async (t) => {
  for (const resource of descriptor.resources) {
    const { name, path, schema } = resource
    t.match(name, /^[a-z0-9._-]+$/)
    t.notMatch(path, /^\/|\.\.|\\|^[a-z]+:/, 'a path inside the package')
    t.match(resource, { type: 'table', format: 'csv', mediatype: 'text/csv', encoding: 'utf-8' })
    t.match(resource, { dialect: { delimiter: ',', lineTerminator: '\n', header: true } })
    const bytes = entries.get(path)
    t.equal(bytes?.length, resource.bytes, path)
    t.equal(`sha256:${digestOf(bytes ?? '')}`, resource.hash)
    const [header = [], ...rows] = parse(bytes ?? '') as string[][]
    const fields = schema.fields.map((field) => field.name)
    t.same(header, fields, 'fieldsMatch is exact by default')
    const types = ['string', 'number', 'integer', 'boolean', 'list', 'datetime', 'date']
    for (const { type } of schema.fields) t.ok(types.includes(type), type)
    const keys = rows.map((row) => JSON.stringify(schema.primaryKey.map((key) => row[fields.indexOf(key)])))
    t.equal(new Set(keys).size, rows.length, 'the primary key is unique')
  }
})

t.test('foreign keys refer to the code lists, and every value is found', async (t) => {
  const [records] = descriptor.resources
  const keys = records?.schema.foreignKeys ?? []
  t.same(
    keys.map(({ fields }) => fields),
    [['district']],
    'a list of codes can not be a foreign key',
  )
  for (const { fields, reference } of keys) {
    const target = descriptor.resources.find(({ name }) => name === reference.resource)
    t.same(reference.fields, target?.schema.primaryKey)
    const codes = (parse(entries.get(target?.path ?? '') ?? '') as string[][]).map(([code]) => code)
    const column = trialFields.findIndex(({ name }) => name === fields[0])
    for (const row of trialRows) t.ok(row[column] === null || codes.includes(row[column] ?? ''))
  }
  t.ok(entries.has('codes/venue-activities.csv'), 'its code list is included nevertheless')
})

t.test('the CSV inside is the plain file', async (t) => {
  const csv = await bytesOf('csv', trialRows)
  t.ok(entries.get('data/trial-2025-v1.csv')?.equals(csv))
  t.match(String(entries.get('README.md')), /许可 Licence: .*CC-BY-4.0/)
  t.same([...entries.keys()].slice(0, 2), ['datapackage.json', 'README.md'])
})

t.test('unzip verifies it', { skip: installed('unzip') ? false : 'unzip is not installed' }, async (t) => {
  const folder = await temporaryFolder('unzip')
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  for (const name of ['zip', 'xlsx']) {
    await writeFile(join(folder, name), await bytesOf(name, trialRows))
    t.match(execFileSync('unzip', ['-t', join(folder, name)], { encoding: 'utf8' }), 'No errors detected')
  }
})
