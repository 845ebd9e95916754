/**
 * A year's list through its corrections: a due date that moves, an item that leaves, evidence that is
 * withdrawn, a joint item, several editions; then the next year's list beside it. Over HTTP, as a file, and
 * by the command line.
 */
import { readFile } from 'node:fs/promises'
import { parse } from 'csv-parse/sync'
import t from 'tap'
import { properties, publicName } from '../../src/annual-lists/promise.ts'
import { run } from '../../src/cli.ts'
import { canonicalJson, digestOf } from '../../src/platform/digest.ts'
import { withdraw } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, sampleRows } from '../support/open-test-context.ts'
import { callCli } from '../support/run-cli.ts'

interface Rates {
  readonly items: number
  readonly states: Readonly<Record<string, number>>
  readonly completion: number | null
  readonly onTime: number | null
}

interface Item {
  readonly number: string
  readonly name: string
  readonly state: string
  readonly due: string | null
  readonly firstDue: string | null
  readonly moves: readonly { from: string; to: string | null; by: { version: number; reason: string } }[]
  readonly left: { version: number; reason: string; href: string } | null
  readonly firstPublished: string | null
  readonly periods: readonly {
    edition: string | null
    state: string
    versions: number
    lastPublished: string | null
    withdrawn: { reason: string } | null
  }[]
}

interface List {
  readonly rates: Rates
  readonly byProvider: readonly { provider: string; rates: Rates }[]
  readonly byTheme: readonly { theme: string; rates: Rates }[]
  readonly byRhythm: readonly { rhythm: string; title: object; rates: Rates }[]
  readonly byShareClass: readonly { shareClass: string; rates: Rates }[]
  readonly unlisted: readonly { slug: string }[]
  readonly items: readonly Item[]
  readonly links: Readonly<Record<string, unknown>>
}

interface Diff {
  readonly against: string | null
  readonly differences: readonly {
    from: { year: string; version: number | null }
    to: { year: string; version: number | null }
    reason: string | null
    added: readonly { name: string; reasons: readonly { reason: string }[] }[]
    dropped: readonly { name: string; reasons: readonly { reason: string }[] }[]
    changed: readonly { name: string; changes: readonly object[]; reasons: readonly { reason: string }[] }[]
    unchanged: number
  }[]
  readonly links: Readonly<Record<string, string>>
}

const plan = 'annual-open-data-list'
const place = [field('place', 'string', { role: 'key', constraints: { required: true } })]
const small = (dataset: string, more = {}) =>
  contractOf(place, ['place'], { dataset, themes: ['health'], ...more })

const testContext = await openTestContext(t, {
  contracts: [small('pools'), small('courts', { period: 'school-year' }), small('halls'), small('gyms')],
  shipped: [plan],
  at: '2026-01-10T04:00:00Z',
})
const { get, take, publish, moveTo } = testContext
const json = async <T>(url: string) => (await get(url)).json<T>()

const [sample] = await sampleRows(plan, '2026', 0)
const head = sample?.rows ?? ''
/** number, providers, name, theme, due, rhythm, dataset, edition */
const row = (...[number, providers, name, theme, due, rhythm, dataset, edition]: readonly string[]) =>
  `${number},${providers},${name},,,${theme},${due},${rhythm},general,unconditional,file,${dataset},${edition}\n`

const pools = (due: string) =>
  row('1', '市体育局;市教育委员会', '泳池', '文化娱乐', due, 'yearly', 'pools', '2026')
const courts = (name = '球场') =>
  row('2', '市教育委员会', name, '', '2026-03-31', 'half-yearly', 'courts', '2025-2026')
const early = row('3', '市教育委员会', '球场（往年）', '', '2026-03-31', 'yearly', 'courts', '2024-2025')
const canteens = row('4', '市教育委员会', '食堂', '教育科技', '2026-02-28', 'yearly', '', '')
const buses = row('5', '市教育委员会', '校车', '教育科技', '2026-12-31', 'irregular', '', '')

async function bring(dataset: string, edition: string, rows: string, at: string, reason?: string) {
  moveTo(at)
  await take({ dataset, edition, rows })
  await publish(dataset, edition, reason === undefined ? {} : { reason })
}

const takeBack = (dataset: string, edition: string, version: number) =>
  withdraw(testContext.context, { dataset, edition, version, reason: '有误', actor: 'cli:test' })

const states = (list: List) => Object.fromEntries(list.items.map(({ name, state }) => [name, state]))
const itemOf = (list: List, name: string) => list.items.find((item) => item.name === name)

t.test('a due date that moves stays visible, and lateness is measured against the first', async (t) => {
  const first = head + pools('2026-02-15') + courts() + early + canteens + buses
  await bring(plan, '2026', first, '2026-01-10T04:00:00Z')
  const second = head + pools('2026-06-30') + courts('球场和场地') + early + canteens + buses
  await bring(plan, '2026', second, '2026-02-10T04:00:00Z', '泳池检修')
  await bring('pools', '2026', 'place\n东\n', '2026-02-20T04:00:00Z')

  const list = await json<List>('/v1/lists/2026')
  t.match(itemOf(list, '泳池'), {
    state: 'late',
    due: '2026-06-30',
    firstDue: '2026-02-15',
    firstPublished: '2026-02-20',
    moves: [{ from: '2026-02-15', to: '2026-06-30', by: { version: 2, reason: '泳池检修' } }],
    left: null,
  })
  t.match(itemOf(list, '球场和场地'), { state: 'planned', firstDue: '2026-03-31', moves: [] })
  moveTo('2026-03-01T04:00:00Z')
  t.equal(states(await json<List>('/v1/lists/2026'))['食堂'], 'overdue')
})

t.test('an item that leaves the list is shown with the reason, and a missed date stays missed', async (t) => {
  const third = head + pools('2026-06-30') + courts('球场和场地') + early + buses
  await bring(plan, '2026', third, '2026-03-05T04:00:00Z', '食堂数据不再采集')
  const list = await json<List>('/v1/lists/2026')
  t.match(itemOf(list, '食堂'), {
    state: 'withdrawn',
    firstDue: '2026-02-28',
    left: { version: 3, reason: '食堂数据不再采集' },
  })
  t.equal((await get(itemOf(list, '食堂')?.left?.href ?? '')).status, 200)
  t.equal(list.items.at(-1)?.name, '食堂', 'after those on the list')
  t.same(list.rates, {
    items: 5,
    states: { published: 0, late: 1, planned: 3, overdue: 0, withdrawn: 1 },
    completion: 0.25,
    onTime: 0,
  })
  const years = await json<{ data: readonly { year: string; rates: Rates }[] }>('/v1/lists')
  t.same(
    years.data.map(({ year, rates }) => [year, rates]),
    [['2026', list.rates]],
  )
  const page = (await get('/?lang=en')).text
  t.match(page, /state=late&amp;lang=en"><strong>1<\/strong>open, but late</)
  t.match(page, /state=withdrawn&amp;lang=en"><strong>1<\/strong>removed from the list</)
})

t.test('each edition of a dataset has a state of its own', async (t) => {
  await bring('courts', '2024-2025', 'place\n南\n', '2026-03-31T15:59:59Z')
  await bring('courts', '2024-2025', 'place\n南\n北\n', '2026-04-02T04:00:00Z', '补充')
  await bring('courts', '2025-2026', 'place\n南\n', '2026-04-03T04:00:00Z')
  const list = await json<List>('/v1/lists/2026')
  t.match(itemOf(list, '球场（往年）'), {
    state: 'published',
    firstPublished: '2026-03-31',
    periods: [{ edition: '2024-2025', state: 'published', versions: 2, lastPublished: '2026-04-02' }],
  })
  t.match(itemOf(list, '球场和场地'), { state: 'late', periods: [{ edition: '2025-2026', state: 'late' }] })
  t.match(itemOf(list, '校车'), {
    state: 'planned',
    periods: [{ edition: null, versions: 0, withdrawn: null }],
  })
})

t.test('withdrawn evidence without a successor counts as unpublished', async (t) => {
  await takeBack('courts', '2024-2025', 2)
  t.match(itemOf(await json<List>('/v1/lists/2026'), '球场（往年）'), { state: 'published' })
  await takeBack('courts', '2024-2025', 1)
  t.match(itemOf(await json<List>('/v1/lists/2026'), '球场（往年）'), {
    state: 'overdue',
    firstPublished: null,
    periods: [{ edition: '2024-2025', versions: 0, lastPublished: null, withdrawn: { reason: '有误' } }],
  })
})

t.test('a joint item counts once in the total and under each of its providers, by theme too', async (t) => {
  const list = await json<List>('/v1/lists/2026')
  const shares = (of: readonly { rates: Rates }[], name: string) =>
    of.map((one) => [(one as unknown as Record<string, unknown>)[name], one.rates.items])
  t.equal(list.rates.items, 5)
  t.same(shares(list.byProvider, 'provider'), [
    ['市体育局', 1],
    ['市教育委员会', 5],
  ])
  // If the list names no theme, the themes of the dataset are used.
  t.same(shares(list.byTheme, 'theme'), [
    ['文化娱乐', 1],
    ['卫生健康', 2],
    ['教育科技', 2],
  ])
  t.match(list.byRhythm, [
    { rhythm: 'yearly', title: { zh: '每年' } },
    { rhythm: 'half-yearly' },
    { rhythm: 'irregular' },
  ])
  t.same(shares(list.byShareClass, 'shareClass'), [['general', 5]])
})

t.test('open datasets that are in no list are reported', async (t) => {
  const list = await json<List>('/v1/lists/2026')
  // The list does not promise itself either.
  t.same(
    list.unlisted.map(({ slug }) => slug),
    [plan, 'gyms', 'halls'],
  )
})

t.test('the list as a file', async (t) => {
  const read = async (query: string) =>
    parse((await get(`/v1/lists/2026.csv${query}`)).text, { columns: true, bom: true }) as Record<
      string,
      string
    >[]
  const rows = await read('')
  t.match(
    rows.map((one) => [
      one['name'],
      one['state'],
      one['first_published'],
      one['first_due'],
      one['list_reason'],
    ]),
    [
      ['泳池', 'late', '2026-02-20', '2026-02-15', '泳池检修'],
      ['球场和场地', 'late', '2026-04-03', '2026-03-31', ''],
      ['球场（往年）', 'overdue', '', '2026-03-31', ''],
      ['校车', 'planned', '', '2026-12-31', ''],
      ['食堂', 'withdrawn', '', '2026-02-28', '食堂数据不再采集'],
    ],
  )
  t.match((await read('?header=labels'))[0], { 数据项名称: '泳池', 状态: 'late' })
  t.match((await read('?header=labels&lang=en&bom=1'))[0], { Item: '泳池', State: 'late' })
  t.same([...(await get('/v1/lists/2026.csv?bom=1')).bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf])
  t.equal((await get('/v1/lists/2026.csv')).bytes[0], 'n'.charCodeAt(0))
  const excel = await get('/v1/lists/2026.csv?variant=excel')
  t.equal(excel.text, (await get('/v1/lists/2026.csv?header=labels&bom=1')).text)
  t.match((await get('/v1/lists/2026.csv?variant=excel&header=names')).text, /^\ufeffnumber,/)
  const gb18030 = await get('/v1/lists/2026.csv?variant=excel&encoding=gb18030')
  t.equal(gb18030.headers['content-type'], 'text/csv; charset=gb18030')
  t.equal(`\ufeff${new TextDecoder('gb18030').decode(gb18030.bytes)}`, excel.text)
})

t.test('what changed within a year, version by version', async (t) => {
  const diff = await json<Diff>('/v1/lists/2026/diff')
  t.equal(diff.against, null)
  t.match(diff.differences, [
    {
      ...{ from: { version: 1 }, to: { version: 2 }, reason: '泳池检修', unchanged: 3 },
      ...{ added: [], dropped: [] },
      changed: [
        { name: '泳池', changes: [{ property: 'due', from: '2026-02-15', to: '2026-06-30' }] },
        { name: '球场和场地', changes: [{ property: 'name', from: '球场', to: '球场和场地' }] },
      ],
    },
    {
      to: { version: 3 },
      reason: '食堂数据不再采集',
      dropped: [{ name: '食堂' }],
      changed: [],
      unchanged: 4,
    },
  ])
})

t.test('what changed from one year to the next, with reasons', async (t) => {
  const next = (...rows: readonly (readonly string[])[]) => head + rows.map((one) => row(...one)).join('')
  const expected: readonly (readonly string[])[] = [
    ['1', '市体育局;市教育委员会', '泳池', '文化娱乐', '2027-06-30', 'yearly', 'pools', '2027'],
    ['2', '市教育委员会', '球场', '', '2027-05-31', 'half-yearly', 'courts', '2026-2027'],
  ]
  const halls = ['3', '市教育委员会', '礼堂', '', '2027-03-31', 'yearly', 'halls', '2027']
  await bring(
    plan,
    '2027',
    next(...expected, ['4', '市教育委员会', '校车', '教育科技', '2027-12-31', 'irregular', '', '']),
    '2027-01-10T04:00:00Z',
  )
  await bring(plan, '2027', next(...expected, halls), '2027-01-20T04:00:00Z', '校车移交交通部门；新增礼堂')

  const diff = await json<Diff>('/v1/lists/2027/diff?against=2026')
  t.equal(diff.differences.length, 1)
  const [one] = diff.differences
  t.same([one?.from.year, one?.to.year, one?.from.version, one?.reason], ['2026', '2027', null, null])
  t.match(one?.added, [{ name: '礼堂', reasons: [{ reason: '校车移交交通部门；新增礼堂' }] }])
  t.match(one?.dropped, [
    { name: '球场（往年）', reasons: [] },
    { name: '校车', reasons: [{ reason: '校车移交交通部门；新增礼堂' }] },
  ])
  t.match(one?.changed, [
    {
      name: '球场',
      changes: [
        { property: 'name', from: '球场和场地', to: '球场' },
        { property: 'due', from: '2026-03-31', to: '2027-05-31' },
      ],
    },
  ])
  t.equal(one?.unchanged, 1, 'items that only move on with the year have not changed')

  const rows = parse((await get(diff.links['csv'] ?? '')).text, { columns: true }) as Record<string, string>[]
  t.same(
    rows.map(({ from, to, change, name, property, before, after }) =>
      [from, to, change, name, property, before, after].join(' ').trim(),
    ),
    [
      '2026 2027 added 礼堂',
      '2026 2027 dropped 球场（往年）',
      '2026 2027 dropped 校车',
      '2026 2027 changed 球场 name 球场和场地 球场',
      '2026 2027 changed 球场 due 2026-03-31 2027-05-31',
    ],
  )
  t.match(rows[0], { reason: '校车移交交通部门；新增礼堂' })
  const labelled = await get('/v1/lists/2027/diff.csv?against=2026&header=labels')
  t.match(labelled.text, /^原清单,新清单,变化/)
  t.equal((await get('/v1/lists/2027/diff.csv?against=2026&variant=excel')).text, `\ufeff${labelled.text}`)
  t.equal((await json<Diff>('/v1/lists/2026/diff?against=2027')).differences[0]?.added.length, 2)
})

t.test('a withdrawn version of the list promises nothing', async (t) => {
  const mistaken =
    head + row('1', '市体育局;市教育委员会', '泳池', '', '2027-01-31', 'yearly', 'pools', '2027')
  await bring(plan, '2027', mistaken, '2027-01-25T04:00:00Z', '误传')
  t.equal(itemOf(await json<List>('/v1/lists/2027'), '礼堂')?.state, 'withdrawn')
  await takeBack(plan, '2027', 3)
  const list = await json<List>('/v1/lists/2027')
  t.match(itemOf(list, '泳池'), { due: '2027-06-30', firstDue: '2027-06-30', moves: [], state: 'planned' })
  t.equal(itemOf(list, '礼堂')?.state, 'planned')
  t.equal((await json<Diff>('/v1/lists/2027/diff')).differences.length, 1)
})

t.test('invalid parameters are refused', async (t) => {
  const refused = async (url: string, status: number) => {
    const answer = await get(url)
    t.equal(answer.status, status, url)
    return answer.json<object>()
  }
  t.match(await refused('/v1/lists/1999', 404), { code: 'list-not-found', path: 'year' })
  t.match(await refused('/v1/lists/1999.csv', 404), { code: 'list-not-found' })
  t.match(await refused('/v1/lists/1999/diff', 404), { code: 'list-not-found', path: 'year' })
  t.match(await refused('/v1/lists/2026/diff?against=1999', 404), { code: 'list-not-found', path: 'against' })
  t.match(await refused('/v1/lists/2026/diff?against=2026', 400), {
    code: 'parameter-invalid',
    path: 'against',
  })
  t.match(await refused('/v1/lists/2026/diff?against=26', 400), { path: 'against' })
  t.match(await refused('/v1/lists/2026/diff?agianst=2025', 400), { nearest: 'against' })
  t.match(await refused('/v1/lists/2026.csv?header=title', 400), { path: 'header' })
  t.match(await refused('/v1/lists/2026.csv?headers=labels', 400), { nearest: 'header' })
  t.match(await refused('/v1/lists/2026.csv?encoding=gb18030&bom=1', 400), { path: 'bom' })
  t.match(await refused('/v1/lists/2026.xlsx?variant=excel', 400), { code: 'parameter-unknown' })
  t.match(await refused('/v1/lists/2026x', 404), { code: 'not-found' })
  await refused('/v1/lists/2026%00/diff', 404)
})

t.test('the command line: due items, states, differences', async (t) => {
  const cli = (...args: string[]) => callCli(['list', ...args], testContext.environment)
  interface Due {
    readonly today: string
    readonly until: string
    readonly items: readonly {
      year: string
      name: string
      state: string
      due: string
      dataset: string | null
    }[]
  }
  // A process has the clock of the machine, for which the dates of this list are near, long past or far away.
  const [due, year, items, diff, table] = await Promise.all([
    cli('due', '--within', '1000d', '--json'),
    cli('due', '--within', '2w', '--year', '2026', '--json'),
    cli('items', '--year', '2026', '--json'),
    cli('diff', '2026', '2027', '--json'),
    cli('diff', '2026'),
  ])
  const found = JSON.parse(due.stdout) as Due
  t.same(
    [...found.items].map(({ due: day }) => day),
    found.items.map(({ due: day }) => day).sort(),
  )
  for (const item of found.items) {
    t.ok(item.state === 'overdue' || item.due <= found.until, item.name)
    t.ok(['overdue', 'planned'].includes(item.state))
  }
  t.ok((JSON.parse(year.stdout) as Due).items.every((item) => item.year === '2026'))
  const shown = JSON.parse(items.stdout) as List
  t.equal(shown.items.find(({ name }) => name === '食堂')?.state, 'withdrawn')
  t.ok(shown.items.find(({ name }) => name === '泳池')?.moves.length === 1)
  t.same(JSON.parse(diff.stdout), await json('/v1/lists/2027/diff?against=2026'))
  t.match(table.stdout, /2026 v1 → 2026 v2: 泳池检修\n {2}~ 1 泳池: due 2026-02-15 → 2026-06-30/)
  const [none, same] = await Promise.all([cli('due', '--year', '1999'), cli('diff', '2026', '2026')])
  t.match(none, { code: 4, stderr: /list-not-found/ })
  t.match(same, { code: 4, stderr: /parameter-invalid/ })
})

t.test(
  'a contract with former keywords is served as its file has it, and the API keeps its field names',
  async (t) => {
    const file = JSON.parse(await readFile(`datasets/${plan}/contract.v1.json`, 'utf8'))
    t.same(await json(`/v1/datasets/${plan}/contracts/1`), file)
    const pins = await testContext.context.database.work<{ body: object; digest: string }[]>`
    SELECT body, digest FROM qingdan.contract WHERE dataset = ${plan} AND contract_version = 1`
    t.same(pins, [{ body: file, digest: digestOf(canonicalJson(file)) }])
    t.match(await json(`/v1/datasets/${plan}`), {
      rhythm: 'yearly',
      shareWays: ['interface', 'file', 'offline'],
    })
    t.same(properties.map(publicName).slice(7, 11), ['rhythm', 'shareClass', 'openClass', 'shareWays'])
  },
)

t.test('an invalid command line ends with exit code 2 before anything is opened', async (t) => {
  for (const args of [
    ['due', '--within', '30'],
    ['due', '--within', '1001d'],
    ['due', '--within', ''],
    ['items', '--year', '26'],
    ['items', '2026'],
    ['diff'],
    ['diff', 'last', 'this'],
    ['diff', '2025', '2026', '2027'],
    ['duty'],
  ])
    t.equal(await run(['list', ...args]), 2, args.join(' '))
})
