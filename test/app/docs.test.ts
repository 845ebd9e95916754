import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { type Contracts, loadContracts } from '../../src/contract/index.ts'
import { drift, writeOpenapi } from '../../src/openapi-file.ts'
import { testHouse } from '../support/house.ts'

const reading = {
  dataset: 'reading-rooms',
  contractVersion: 1,
  title: { zh: '阅览室', en: 'Reading rooms' },
  description: { zh: '合成的阅览室名录。', en: 'A made-up directory of reading rooms.' },
  themes: ['education'],
  keywords: [{ zh: '阅读', en: 'reading' }],
  providers: ['education-commission'],
  licence: { name: 'CC-BY-4.0', title: { zh: '署名 4.0', en: 'Attribution 4.0' } },
  source: { zh: '合成', en: 'Synthetic' },
  period: 'year',
  rhythm: 'yearly',
  shareClass: 'unconditional',
  openClass: 'unconditional',
  shareWays: ['interface'],
  fields: [
    {
      name: 'room',
      type: 'string',
      role: 'key',
      title: { zh: '名称', en: 'Room' },
      description: { zh: '阅览室名称。', en: 'Name of the room.' },
      example: 'North',
      constraints: { required: true },
    },
    {
      name: 'seats',
      type: 'integer',
      role: 'measure',
      title: { zh: '座位', en: 'Seats' },
      description: { zh: '座位数。', en: 'Number of seats.' },
      example: '40',
    },
    {
      name: 'shade',
      type: 'string',
      role: 'dimension',
      codes: 'shades',
      title: { zh: '色', en: 'Shade' },
      description: { zh: '墙色。', en: 'Colour of the walls.' },
    },
  ],
  primaryKey: ['room'],
  missingValues: [''],
  formats: ['csv'],
}

/** A folder of contracts with one open and one closed dataset, and the code lists that ship with the code. */
async function contractFolder(folder: string): Promise<string> {
  await cp('datasets/codes', join(folder, 'codes'), { recursive: true })
  await writeFile(join(folder, 'codes', 'shades.csv'), 'code,zh,en\nwhite,白,White\ngreen,绿,Green\n')
  const first = (list: string) => readFile(join('datasets/codes', `${list}.csv`), 'utf8').then(firstCode)
  const own = {
    providers: [await first('providers')],
    themes: [await first('themes')],
    rhythm: await first('rhythms'),
    shareClass: await first('share-classes'),
    shareWays: [await first('share-ways')],
  }
  const open = (await readFile('datasets/codes/open-classes.csv', 'utf8'))
    .split('\n')
    .slice(1)
    .map((line) => line.split(',')[0] ?? '')
    .find((code) => code !== '' && code !== 'not-open')
  for (const contract of [
    { ...reading, ...own, openClass: open },
    { ...reading, ...own, dataset: 'closed-rooms', openClass: 'not-open' },
  ]) {
    await mkdir(join(folder, contract.dataset), { recursive: true })
    await writeFile(join(folder, contract.dataset, 'contract.v1.json'), JSON.stringify(contract, null, 2))
  }
  return folder
}

function firstCode(csv: string): string {
  return csv.split('\n')[1]?.split(',')[0] ?? ''
}

/** The app with these contracts; none of the tests here reads a record. */
const appWith = (contracts: Contracts) => buildApp(testHouse({}, { contracts }).house)

t.test('the OpenAPI is valid 3.1, with and without datasets', async (t) => {
  const contracts = await loadContracts({ folders: [await contractFolder(t.testdir())] })
  for (const app of [await buildApp(testHouse().house), await appWith(contracts)]) {
    t.teardown(() => app.close())
    const document = (await app.inject('/openapi.json')).json()
    t.equal(document.openapi, '3.1.0')
    const result = await new Validator().validate(document)
    t.same(result.valid ? [] : result.errors, [])
    const ids = Object.values(
      document.paths as Record<string, Record<string, { operationId?: string }>>,
    ).flatMap((operations) => Object.values(operations).map(({ operationId }) => operationId))
    t.ok(ids.length >= 15)
    t.notOk(ids.includes(undefined), 'every operation has a name')
    t.equal(new Set(ids).size, ids.length, 'and no two the same')
  }
})

t.test('each open dataset has operations of its own; a closed one is not named', async (t) => {
  const contracts = await loadContracts({ folders: [await contractFolder(t.testdir())] })
  const app = await appWith(contracts)
  t.teardown(() => app.close())
  const answer = await app.inject('/openapi.json')
  t.notMatch(answer.body, /closed-rooms/)
  const document = answer.json()
  const own = document.paths['/v1/datasets/reading-rooms/records'].get
  t.ok(document.paths['/v1/datasets/reading-rooms/editions/{edition}/versions/{version}/records'])
  t.ok(document.paths['/v1/datasets/{slug}/records'], 'the generic one stays')
  const parameters = own.parameters as {
    name: string
    schema: Record<string, unknown>
    description: string
  }[]
  t.same(
    parameters.map(({ name }) => name),
    ['edition', 'limit', 'cursor', 'room', 'seats', 'shade'],
  )
  t.match(parameters[4], { schema: { type: 'integer', examples: [40] } })
  t.match(parameters[5], { schema: { enum: ['white', 'green'] }, description: /`green` 绿 Green/ })
  const reference = own.responses['200'].content['application/json'].schema.properties.data.items.$ref
  t.equal(reference, '#/components/schemas/reading-rooms.record')
  t.match(document.components.schemas['reading-rooms.record'], {
    type: 'object',
    properties: { seats: { title: /座位/ } },
  })
  const problemSchema = own.responses['404'].content['application/problem+json'].schema
  t.same(problemSchema, { $ref: '#/components/schemas/Problem' })
})

t.test('the document has an ETag and is the one that /docs shows', async (t) => {
  const app = await buildApp(testHouse().house)
  t.teardown(() => app.close())
  const first = await app.inject('/openapi.json')
  const etag = String(first.headers.etag)
  const again = await app.inject({ url: '/openapi.json', headers: { 'if-none-match': etag } })
  t.equal(again.statusCode, 304)
  t.equal(again.body, '')
  t.same((await app.inject('/docs/json')).json(), first.json())
})

t.test('/docs loads all it needs from here', async (t) => {
  const app = await buildApp(testHouse().house)
  t.teardown(() => app.close())
  const page = await app.inject('/docs')
  t.equal(page.statusCode, 200)
  t.match(page.body, /<title>Qingdan 清单 API<\/title>/)
  const loaded = [...page.body.matchAll(/\s(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '')
  t.ok(loaded.length >= 6)
  for (const address of loaded) {
    t.match(address, /^\/docs\/static\//, 'an address of ours')
    t.equal((await app.inject(address)).statusCode, 200, address)
  }
  t.notMatch(
    page.body,
    /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=/,
    'nothing that the policy forbids',
  )
  for (const sheet of loaded.filter((address) => address.endsWith('.css'))) {
    t.notMatch((await app.inject(sheet)).body, /url\(["']?(?:https?:)?\/\//, `${sheet} fetches nothing`)
  }
})

t.test('openapi.yaml is made of routes and contracts alone, always the same bytes', async (t) => {
  const folder = await contractFolder(t.testdir())
  const [one, two] = [await writeOpenapi([folder]), await writeOpenapi([folder])]
  t.equal(one, two)
  t.match(one, /^openapi: 3\.1\.0\n/)
  t.match(one, /\n {4}reading-rooms\.record:\n/)
  t.match(
    drift(one.replace('Reading rooms', 'Rooms'), one).join('\n'),
    /^openapi\.yaml differs .*\n- .*Rooms[\s\S]*\+ /,
  )
  t.match(drift(one, `${one}more: 1\n`).join('\n'), /\+ more: 1/)
})
