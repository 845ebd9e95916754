/**
 * Items of annual lists in the feed: each state reported once, also by time alone, and never from restricted
 * data.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { appendItemChanges } from '../../src/annual-lists/index.ts'
import { shippedDatasets } from '../../src/context.ts'
import { withdraw } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, temporaryFolder } from '../support/open-test-context.ts'
import { exportTo, take, trustOrigin } from '../support/two-contexts.ts'

const list = 'annual-open-data-list'
const key = field('tree', 'string', { role: 'key', constraints: { required: true } })
const trees = contractOf([key], ['tree'], { dataset: 'tree-register', themes: ['education'] })
const secret = { ...trees, dataset: 'shelter-register', openClass: 'not-open', shareClass: 'on-demand' }
const testContext = await openTestContext(t, {
  contracts: [trees, secret],
  shipped: [list],
  at: '2026-02-20T04:00:00Z',
})
const { context, get, moveTo } = testContext
const sample = await readFile(join(shippedDatasets, list, 'sample/2026/edu-commission.csv'), 'utf8')
const [header = ''] = sample.split('\n')
const line = (number: number, name: string, due: string, dataset: string) =>
  `${number},市教育委员会,${name},,,,${due},yearly,on-demand,,,${dataset},${dataset === '' ? '' : '2026'}\n`
const submit = async (reason: string | undefined, ...lines: readonly string[]) => {
  await testContext.take({ dataset: list, edition: '2026', rows: `${header}\n${lines.join('')}` })
  await testContext.publish(list, '2026', reason === undefined ? {} : { reason })
}

interface ItemChange {
  readonly edition: string
  readonly href: string
  readonly item: {
    readonly name: string
    readonly state: string
    readonly former: string | null
    readonly due: string
  }
}
let after = ''
/** Item changes in the feed since the last call. */
async function newChanges(): Promise<readonly string[]> {
  const page = (await get(`/v1/changes?type=item-changed${after}`)).json<{
    data: ItemChange[]
    meta: { cursor: string }
  }>()
  after = `&after=${page.meta.cursor}`
  return page.data.map(({ item }) => `${item.name}: ${item.former} > ${item.state}, ${item.due}`)
}

t.test('each state is reported once', async (t) => {
  await submit(
    undefined,
    line(1, '树木', '2026-03-01', 'tree-register'),
    line(2, '避难所', '2026-03-05', 'shelter-register'),
  )
  t.equal(await appendItemChanges(context), 2)
  t.same(await newChanges(), ['树木: null > planned, 2026-03-01', '避难所: null > planned, 2026-03-05'])
  t.same(await Promise.all([1, 2, 3].map(() => appendItemChanges(context))), [0, 0, 0])
})

t.test('by time alone, by a publication, a withdrawal, a moved day, and by leaving the list', async (t) => {
  moveTo('2026-03-01T15:59:00Z')
  t.equal(await appendItemChanges(context), 0, 'the due day is not over')
  moveTo('2026-03-01T16:01:00Z')
  const counts = await Promise.all([1, 2, 3].map(() => appendItemChanges(context)))
  t.same([...counts].sort(), [0, 0, 1], 'by only one of several at once')
  t.same(await newChanges(), ['树木: planned > overdue, 2026-03-01'])
  await testContext.take({ dataset: 'tree-register', edition: '2026', rows: 'tree\noak\n' })
  await testContext.publish('tree-register', '2026')
  await appendItemChanges(context)
  t.same(await newChanges(), ['树木: overdue > late, 2026-03-01'])
  await withdraw(context, {
    dataset: 'tree-register',
    edition: '2026',
    version: 1,
    reason: 'x',
    actor: 'cli:test',
  })
  await appendItemChanges(context)
  t.same(await newChanges(), ['树木: late > overdue, 2026-03-01'])
  await submit('moved', line(1, '树木', '2026-06-01', 'tree-register'))
  await appendItemChanges(context)
  t.same(await newChanges(), [
    '树木: overdue > overdue, 2026-06-01',
    '避难所: planned > withdrawn, 2026-03-05',
  ])
})

t.test('restricted data are no evidence', async (t) => {
  await submit('back', line(1, '避难所', '2026-12-05', 'shelter-register'))
  await appendItemChanges(context)
  await newChanges()
  await testContext.take({ dataset: 'shelter-register', edition: '2026', rows: 'tree\nx\n' })
  await testContext.publish('shelter-register', '2026')
  t.equal(await appendItemChanges(context), 0)
})

t.test('a mirror has the changes of its origin and reports none itself', async (t) => {
  const folder = await temporaryFolder(t)
  const mirror = await openTestContext(t, { contracts: [trees], at: '2027-02-01T04:00:00Z' })
  const exported = await exportTo(context, folder, { since: null, restricted: false })
  await trustOrigin(mirror.context, context, folder)
  await take(mirror.context, exported.out)
  await mirror.context.reloadContracts()
  t.equal(await appendItemChanges(mirror.context), 0)
  const url = '/v1/changes?type=item-changed'
  t.strictSame((await mirror.get(url)).json(), (await get(url)).json())
})
