/**
 * Words in the free texts of records: every page of a walk, in any order, holds exactly the records that contain all
 * words, as a filter over the rows in memory finds them. The table is larger than what a search looks at first.
 */
import t from 'tap'
import { lookedMax } from '../../src/records/read/sql.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const dataset = 'bridge-register'
const required = { constraints: { required: true } }
const contract = contractOf(
  [
    field('bridge', 'string', { role: 'key', ...required }),
    field('level', 'integer', { role: 'measure' }),
    field('theme', 'string', { codes: 'themes' }),
    field('remark', 'string'),
    field('uses', 'list', { separators: [';'] }),
  ],
  ['bridge'],
  { dataset, themes: ['education'], indexes: [['level']] },
)
const coded = contractOf(
  [field('theme', 'string', { role: 'key', codes: 'themes', ...required })],
  ['theme'],
  { dataset: 'coded-register', themes: ['education'] },
)
const testContext = await openTestContext(t, { contracts: [contract, coded] })
const { get } = testContext

interface Bridge {
  readonly bridge: string
  readonly level: number | null
  readonly remark: string | null
  readonly uses: readonly string[] | null
}

const count = lookedMax + 5_000
const all: readonly Bridge[] = Array.from({ length: count }, (_, n) => ({
  bridge: `b${String(n).padStart(6, '0')}`,
  level: n % 5 === 0 ? null : n % 7,
  remark: remarkOf(n),
  uses: n % 3 === 0 ? ['步行', n === count - 1 ? 'Ferry' : 'Bicycle'] : null,
}))

function remarkOf(n: number): string | null {
  // Rare ones are beyond what a search looks at first; the last holds what means something in a pattern.
  if (n === lookedMax + 100 || n === lookedMax + 2_000) return '外滩 观景'
  if (n === count - 10) return '100% a_b \\ c'
  return n % 2 === 0 ? 'Stone 石桥' : null
}

const rows = (part: readonly Bridge[]) =>
  part
    .map(
      (one) =>
        `${one.bridge},${one.level ?? ''},education,${one.remark ?? ''},${one.uses?.join(';') ?? ''}\n`,
    )
    .join('')
await testContext.take({ dataset, edition: '2025', rows: `bridge,level,theme,remark,uses\n${rows(all)}` })
await testContext.publish(dataset, '2025')
await testContext.take({
  dataset,
  edition: '2024',
  rows: `bridge,level,theme,remark,uses\n${rows(all.slice(-50))}`,
})
await testContext.publish(dataset, '2024')
await testContext.take({ dataset: 'coded-register', edition: '2025', rows: 'theme\neducation\n' })
await testContext.publish('coded-register', '2025')
await testContext.context.database.work.unsafe('ANALYZE')

const contains = (word: string) => (one: Bridge) =>
  [one.bridge, one.remark ?? '', ...(one.uses ?? [])].some((text) =>
    text.toLowerCase().includes(word.toLowerCase()),
  )

const found = (q: string) => all.filter((one) => q.split(/\s+/).every((word) => contains(word)(one)))

interface Page {
  readonly data: readonly Bridge[]
  readonly meta: { readonly count?: number }
  readonly links: { readonly next: string | null }
}

const records = `/v1/datasets/${dataset}/records`

async function walk(query: string, pagesMax = Number.POSITIVE_INFINITY): Promise<readonly string[]> {
  const names: string[] = []
  let next: string | null = `${records}?${query}`
  for (let pages = 0; next !== null && pages < pagesMax; pages += 1) {
    const answer = await get(next)
    if (answer.status !== 200) throw new Error(answer.text)
    const page: Page = answer.json()
    names.push(...page.data.map(({ bridge }) => bridge))
    next = page.links.next
  }
  return names
}

const q = (words: string) => `edition=2025&q=${encodeURIComponent(words)}`

t.test('rare words, several words and characters of patterns', async (t) => {
  for (const words of [
    '外滩',
    '滩 观景',
    '观景  外滩',
    'FERRY',
    'b024999',
    '100%',
    'a_b',
    '%',
    '_',
    '\\',
    'a%b',
    '不存在',
  ]) {
    const expected = found(words).map(({ bridge }) => bridge)
    t.same(await walk(`${q(words)}&limit=1`), expected, words)
    t.same(await walk(q(words)), expected, words)
    const sorted = await walk(`${q(words)}&sort=-level&limit=2`)
    t.same([...sorted].sort(), expected, `${words}, sorted`)
    const { meta }: Page = (await get(`${records}?${q(words)}&count=exact`)).json()
    t.equal(meta.count, expected.length)
  }
})

t.test('frequent words: whole pages from the beginning, and a walk to the end', async (t) => {
  const expected = found('石桥').map(({ bridge }) => bridge)
  t.same(await walk(`${q('石桥')}&limit=100`, 3), expected.slice(0, 300))
  t.same(await walk(`${q('石桥')}&limit=5000`), expected)
  const byLevel = await walk(`${q('石桥')}&sort=-level&limit=5000`)
  t.same([...byLevel].sort(), expected)
  const csv = (await get(`/v1/datasets/${dataset}/records.csv?${q('石桥')}&select=bridge`)).text
  t.same(csv.trim().split('\n').slice(1), expected)
  t.same(await walk(`edition=all&q=Ferry`), ['b024999', 'b024999'], 'in every edition')
})

t.test('it is combined with filters, and CKAN finds the same', async (t) => {
  const expected = found('石桥').filter(({ level }) => level === 3)
  t.same(
    await walk(`${q('石桥')}&level=3&limit=5000`),
    expected.map(({ bridge }) => bridge),
  )
  const { result } = (await get(`/api/3/action/package_show?id=${dataset}`)).json<{
    result: { resources: readonly { id: string; datastore_active: boolean; edition: string }[] }
  }>()
  const table = result.resources.find((one) => one.datastore_active && one.edition === '2025')?.id
  for (const words of ['外滩', '石桥']) {
    const answer = await get(
      `/api/3/action/datastore_search?resource_id=${table}&limit=10&offset=1&q=${encodeURIComponent(words)}`,
    )
    const { records: own, total } = answer.json<{ result: { records: readonly Bridge[]; total: number } }>()
      .result
    t.equal(total, found(words).length)
    t.same(
      own.map(({ bridge }) => bridge),
      found(words)
        .slice(1, 11)
        .map(({ bridge }) => bridge),
    )
  }
})

t.test('what cannot be searched is refused with what to do', async (t) => {
  const refused = async (address: string) => (await get(address)).json()
  const words = Array.from({ length: 11 }, (_, n) => `w${n}`).join('+')
  t.match(await refused(`${records}?q=${words}`), {
    code: 'parameter-invalid',
    path: 'q',
    detail: /1 to 10 words/,
  })
  t.equal((await get(`${records}?q=${words.replace('w10', 'w9')}`)).status, 200)
  t.match(await refused(`${records}?q=+`), { code: 'parameter-invalid', path: 'q' })
  t.match(await refused('/v1/datasets/coded-register/records?q=x'), {
    code: 'parameter-invalid',
    path: 'q',
    detail: /no free texts/,
  })
})

t.test('the label of a code instead of the code is named with its parameter', async (t) => {
  const answer = await get(`${records}?theme=${encodeURIComponent('教育科技')}`)
  t.match(answer.json(), {
    code: 'parameter-invalid',
    path: 'theme',
    detail: /`theme__label=教育科技`/,
    nearest: 'education',
  })
  t.equal((await get(`${records}?theme__label=${encodeURIComponent('教育科技')}`)).status, 200)
})
