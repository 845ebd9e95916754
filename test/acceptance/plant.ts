/**
 * Plants damage in what is stored, each on an edition of its own, and runs `qingdan verify --json`: it must name
 * exactly what was planted. Then `--repair` makes again what it can; what has no second copy is put back here.
 */
import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listVersions } from '../../src/catalogue/index.ts'
import type { OpenContext } from '../../src/context.ts'
import { bundleFolder } from '../../src/ingest/index.ts'
import type { Defect, VerifyReport } from '../../src/operations/index.ts'
import { runCli } from '../support/run-cli.ts'
import { trialDataset } from './trial.ts'
import { within } from './verdict.ts'

type Environment = Readonly<Record<string, string>>

/** An intact edition, and what damages need to know of it. */
interface Target {
  readonly context: OpenContext
  readonly edition: string
  readonly table: string
  /** Path of a distribution, by its format. */
  readonly file: (format: string) => string
  readonly bundle: string
  /** Path of the bundle's bytes. */
  readonly bundlePath: string
}

/** Undoes a damage that has no second copy. */
type Undo = (context: OpenContext) => Promise<unknown>

interface Damage {
  readonly name: string
  /** The defects that must be found. */
  readonly expected: readonly Defect['kind'][]
  /** What the subject of each defect contains. */
  readonly subject: (target: Target) => string
  readonly plant: (target: Target, random: () => number) => Promise<Undo | undefined>
}

const damages: readonly Damage[] = [
  ofFile('one bit of a CSV flipped', 'file-digest', ({ file }, random) => flip(file('csv'), random)),
  ofFile('a compressed CSV truncated', 'file-size', ({ file }) => truncate(file('csv.gz'), 100)),
  ofFile('an NDJSON missing', 'file-missing', ({ file }) => rm(file('ndjson'))),
  ofFile('a file of no version', 'file-extra', ({ file }) => writeFile(`${file('csv')}.old`, 'x')),
  ofTable('a record deleted', 'table-count', (table) => `DELETE FROM ${table} WHERE _n = 7`),
  ofTable('a record altered', 'table-digest', (table) => `UPDATE ${table} SET mean = 0.7 WHERE _n = 8`),
  ofTable('a record misnumbered', 'table-numbers', (table) => `UPDATE ${table} SET _n = 9999 WHERE _n = 7`),
  ofTable('a table dropped', 'table-missing', (table) => `DROP TABLE ${table}`),
  {
    name: 'a change deleted',
    expected: ['change-missing'],
    subject: ({ edition }) => edition,
    plant: async ({ context, edition }) => {
      await context.database.work`DELETE FROM qingdan.change WHERE edition = ${edition}`
      return undefined
    },
  },
  {
    name: 'a change altered',
    expected: ['change-differs'],
    subject: () => 'position ',
    plant: async ({ context: { database }, edition }) => {
      const [change] = await database.work<{ body: string }[]>`
        SELECT body::text AS body FROM qingdan.change WHERE edition = ${edition}`
      const before = change?.body ?? ''
      await database.work`
        UPDATE qingdan.change SET body = body || '{"records": 1}' WHERE edition = ${edition}`
      return (again) => again.database.work`
        UPDATE qingdan.change SET body = (${before}::text)::jsonb WHERE edition = ${edition}`
    },
  },
  ofBundle('one bit of a bundle flipped', 'bundle-digest', flip),
  ofBundle('a bundle truncated', 'bundle-size', (path) => truncate(path, 100)),
  ofBundle('a bundle missing', 'bundle-missing', (path) => rm(path)),
]

/** Plants so many damages. Returns how many were found, and how many were not or were named wrongly. */
export async function plantDamage(
  environment: Environment,
  count: number,
  random: () => number,
): Promise<{ readonly passed: number; readonly failed: number }> {
  let passed = 0
  for (let done = 0; done < count; ) {
    const chosen = Array.from({ length: Math.min(count - done, damages.length) }, (_, n) =>
      damageAt(done + n),
    )
    const planted = await plantOnce(environment, chosen, random)
    passed += planted.passed
    done += planted.count
  }
  return { passed, failed: count - passed }
}

function damageAt(n: number): Damage {
  const damage = damages[n % damages.length]
  if (damage === undefined) throw new Error('there is no damage')
  return damage
}

/** Plants damages, as many as there are editions, and verifies once for all. */
async function plantOnce(environment: Environment, wanted: readonly Damage[], random: () => number) {
  const planted = await within(environment, async (context) => {
    const targets = await targetsOf(context)
    const all = []
    for (const [n, damage] of wanted.slice(0, targets.length).entries()) {
      const target = targets[n]
      if (target === undefined) continue
      all.push({ ...damage, subject: damage.subject(target), undo: await damage.plant(target, random) })
    }
    return all
  })
  if (planted.length === 0) throw new Error('no edition is left to damage')
  const found = await verifyByCommand(environment, [])
  const repaired = await verifyByCommand(environment, ['--repair'])
  await within(environment, async (context) => {
    for (const { undo } of planted) await undo?.(context)
  })
  const after = await verifyByCommand(environment, [])
  const explained = new Set<Defect>()
  let passed = 0
  for (const { name, expected, subject } of planted) {
    const own = found.defects.filter((one) => expected.includes(one.kind) && one.subject.includes(subject))
    for (const one of own) explained.add(one)
    const { action } = repaired.defects.find(({ kind }) => own.some((one) => one.kind === kind)) ?? {}
    const isFound = expected.every((kind) => own.some((one) => one.kind === kind))
    if (isFound) passed += 1
    const named = own.map((one) => `${one.kind} ${one.subject}`).join(', ')
    console.log(
      `planted: ${name.padEnd(28)} ${isFound ? `found ${named}` : 'NOT FOUND'}; ${action ?? 'reported'}`,
    )
  }
  // A gap in the positions is the other side of a change that is missing.
  const other = found.defects.filter((one) => !explained.has(one) && one.kind !== 'change-gap')
  for (const { kind, subject } of other) console.log(`WRONG found, but not planted: ${kind} ${subject}`)
  for (const { kind, subject } of after.defects)
    console.log(`WRONG left after the repair: ${kind} ${subject}`)
  const isClean = other.length === 0 && after.defects.length === 0
  return { passed: isClean ? passed : 0, count: planted.length }
}

/** All published editions, each with a bundle. */
async function targetsOf(context: OpenContext): Promise<readonly Target[]> {
  const root = join(context.config.QINGDAN_DATA, 'files')
  const targets: Target[] = []
  for (const { edition, state, recordsTable } of await listVersions(context.database)) {
    const [row] = await context.database.work<{ id: string }[]>`
      SELECT id FROM qingdan.bundle WHERE edition = ${edition} AND state = 'staged' ORDER BY id`
    if (state !== 'published' || row === undefined) continue
    const name = `${trialDataset}-${edition}-v1`
    targets.push({
      context,
      edition,
      table: `published.${recordsTable}`,
      file: (format) => join(root, 'editions', trialDataset, edition, 'v1', `${name}.${format}`),
      bundle: row.id,
      bundlePath: join(root, bundleFolder(row.id), 'bundle.zip'),
    })
  }
  return targets
}

async function verifyByCommand(environment: Environment, options: readonly string[]): Promise<VerifyReport> {
  const { stdout, stderr } = await runCli(['verify', '--json', ...options], environment)
  if (stdout === '') throw new Error(`qingdan verify failed: ${stderr}`)
  return JSON.parse(stdout) as VerifyReport
}

function ofFile(
  name: string,
  kind: Defect['kind'],
  plant: (target: Target, random: () => number) => Promise<unknown>,
): Damage {
  return {
    name,
    expected: [kind],
    subject: ({ edition }) => `/${edition}/`,
    plant: async (target, random) => {
      await plant(target, random)
      return undefined
    },
  }
}

function ofTable(name: string, kind: Defect['kind'], statement: (table: string) => string): Damage {
  return {
    name,
    expected: [kind],
    subject: ({ edition }) => ` ${edition} `,
    plant: async ({ context, table }) => {
      await context.database.work.unsafe(statement(table))
      return undefined
    },
  }
}

/** The bytes of a bundle exist once, so they are put back here. */
function ofBundle(
  name: string,
  kind: Defect['kind'],
  plant: (path: string, random: () => number) => Promise<unknown>,
): Damage {
  return {
    name,
    expected: [kind],
    subject: ({ bundle }) => bundle,
    plant: async ({ bundle, bundlePath }, random) => {
      const bytes = await readFile(bundlePath)
      await plant(bundlePath, random)
      return async ({ files }) => {
        await files.write(`${bundleFolder(bundle)}/bundle.zip`, [bytes] as never, { replace: true })
      }
    },
  }
}

/** Changes one bit anywhere in a file. */
async function flip(path: string, random: () => number): Promise<void> {
  const bytes = await readFile(path)
  const position = Math.floor(random() * bytes.length)
  bytes[position] = (bytes[position] ?? 0) ^ (1 << Math.floor(random() * 8))
  await writeFile(path, bytes)
}
