/** Items of annual lists in the feed: each state once, told by time alone as well, and never of what is restricted. */
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
const standing = await openTestContext(t, {
  contracts: [trees, secret],
  shipped: [list],
  at: '2026-02-20T04:00:00Z',
})
const { context, get, moveTo } = standing
const sample = await readFile(join(shippedDatasets, list, 'sample/2026/edu-commission.csv'), 'utf8')
const [header = ''] = sample.split('\n')
const line = (number: number, name: string, due: string, dataset: string) =>
  `${number},市教育委员会,${name},,,,${due},yearly,on-demand,,,${dataset},${dataset === '' ? '' : '2026'}\n`
const bring = async (reason: string | undefined, ...lines: readonly string[]) => {
  await standing.take({ dataset: list, edition: '2026', rows: `${header}\n${lines.join('')}` })
  await standing.publish(list, '2026', reason === undefined ? {} : { reason })
}

interface Told {
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
/** What the feed has told of items since it was asked last. */
async function told(): Promise<readonly string[]> {
  const page = (await get(`/v1/changes?type=item-changed${after}`)).json<{
    data: Told[]
    meta: { cursor: string }
  }>()
  after = `&after=${page.meta.cursor}`
  return page.data.map(({ item }) => `${item.name}: ${item.former} > ${item.state}, ${item.due}`)
}

t.test('each state is told once', async (t) => {
  await bring(
    undefined,
    line(1, '树木', '2026-03-01', 'tree-register'),
    line(2, '避难所', '2026-03-05', 'shelter-register'),
  )
  t.equal(await appendItemChanges(context), 2)
  t.same(await told(), ['树木: null > planned, 2026-03-01', '避难所: null > planned, 2026-03-05'])
  t.same(await Promise.all([1, 2, 3].map(() => appendItemChanges(context))), [0, 0, 0])
})

t.test('by time alone, by a publication, a withdrawal, a moved day, and by leaving the list', async (t) => {
  moveTo('2026-03-01T15:59:00Z')
  t.equal(await appendItemChanges(context), 0, 'the due day is not over')
  moveTo('2026-03-01T16:01:00Z')
  const counts = await Promise.all([1, 2, 3].map(() => appendItemChanges(context)))
  t.same([...counts].sort(), [0, 0, 1], 'by one of those who look at once')
  t.same(await told(), ['树木: planned > overdue, 2026-03-01'])
  await standing.take({ dataset: 'tree-register', edition: '2026', rows: 'tree\noak\n' })
  await standing.publish('tree-register', '2026')
  await appendItemChanges(context)
  t.same(await told(), ['树木: overdue > late, 2026-03-01'])
  await withdraw(context, {
    dataset: 'tree-register',
    edition: '2026',
    version: 1,
    reason: 'x',
    actor: 'cli:test',
  })
  await appendItemChanges(context)
  t.same(await told(), ['树木: late > overdue, 2026-03-01'])
  await bring('moved', line(1, '树木', '2026-06-01', 'tree-register'))
  await appendItemChanges(context)
  t.same(await told(), ['树木: overdue > overdue, 2026-06-01', '避难所: planned > withdrawn, 2026-03-05'])
})

t.test('what only some may see is no evidence', async (t) => {
  await bring('back', line(1, '避难所', '2026-12-05', 'shelter-register'))
  await appendItemChanges(context)
  await told()
  await standing.take({ dataset: 'shelter-register', edition: '2026', rows: 'tree\nx\n' })
  await standing.publish('shelter-register', '2026')
  t.equal(await appendItemChanges(context), 0)
})

t.test('a mirror has what its origin told, and tells nothing itself', async (t) => {
  const folder = await temporaryFolder(t)
  const mirror = await openTestContext(t, { contracts: [trees], at: '2027-02-01T04:00:00Z' })
  const exported = await exportTo(context, folder, { since: null, restricted: false })
  await trustOrigin(mirror.context, context, folder)
  await take(mirror.context, exported.out)
  await mirror.context.renewContracts()
  t.equal(await appendItemChanges(mirror.context), 0)
  const url = '/v1/changes?type=item-changed'
  t.strictSame((await mirror.get(url)).json(), (await get(url)).json())
})
