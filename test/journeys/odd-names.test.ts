/**
 * Names that a contract may use although other languages reserve them: words that SQL reserves, names that
 * our own statements use, `constructor`, and the longest name allowed. Several parts, a disclosure rule,
 * every intake channel.
 */
import t from 'tap'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const dataset = 'odd-names'
const longest = `a${'_b'.repeat(24)}c`
const required = { constraints: { required: true } }
const keys = ['part', 'times', 'all'] as const
const texts = ['order', 'user', 'constructor', 'every', 'counted', 'records']
const more = ['derived', 'row', 'data', 'n', 'number', 'name', 'file', 'valueof', longest]
const fields = [
  ...keys.map((name) => field(name, 'string', { role: 'key', ...required })),
  ...[...texts, ...more].map((name) => field(name, 'string')),
  field('group', 'integer', { role: 'count' }),
  field('table', 'list', { separators: ['、'], title: { zh: '表😀"\'\\', en: 'Ta$1ble %s' } }),
]
const contract = contractOf(fields, keys, {
  dataset,
  themes: ['education'],
  parts: [{ provider: 'edu-310101' }, { provider: 'edu-310104' }],
  indexes: [['order'], ['table'], ['constructor', 'user']],
  formats: ['csv', 'csv.gz', 'ndjson'],
})
const { bring, take, findingsOf, publish, get } = await openTestContext(t, { contracts: [contract] })
const names = fields.map(({ name }) => name)
const header = names.join(',')
const row = (key: string) =>
  [key, 'k', 'k', ...[...texts, ...more].map((name) => `${key}-${name}`), '7', 'x;y'].join(',')
const part = (provider: string, ...rows: readonly string[]) => ({
  dataset,
  edition: '2025',
  provider,
  rows: `${[header, ...rows].join('\n')}\n`,
})

t.test('keys that two parts share are found', async (t) => {
  await take(part('edu-310101', row('a')))
  await take(part('edu-310104', row('a')))
  const refused = await publish(dataset, '2025')
  t.equal(refused.state, 'refused')
  t.equal(refused.findings.length, 2)
})

t.test('the whole pipeline works', async (t) => {
  await take(part('edu-310104', row('b')))
  t.equal((await publish(dataset, '2025')).state, 'done')
  const file = `/v1/datasets/${dataset}/editions/2025/versions/1/files/${dataset}-2025-v1`
  t.equal((await get(`${file}.csv`)).text, `${[header, row('a'), row('b')].join('\n')}\n`)
  const found: unknown[] = []
  for (const name of [...keys, ...texts, ...more]) {
    const value = name === 'part' ? 'b' : keys.some((key) => key === name) ? 'k' : `b-${name}`
    const answer = await get(`/v1/datasets/${dataset}/records?${name}=${value}`)
    const { data } = answer.json<{ data?: readonly Record<string, unknown>[] }>()
    found.push([name, answer.status, data?.at(-1)?.['constructor']])
  }
  t.same(
    found,
    [...keys, ...texts, ...more].map((name) => [name, 200, 'b-constructor']),
  )
  t.equal((await get(`/v1/datasets/${dataset}/records?group=7&table=x`)).status, 200)
  t.equal((await get(`/v1/datasets/${dataset}/openapi.json`)).status, 200)
  t.equal((await get(`/v1/datasets/${dataset}/contracts/1/json-schema`)).status, 200)
})

t.test('a duplicate header of such a name is a finding', async (t) => {
  const receipt = await bring({
    ...part('edu-310101', row('a')),
    rows: `${header},constructor\n${row('a')},z\n`,
  })
  t.match(await findingsOf(receipt), [{ check: 'header-doubled', header: 'constructor' }])
})

t.test('a name that PostgreSQL gives to a column of every table is refused at the start', async (t) => {
  for (const name of ['cmax', 'cmin', 'ctid', 'tableoid', 'xmax', 'xmin']) {
    const wrong = contractOf([field(name, 'string', { role: 'key', ...required })], [name], {
      themes: ['education'],
    })
    await t.rejects(openTestContext(t, { contracts: [wrong] }), /is a reserved name/, name)
  }
})
