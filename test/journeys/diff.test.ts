/**
 * Differences between two versions over HTTP: of one edition and of two, as JSON with the counts first and as
 * CSV, under different contracts; nothing withheld or withdrawn; and refusals.
 */
import { parse } from 'csv-parse/sync'
import t from 'tap'
import { withdraw } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const required = { constraints: { required: true } }
const dataset = 'class-register'
const cell = field('cell', 'string', { role: 'key', ...required })
const pupils = field('pupils', 'integer', { role: 'count', constraints: { minimum: 0 } })
const rate = field('rate', 'number', { role: 'measure', scale: 1 })
const status = field('status', 'string', { role: 'status' })
const v1 = contractOf([cell, pupils, rate, status], ['cell'], {
  dataset,
  themes: ['education'],
  disclosure: {
    ...{ rule: 'minimum-count', count: 'pupils', minimum: 10 },
    ...{ withhold: ['pupils', 'rate'], status: 'status' },
  },
})
const v2 = { ...v1, contractVersion: 2, fields: [...v1.fields, field('note', 'string')] }
const v3 = {
  ...v2,
  contractVersion: 3,
  fields: [...v2.fields, field('area', 'string', required)],
  primaryKey: ['area'],
}
const closed = contractOf([cell], ['cell'], {
  dataset: 'closed-register',
  themes: ['education'],
  openClass: 'not-open',
  shareClass: 'on-demand',
})
const testContext = await openTestContext(t, { contracts: [v1, v2, v3, closed] })
const { get, context } = testContext
const at = (edition: string, version: number | string) =>
  `/v1/datasets/${dataset}/editions/${edition}/versions/${version}`

interface Diff {
  readonly counts: object
  readonly data: readonly object[]
  readonly links: Readonly<Record<string, string>>
}

await testContext.take({
  dataset,
  edition: '2024',
  rows: 'cell,pupils,rate\na,20,50.0\nb,30,60.0\nc,7,11.1\nd,40,1.0\n',
})
await testContext.publish(dataset, '2024')
await testContext.take({
  dataset,
  edition: '2024',
  rows: 'cell,pupils,rate\na,20,50.5\nb,30,60.0\nc,8,22.2\ne,50,2.0\n',
})
await testContext.publish(dataset, '2024', { reason: 'counted again' })
const v2Rows = 'cell,pupils,rate,note\na,20,50.5,"one, two"\nf,9,33.3,\n'
await testContext.take({ dataset, edition: '2025', contractVersion: 2, rows: v2Rows })
await testContext.publish(dataset, '2025')
const v3Rows = 'cell,pupils,rate,note,area\na,20,50.5,,x\n'
await testContext.take({ dataset, edition: '2026', contractVersion: 3, rows: v3Rows })
await testContext.publish(dataset, '2026')

t.test('counts first, then the differences', async (t) => {
  const answer = await get(`${at('2024', 2)}/diff?against=v1`)
  t.equal(answer.status, 200)
  const { data, counts, ...others } = answer.json<Diff>()
  t.ok(answer.text.indexOf('"counts"') < answer.text.indexOf('"data"'))
  t.strictSame(counts, { added: 1, removed: 1, changed: 1, unchanged: 2 })
  t.strictSame(data, [
    { change: 'changed', key: { cell: 'a' }, fields: { rate: { before: 50, after: 50.5 } } },
    { change: 'removed', key: { cell: 'd' }, record: { cell: 'd', pupils: 40, rate: 1, status: 'F' } },
    { change: 'added', key: { cell: 'e' }, record: { cell: 'e', pupils: 50, rate: 2, status: 'F' } },
  ])
  t.match(answer.text, /"before":50\.0,"after":50\.5/, 'with the digits that were published')
  t.match(others, { from: { edition: '2024', version: 1 }, to: { version: 2 }, key: ['cell'] })
  t.match(answer.headers, { 'cache-control': 'public, max-age=300', link: /predecessor-version/ })
  const again = await get(`${at('2024', 2)}/diff?against=v1`, {
    'if-none-match': String(answer.headers['etag']),
  })
  t.equal(again.status, 304)
  const { difference } = (await get(at('2024', 2))).json<{ difference: object }>()
  t.match(difference, { added: 1, removed: 1, changed: 1 }, 'equal to the counts of the version itself')
})

t.test('withheld values do not appear', async (t) => {
  const responses = await Promise.all(
    [
      `${at('2024', 2)}/diff?against=v1`,
      `${at('2025', 1)}/diff?against=2024-v1`,
      `${at('2025', 1)}/diff.csv?against=2024`,
    ].map((url) => get(url)),
  )
  for (const { text, status } of responses) {
    t.equal(status, 200)
    t.notMatch(text, /11\.1|22\.2|33\.3/)
  }
  t.match(responses[1]?.text, /"record":\{"cell":"f","pupils":null,"rate":null/)
})

t.test('two editions under different contracts; as CSV; reversed', async (t) => {
  const answer = (await get(`${at('2025', 1)}/diff?against=2024`)).json<Diff>()
  t.match(answer, {
    from: { edition: '2024', version: 2, contractVersion: 1 },
    fields: { compared: ['pupils', 'rate', 'status'], onlyBefore: [], onlyAfter: ['note'] },
    counts: { added: 1, removed: 3, changed: 0, unchanged: 1 },
  })
  const reverse = (await get(answer.links['reverse'] ?? '')).json<Diff>()
  t.match(reverse.counts, { added: 3, removed: 1 })
  const csv = await get(answer.links['csv'] ?? '')
  t.equal(csv.headers['content-type'], 'text/csv; charset=utf-8')
  t.match(csv.headers['content-disposition'], /class-register-2024-v2-to-2025-v1\.csv/)
  const lines = parse(csv.text, { columns: true }) as Record<string, string>[]
  t.strictSame(
    lines.map(
      (line) =>
        `${line['_change']} ${line['cell']} ${line['rate__before']}>${line['rate__after']} ${line['note__after']}`,
    ),
    ['removed b 60.0> ', 'removed c > ', 'removed e 2.0> ', 'added f > '],
  )
  const accepted = await get(`${at('2025', 1)}/diff?against=2024`, { accept: 'text/csv' })
  t.equal(accepted.text, csv.text)
  const same = (await get(`${at('2024', 2)}/diff?against=2024-v2`)).json<Diff>()
  t.strictSame([same.counts, same.data], [{ added: 0, removed: 0, changed: 0, unchanged: 4 }, []])
  const latest = await get(`${at('2024', 'latest')}/diff?against=v1`)
  t.match(latest.headers['location'], /versions\/2\/diff\?against=v1$/)
})

t.test('refusals', async (t) => {
  const refusal = async (edition: string, version: number, query: string) =>
    (await get(`${at(edition, version)}/diff${query}`)).json<object>()
  t.match(await refusal('2024', 2, ''), { status: 400, code: 'parameter-invalid' })
  for (const text of ['1', 'v0', 'v', '', 'x', '2024-1', 'v1234567', '2024-v', "v1'"]) {
    t.match(
      await refusal('2024', 2, `?against=${text}`),
      { code: 'parameter-invalid', path: 'against' },
      text,
    )
  }
  t.match(await refusal('2024', 2, '?against=v9'), { code: 'version-not-found', path: 'against' })
  t.match(await refusal('2024', 2, '?against=2019'), { code: 'edition-not-found', path: 'against' })
  t.match(await refusal('2024', 2, '?aganst=v1'), { code: 'parameter-unknown', nearest: 'against' })
  t.match(await refusal('2026', 1, '?against=2024'), {
    status: 409,
    code: 'versions-not-comparable',
    contracts: [1, 3],
  })
  const closedAt = '/v1/datasets/closed-register/editions/2024/versions/1/diff?against=v1'
  await testContext.take({ dataset: 'closed-register', edition: '2024', rows: 'cell\nx\n' })
  await testContext.publish('closed-register', '2024')
  t.match((await get(closedAt)).json(), { code: 'dataset-not-found' })
  const { authorization } = await testContext.key({ scopes: ['read-restricted'] })
  const own = await get(closedAt, { authorization })
  t.equal(own.status, 200)
  t.match(own.headers['cache-control'], /private/)
  await withdraw(context, { dataset, edition: '2024', version: 1, reason: 'wrong', actor: 'cli:test' })
  t.match(await refusal('2024', 2, '?against=v1'), {
    status: 410,
    code: 'version-withdrawn',
    path: 'against',
  })
  t.match(await refusal('2024', 1, '?against=v2'), { status: 410, code: 'version-withdrawn' })
})
