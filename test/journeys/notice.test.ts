/**
 * Notice of a breaking contract: every response under an earlier contract says since when and until when, by
 * the notice period of that contract; responses under the new one, and under one that only adds fields, say
 * nothing.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { buildContext, loadAllContracts } from '../../src/context.ts'
import { noticeDaysUsual } from '../../src/contract/index.ts'
import { receive, takeBundle } from '../../src/ingest/index.ts'
import { publishEdition, requestPublication } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, writeBag } from '../support/open-test-context.ts'

const dataset = 'tree-register'
const tree = field('tree', 'string', { role: 'key', constraints: { required: true } })
const height = field('height', 'integer', { role: 'measure' })
const v1 = contractOf([tree, height], ['tree'], {
  dataset,
  themes: ['education'],
  noticeDays: 30,
  aggregate: { groupBy: ['tree'], measures: [{ field: 'height', functions: ['max'] }] },
})
const { noticeDays: _, ...rest } = {
  ...v1,
  contractVersion: 2,
  fields: [...v1.fields, field('kind', 'string')],
}
const v3 = { ...v1, contractVersion: 3, fields: [tree, field('girth', 'integer', { role: 'measure' })] }
const { aggregate: __, ...breaking } = v3

const testContext = await openTestContext(t, { contracts: [v1], at: '2026-03-01T04:00:00Z' })
const { context } = testContext
await testContext.take({ dataset, edition: '2024', rows: 'tree,height\noak,20\nelm,3\n' })
await testContext.publish(dataset, '2024')
await testContext.take({ dataset, edition: '2024', rows: 'tree,height\noak,21\nelm,3\n' })
await testContext.publish(dataset, '2024', { reason: 'measured again' })

const at = `/v1/datasets/${dataset}/editions/2024/versions/2`
const under = [
  at,
  `${at}/records`,
  `${at}/records?limit=1`,
  `${at}/records.csv`,
  `${at}/aggregate?group_by=tree`,
  `${at}/diff?against=v1`,
  `${at}/diff.csv?against=v1`,
  `${at}/files/${dataset}-2024-v2.csv`,
  `${at}/bag.zip`,
  `/v1/datasets/${dataset}/records?edition=2024`,
  `/v1/datasets/${dataset}/contracts/1`,
]

t.test('without a breaking contract there is no notice', async (t) => {
  for (const url of under) {
    const { status, headers } = await testContext.get(url)
    t.equal(status, 200, url)
    t.notOk('deprecation' in headers || 'sunset' in headers, url)
  }
})

t.test('with one, every response under an earlier contract gives notice', async (t) => {
  const folder = join(testContext.folder, 'var', 'contracts', dataset)
  await mkdir(folder, { recursive: true })
  for (const contract of [rest, breaking]) {
    await writeFile(join(folder, `contract.v${contract.contractVersion}.json`), JSON.stringify(contract))
  }
  const since = new Date('2026-04-01T04:00:00.900Z')
  const grown = await buildContext({
    ...context,
    clock: () => since,
    contracts: await loadAllContracts(context.config),
  })
  const app = await buildApp(grown)
  t.teardown(async () => {
    await app.close()
    await grown.jobs.stop({ seconds: 5 })
  })
  const deprecation = `@${Math.floor(since.getTime() / 1000)}`
  for (const url of [...under, ...under]) {
    const { statusCode, headers } = await app.inject(url)
    t.equal(statusCode, 200, url)
    t.equal(headers['deprecation'], deprecation, url)
    t.equal(headers['sunset'], 'Fri, 01 May 2026 04:00:00 GMT', url)
    t.match(headers['link'], /contracts\/1\/compare\/3>; rel="deprecation"/, url)
    if (url.endsWith('limit=1')) t.match(headers['link'], /rel="next".*rel="deprecation"/)
    if (headers['etag'] === undefined) continue
    const again = await app.inject({ url, headers: { 'if-none-match': headers['etag'] } })
    t.match(
      { status: again.statusCode, of: again.headers['deprecation'] },
      { status: 304, of: deprecation },
      url,
    )
  }
  const usual = await app.inject(`/v1/datasets/${dataset}/contracts/2`)
  t.equal(
    Date.parse(String(usual.headers['sunset'])),
    since.setMilliseconds(0) + noticeDaysUsual * 86_400_000,
  )

  const path = await writeBag(testContext.folder, {
    dataset,
    edition: '2024',
    contractVersion: 3,
    rows: 'tree,girth\noak,4\n',
  })
  await takeBundle(grown, (await receive(grown, { path, broughtBy: 'cli:test' })).id)
  const publication = await requestPublication(grown, {
    dataset,
    edition: '2024',
    reason: 'by girth',
    askedBy: 'cli:test',
  })
  t.equal((await publishEdition(grown, publication.id)).state, 'done')
  const next = `/v1/datasets/${dataset}/editions/2024/versions/3`
  for (const url of [next, `${next}/records`, `/v1/datasets/${dataset}/contracts/3`]) {
    t.notOk('deprecation' in (await app.inject(url)).headers, url)
  }
  const old = await app.inject(`${at}/records`)
  t.match(
    old.json(),
    {
      data: [
        { tree: 'elm', height: 3 },
        { tree: 'oak', height: 21 },
      ],
    },
    'and the old one remains available',
  )
  t.match(old.headers['link'], /versions\/3>; rel="successor-version"/)
})
