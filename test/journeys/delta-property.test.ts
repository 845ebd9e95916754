/**
 * Whatever deltas arrive one after the other, with staging lost in between or not: the published version
 * equals a naive model of rows in a map, and is byte for byte the one that a full bundle of the last rows
 * gives.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { createBag, type Operation } from '../../src/bundle/index.ts'
import { receive, takeBundle } from '../../src/ingest/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { isFull, runs } from '../support/runs.ts'

const dataset = 'tree-register'
const required = { constraints: { required: true } }
const contract = contractOf(
  [
    field('row', 'string', { role: 'key', ...required }),
    field('tree', 'integer', { role: 'key', ...required }),
    field('height', 'integer'),
    field('note', 'string'),
  ],
  ['row', 'tree'],
  { dataset, themes: ['education'] },
)
const testContext = await openTestContext(t, { contracts: [contract] })
const { context, get } = testContext
const { work } = context.database
const provider = 'edu-commission'

/** The non-key fields of a row, as a CSV has them. */
type OtherFields = readonly [height: number | null, note: string | null]
type Rows = ReadonlyMap<string, OtherFields>

const keys = ['a', 'b', 'c,"'].flatMap((row) => [1, 2, 10].map((tree) => JSON.stringify([row, tree])))
const otherFields = fc.tuple(
  fc.option(fc.integer({ min: 0, max: 3 })),
  fc.option(fc.constantFrom('x', 'a,b', 'two\nlines', '"')),
)
const some = fc.array(fc.tuple(fc.constantFrom(...keys), otherFields), { minLength: 1, maxLength: 9 })
/**
 * By key: its new other fields, or null for a deletion. Keys missing from the base can't be deleted; the test
 * removes those.
 */
const step = fc.record({
  change: fc.array(fc.tuple(fc.constantFrom(...keys), fc.option(otherFields)), {
    minLength: 1,
    maxLength: 6,
  }),
  losesStaging: fc.boolean(),
})

const quoted = (value: unknown) => (value === null ? '' : `"${String(value).replaceAll('"', '""')}"`)
const line = (values: readonly unknown[]) => `${values.map(quoted).join(',')}\n`
const csvOf = (rows: Rows) =>
  `row,tree,height,note\n${[...rows].map(([key, values]) => line([...JSON.parse(key), ...values])).join('')}`

async function sendDelta(edition: string, version: number, upserts: Rows, deletes: readonly string[]) {
  const folder = await mkdtemp(join(testContext.folder, 'sent-'))
  const file = (operation: Operation, text: string) => ({
    ...{ name: `${operation}.csv`, source: Buffer.from(text), operation },
  })
  await createBag({
    ...{ dataset, edition, provider, contractVersion: 1, folder: join(folder, 'bag') },
    ...{ mode: 'delta', against: { version } },
    files: [
      ...(upserts.size === 0 ? [] : [file('upsert', csvOf(upserts))]),
      ...(deletes.length === 0
        ? []
        : [file('delete', `row,tree\n${deletes.map((key) => line(JSON.parse(key))).join('')}`)]),
    ],
    clock: () => new Date('2026-01-01T00:00:00Z'),
  })
  const { id } = await receive(context, { path: join(folder, 'bag'), broughtBy: 'cli:test' })
  const receipt = await takeBundle(context, id)
  await rm(folder, { recursive: true })
  return receipt
}

const publish = async (edition: string) => {
  const publication = await testContext.publish(dataset, edition, { reason: 'Changed.' })
  if (publication.state !== 'done') throw new Error(JSON.stringify(publication.findings))
  return publication.version
}
const published = async (edition: string, version: number) =>
  (
    await get(
      `/v1/datasets/${dataset}/editions/${edition}/versions/${version}/files/${dataset}-${edition}-v${version}.csv`,
    )
  ).text
const lose = async () => {
  const tables = await work<
    { tablename: string }[]
  >`SELECT tablename FROM pg_tables WHERE schemaname = 'staging'`
  for (const { tablename } of tables) await work.unsafe(`TRUNCATE staging."${tablename}"`)
}

let year = 2000
const tally = { deltas: 0, added: 0, changed: 0, deleted: 0, unchanged: 0, lost: 0 }

t.test(
  'any chain of deltas equals the model, and a full bundle of the last rows',
  { timeout: 240_000 },
  async (t) => {
    const chain = fc.asyncProperty(
      some,
      fc.array(step, { minLength: 1, maxLength: 3 }),
      async (first, steps) => {
        const edition = String(year++)
        const rows = new Map<string, OtherFields>(first)
        await testContext.take({ dataset, edition, provider, rows: csvOf(rows) })
        let version = await publish(edition)
        for (const { change, losesStaging } of steps) {
          const wanted = new Map(change)
          const deletes = [...wanted].flatMap(([key, to]) => (to === null && rows.has(key) ? [key] : []))
          const upserts = new Map(
            [...wanted].flatMap(([key, to]) => (to === null ? [] : [[key, to] as const])),
          )
          if (deletes.length + upserts.size === 0 || deletes.length === rows.size + upserts.size) continue
          const equal = (key: string, to: OtherFields) => JSON.stringify(rows.get(key)) === JSON.stringify(to)
          const changes = {
            added: [...upserts].filter(([key]) => !rows.has(key)).length,
            changed: [...upserts].filter(([key, to]) => rows.has(key) && !equal(key, to)).length,
            deleted: deletes.length,
            unchanged: [...upserts].filter(([key, to]) => equal(key, to)).length,
          }
          for (const key of deletes) rows.delete(key)
          for (const [key, to] of upserts) rows.set(key, to)
          if (rows.size === 0) return
          if (losesStaging) await lose()
          const receipt = await sendDelta(edition, version, upserts, deletes)
          t.strictSame([receipt.state, receipt.changes], ['staged', changes])
          version = await publish(edition)
          tally.deltas += 1
          for (const [name, count] of Object.entries(changes)) tally[name as keyof typeof changes] += count
          if (losesStaging) tally.lost += 1
        }
        const twin = String(year++)
        await testContext.take({ dataset, edition: twin, provider, rows: csvOf(rows) })
        t.equal(await published(edition, version), await published(twin, await publish(twin)))
      },
    )
    await fc.assert(chain, { ...runs(8, 24), ...(isFull ? {} : { seed: 22 }), endOnFailure: true })
    for (const [name, count] of Object.entries(tally)) t.ok(count > 0, `${name}: ${count}`)
  },
)
