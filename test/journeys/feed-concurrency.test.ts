/**
 * Many clients of the feed: publishers and correctors, who also withdraw, add contracts and change items of a
 * list, and others who pull over HTTP, by cursor and with long-poll, from a service that is killed meanwhile.
 * Each ends with the same changes in the same order, none missing and none twice. `FEED_SECONDS` makes it
 * longer, `FEED_KILL_SECONDS` sets how often the service is killed.
 */
import t from 'tap'
import { appendItemChanges } from '../../src/annual-lists/index.ts'
import { pinContracts, readChanges } from '../../src/catalogue/index.ts'
import type { Contract } from '../../src/contract/index.ts'
import { withdraw } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { isFull } from '../support/runs.ts'
import { spawnService } from '../support/spawn-service.ts'
import { contractsOf } from '../support/unconnected-context.ts'

const seconds = Number(process.env['FEED_SECONDS'] ?? 0)
const killSeconds = Number(process.env['FEED_KILL_SECONDS'] ?? 0)
/** Rounds of each publisher if no time is set. */
const roundsLeast = 2
const publishers = isFull ? 10 : 5
const pullers = isFull ? 20 : 10

t.setTimeout((seconds + 240) * 1000)

const required = { constraints: { required: true } }
const tree = field('tree', 'string', { role: 'key', ...required })
const registers = Array.from({ length: publishers }, (_, n) =>
  contractOf([tree, field('height', 'integer')], ['tree'], {
    dataset: `register-${n}`,
    themes: ['education'],
  }),
)
const list = contractOf(
  [
    field('number', 'string', { role: 'key', ...required }),
    field('providers', 'list', { separators: ['、'], ...required }),
    field('name', 'string', required),
    field('due', 'date'),
    field('dataset', 'string'),
    field('edition_of', 'string'),
  ],
  ['number'],
  {
    dataset: 'promises',
    themes: ['education'],
    kind: {
      name: 'annual-list',
      bind: {
        number: 'number',
        providers: 'providers',
        name: 'name',
        due: 'due',
        dataset: 'dataset',
        edition: 'edition_of',
      },
    },
  },
)
const testContext = await openTestContext(t, {
  contracts: [...registers, list],
  settings: { QINGDAN_LONG_POLLS_MAX: '100', QINGDAN_POOL_MAX: '10' },
})
const { context } = testContext

interface Page {
  readonly data: readonly { readonly id: string; readonly type: string }[]
  readonly meta: { readonly cursor: string; readonly more: boolean }
}

const began = performance.now()
const isOver = (round: number) =>
  seconds === 0 ? round >= roundsLeast : performance.now() - began > seconds * 1000

/** Only the changes of contracts are recorded, as by a newer process while an older one serves. */
async function pin(contract: Contract): Promise<void> {
  const one = {
    ...{ contract, document: { ...contract }, formerKeywords: [] },
    ...{ digest: 'a'.repeat(64) as never, file: 'contract.json' },
  }
  const find = (dataset: string, version?: number) =>
    [...context.contracts.versions(dataset), one].find(
      (other) => other.contract.dataset === dataset && other.contract.contractVersion === version,
    )
  await pinContracts(context.database, { ...contractsOf([one]), find }, context.clock())
}

/** Publishes, corrects and withdraws editions of a dataset of its own; one after the other, as an office does. */
async function publish(n: number): Promise<number> {
  const dataset = `register-${n}`
  let round = 0
  for (; !isOver(round); round++) {
    const edition = String(2000 + (round % 30))
    const rows = (height: number) => `tree,height\noak,${height}\nelm,${n}\n`
    const reason = { reason: `round ${round}` }
    for (const step of [1, 2]) {
      await testContext.take({ dataset, edition, rows: rows(1000 * round + step) })
      await testContext.publish(dataset, edition, reason)
    }
    const version = 2 * Math.floor(round / 30) + 1
    await withdraw(context, { dataset, edition, version, ...reason, actor: 'cli:test' })
    await pin({ ...(registers[n] as Contract), contractVersion: round + 2, keywords: [] })
    await appendItemChanges(context)
  }
  return round
}

/** The current address of the service; the port changes with each kill. */
let base = ''
let isDone = false
let attempts = 0

/**
 * Pulls until everything was published and nothing more comes. A failed request is repeated from the same
 * cursor.
 */
async function pull(n: number): Promise<readonly string[]> {
  const found: string[] = []
  const limit = 1 + (n % 7) * 20
  for (let cursor = ''; ; ) {
    const wasDone = isDone
    const query = `limit=${limit}&wait=${n % 3}${cursor === '' ? '' : `&after=${cursor}`}`
    const page = await fetch(`${base}/v1/changes?${query}`)
      .then(async (answer) => (answer.status === 200 ? ((await answer.json()) as Page) : undefined))
      .catch(() => undefined)
    if (page === undefined) {
      attempts++
      await context.database.work`SELECT pg_sleep(0.1)`
      continue
    }
    found.push(...page.data.map(({ id, type }) => `${type} ${id}`))
    cursor = page.meta.cursor
    if (wasDone && page.data.length === 0) return found
  }
}

t.test('each puller gets the same changes in the same order', async (t) => {
  const promised = registers.map(
    ({ dataset }, n) => `${n},a,promise ${n},2026-03-0${1 + (n % 9)},${dataset},2000\n`,
  )
  const rows = `number,providers,name,due,dataset,edition_of\n${promised.join('')}`
  await testContext.take({ dataset: list.dataset, edition: '2026', rows })
  await testContext.publish(list.dataset, '2026')
  const environment = { ...testContext.environment, QINGDAN_PORT: '0' }
  let service = await spawnService(t, environment)
  base = service.base
  let kills = 0
  const kill = async () => {
    await service.kill()
    kills++
    service = await spawnService(t, environment)
    base = service.base
  }
  const pulling = Promise.all(Array.from({ length: pullers }, (_, n) => pull(n)))
  const publishing = Promise.all(Array.from({ length: publishers }, (_, n) => publish(n)))
  const ended = publishing.then(
    () => true,
    () => true,
  )
  // By time if an interval is set, else once in the middle.
  do {
    const pause = killSeconds === 0 ? 2 : killSeconds
    const isPublished = await Promise.race([
      ended,
      context.database.work`SELECT pg_sleep(${pause})`.then(() => false),
    ])
    if (isPublished && kills > 0) break
    if (killSeconds > 0 || kills === 0) await kill()
  } while (killSeconds > 0)
  await publishing
  await appendItemChanges(context)
  isDone = true
  const [first = [], ...others] = await pulling
  t.equal(new Set(first).size, first.length, 'nothing twice')
  for (const other of others) t.same(other, first, 'all equal')
  const stored = await readChanges(context.database.work, 0)
  t.equal(first.length, stored.length, 'nothing is missing')
  const types = new Map<string, number>()
  for (const line of first) {
    const type = line.split(' ')[0] ?? ''
    types.set(type, (types.get(type) ?? 0) + 1)
  }
  t.same([...types.keys()].sort(), [
    ...['contract-added', 'dataset-added', 'item-changed'],
    ...['version-corrected', 'version-published', 'version-withdrawn'],
  ])
  t.ok(kills > 0)
  const counts = JSON.stringify(Object.fromEntries(types))
  // Shown even where only the name of a passing test is printed.
  process.stderr.write(`${first.length} changes, ${counts}; ${kills} kills, ${attempts} unanswered\n`)
  await service.stop()
})
