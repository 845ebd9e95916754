/** Two annual lists of one year, of two authorities and with different fields, are read as one list. */
import { parse } from 'csv-parse/sync'
import t from 'tap'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const required = { constraints: { required: true } }
const listOf = (dataset: string, prefix: string, more: readonly ReturnType<typeof field>[]) =>
  contractOf(
    [
      field('number', 'integer', {
        role: 'key',
        title: { zh: `${prefix}编号`, en: `${prefix} number` },
        ...required,
      }),
      field('name', 'string', required),
      field('providers', 'list', { separators: ['、'], ...required }),
      ...more,
    ],
    ['number'],
    {
      dataset,
      themes: ['education'],
      kind: { name: 'annual-list', bind: { number: 'number', name: 'name', providers: 'providers' } },
    },
  )
const schools = listOf('list-of-schools', 'School', [field('remark', 'string')])
const sports = listOf('list-of-sports', 'Sport', [field('hall', 'string'), field('remark', 'string')])

const { take, publish, get } = await openTestContext(t, { contracts: [schools, sports] })

t.test('they are joined in JSON and in CSV, each value under its own name', async (t) => {
  const edition = '2026'
  await take({
    dataset: 'list-of-schools',
    edition,
    rows: 'number,name,providers,remark\n1,校历,甲、乙,公开\n',
  })
  await take({
    dataset: 'list-of-sports',
    edition,
    rows: 'number,name,providers,hall,remark\n1,场馆,乙,东馆,\n',
  })
  await publish('list-of-schools', edition)
  await publish('list-of-sports', edition)

  const list = (await get('/v1/lists/2026')).json<{
    rates: { items: number }
    byProvider: { provider: string; rates: { items: number } }[]
    items: { name: string; record: Record<string, unknown> }[]
    links: { versions: string[] }
  }>()
  t.equal(list.rates.items, 2)
  t.same(
    list.byProvider.map(({ provider, rates }) => [provider, rates.items]).sort(),
    [
      ['乙', 2],
      ['甲', 1],
    ].sort(),
  )
  t.same(
    list.items.map(({ record }) => record).sort(byName),
    [
      { number: 1, name: '场馆', providers: ['乙'], hall: '东馆', remark: null },
      { number: 1, name: '校历', providers: ['甲', '乙'], remark: '公开' },
    ].sort(byName),
  )
  t.equal(list.links.versions.length, 2)
  for (const version of list.links.versions) t.equal((await get(version)).status, 200)

  const rows = parse((await get('/v1/lists/2026.csv')).text, { columns: true }) as Record<string, string>[]
  t.same(
    rows.find(({ name }) => name === '校历'),
    {
      number: '1',
      name: '校历',
      providers: '甲;乙',
      remark: '公开',
      hall: '',
      state: 'planned',
      first_published: '',
      first_due: '',
      list_reason: '',
    },
  )
  t.equal(rows.find(({ name }) => name === '场馆')?.['hall'], '东馆')
})

function byName(a: Record<string, unknown>, b: Record<string, unknown>): number {
  return String(a['name']) < String(b['name']) ? -1 : 1
}
