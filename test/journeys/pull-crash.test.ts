/**
 * Crashes of the puller: killed at every point of a step, in a folder and in PostgreSQL, while the source
 * changes. After each kill the copy has the state of some change, and the next pull makes it equal to the
 * source, without duplicates.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test as Tap } from 'tap'
import { administer, emptyDatabase } from '../support/database.ts'
import { contractOf, field } from '../support/fields.ts'
import { temporaryFolder } from '../support/open-test-context.ts'
import { program } from '../support/program.ts'
import { liveVersions, openPullSource, pullFrom } from '../support/pull-source.ts'
import {
  differencesInFolder,
  differencesInSchema,
  stateOfFolder,
  stateOfSchema,
} from '../support/pulled-copy.ts'
import { foreign, plainly } from '../support/run-cli.ts'
import { isFull } from '../support/runs.ts'

t.setTimeout(900_000)

/** `PULL_CRASH_SEED` repeats a run: the milliseconds after a point, which edition changes, how often. */
const seed = Number(process.env['PULL_CRASH_SEED'] ?? 20_261_127)
const rowsEach = isFull ? 3_000 : 1_000
/** Milliseconds after a point at which to kill. */
const afterMillisecondsMax = 20

/** Points of a step at which to kill. */
const points = {
  postgres: ['begun', 'taken', 'loaded', 'in-transaction', 'visible', 'committed'],
  folder: ['begun', 'taken', 'in-place', 'latest', 'dropped', 'logged', 'state', 'committed'],
} as const

let state = seed
/** A number below `max`, from the seed alone (mulberry32). */
function random(max: number): number {
  state = (state + 0x6d2b79f5) | 0
  let value = Math.imul(state ^ (state >>> 15), 1 | state)
  value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
  return ((value ^ (value >>> 14)) >>> 0) % max
}

const trees = contractOf(
  [field('tree', 'string', { role: 'key', constraints: { required: true } }), field('height', 'integer')],
  ['tree'],
  { dataset: 'tree-register', themes: ['education'], formats: ['csv', 'csv.gz'] },
)
const source = await openPullSource(t, [trees])
const editions = ['2021', '2022', '2023']
const versions = new Map<string, number>()

async function publish(edition: string): Promise<void> {
  const height = random(1_000)
  const rows = Array.from({ length: rowsEach }, (_, n) => `tree ${n},${height + n}\n`)
  await source.publish('tree-register', edition, `tree,height\n${rows.join('')}`)
  versions.set(edition, (versions.get(edition) ?? 0) + 1)
}

for (const edition of editions) await publish(edition)

/** Changes the source between two crashes: a correction, and now and then its withdrawal. */
async function change(n: number): Promise<void> {
  const edition = editions[random(editions.length)] ?? ''
  await publish(edition)
  if (n % 4 !== 3) return
  await publish(edition)
  await source.withdraw('tree-register', edition, versions.get(edition) ?? 0, 'wrong')
}

/** Runs a pull that kills itself. Returns the signal. */
async function pullUntilKilled(into: string, point: string, after: number): Promise<string | null> {
  const script = program('test/support/pull-until-killed.ts')
  const words = [...script, source.base(), into, point, '1', String(after)]
  const [command, ...args] = plainly(process.execPath, words)
  const child = spawn(command, args, { env: foreign(), stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  if (signal === null) throw new Error(`the pull ended by itself at ${point}: ${code} ${output}`)
  return signal
}

/**
 * Kills at each point in turn; `look` returns what is wrong right after, `compare` what is wrong after the
 * next pull.
 */
async function campaign(
  t: Tap,
  into: string,
  names: readonly string[],
  inspect: () => Promise<readonly string[]>,
  compare: () => Promise<readonly string[]>,
): Promise<void> {
  const tally = new Map<string, number>()
  for (const [n, point] of names.entries()) {
    // A point after a drop needs something to drop, which the first pull does not have.
    if (n === 1) await pullFrom(source.base(), { into })
    if (n > 0) await change(n)
    const after = n % 2 === 0 ? 0 : random(afterMillisecondsMax)
    // After the last change of a pull there is nothing left to kill, so it is killed at the point itself.
    const isLast = ['visible', 'state', 'committed', 'in-transaction'].includes(point)
    t.equal(await pullUntilKilled(into, point, isLast ? 0 : after), 'SIGKILL')
    t.same(await inspect(), [], `after the kill at ${point} + ${after} ms`)
    // Every third time it is killed again before it has cleaned up after the first kill.
    if (n % 3 === 2) await pullUntilKilled(into, 'begun', 0)
    await pullFrom(source.base(), { into })
    t.same(await compare(), [], `pulled again after ${point}`)
    tally.set(point, (tally.get(point) ?? 0) + 1)
  }
  for (const name of names) t.ok((tally.get(name) ?? 0) > 0, name)
  process.stderr.write(
    `seed ${seed}, kills: ${[...tally].map(([point, count]) => `${point} ${count}`).join(', ')}\n`,
  )
}

t.test('a pull into PostgreSQL survives kills', async (t) => {
  const into = await emptyDatabase(t)
  const query = (sql: string) => administer(into, async (client) => (await client.query(sql)).rows)
  const inspect = async () => {
    const [copy] = await query('SELECT cursor, changes FROM qingdan_copy._copy')
    const [lastChange] = await query(
      `SELECT count(*) AS changes, count(DISTINCT id) AS ids, coalesce(max(n), 0) AS last,
         (array_agg(body->>'cursor' ORDER BY n DESC))[1] AS cursor FROM qingdan_copy._change`,
    )
    const counts = [lastChange.changes, lastChange.ids, lastChange.last].map(String)
    const faults = counts.every((count) => count === copy.changes)
      ? []
      : [`${copy.changes} changes, but ${counts}`]
    if (lastChange.cursor !== copy.cursor) faults.push('the stored cursor is not after the last change')
    if (copy.changes === '0') return faults
    const wrong = await query(
      `SELECT v.edition, v.version, v.records, count(r.tree) AS held FROM qingdan_copy._version v
       FULL JOIN qingdan_copy.tree_register r ON r._edition = v.edition AND r._version = v.version
       GROUP BY v.edition, v.version, v.records, v.held
       HAVING v.edition IS NULL OR count(r.tree) <> CASE WHEN v.held THEN v.records ELSE 0 END`,
    )
    return [...faults, ...wrong.map((row) => JSON.stringify(row))]
  }
  const compare = async () => differencesInSchema(into, await liveVersions(source.base()))
  await campaign(t, into, points.postgres, inspect, compare)
  const fresh = await emptyDatabase(t)
  await pullFrom(source.base(), { into: fresh })
  const lastChange = async (url: string) => ((await stateOfSchema(url)) as Record<string, unknown>)['_change']
  t.same(await lastChange(into), await lastChange(fresh), 'the same changes, each once')
})

t.test('a pull into a folder survives kills', async (t) => {
  const into = join(await temporaryFolder(t), 'copy')
  const inspect = async () => {
    const faults: string[] = []
    const progress = JSON.parse(await readFile(join(into, 'qingdan-copy.json'), 'utf8'))
    const log = await readFile(join(into, 'changes.ndjson')).catch(() => Buffer.alloc(0))
    const lines = log.subarray(0, progress.logBytes).toString().split('\n').slice(0, -1)
    if (lines.length !== progress.changes) faults.push(`${lines.length} lines, ${progress.changes} changes`)
    if (lines.length > 0 && JSON.parse(lines.at(-1) ?? '').cursor !== progress.cursor)
      faults.push('another cursor')
    // Every file with its final name is complete.
    const all = await liveVersions(source.base(), { history: true })
    const stored = await differencesInFolder(into, all)
    return [...faults, ...stored.filter((fault) => /another file/.test(fault))]
  }
  const compare = async () => differencesInFolder(into, await liveVersions(source.base()))
  await campaign(t, into, points.folder, inspect, compare)
  const fresh = join(await temporaryFolder(t), 'fresh')
  await pullFrom(source.base(), { into: fresh })
  t.same(await stateOfFolder(into), await stateOfFolder(fresh), 'equal to a copy that was never killed')
})
