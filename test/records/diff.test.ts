/** The difference of two random versions equals a comparison in memory, record by record. */
import fc from 'fast-check'
import t from 'tap'
import { fieldType } from '../../src/contract/index.ts'
import { csvLines, jsonRecord, type RecordValues } from '../../src/formats/index.ts'
import { countDifference } from '../../src/records/diff/count-difference.ts'
import { type Diff, diffHeader, diffLines, diffRows, planDiff } from '../../src/records/diff/plan.ts'
import { createTable, publishedTable } from '../../src/records/tables.ts'
import { testDatabase } from '../support/database.ts'
import { runs } from '../support/runs.ts'
import { anyRows, trialContract, trialFields } from '../support/trial-records.ts'

const { database } = await testDatabase(t)
const names = trialFields.map(({ name }) => `"${name}"`).join(', ')

async function fill(table: string, rows: readonly RecordValues[]): Promise<void> {
  await database.work.unsafe(`DROP TABLE IF EXISTS ${publishedTable(table)}`)
  await database.work.unsafe(createTable(trialContract, table))
  if (rows.length === 0) return
  const values: string[] = []
  const lines = rows.map((row, n) => {
    const cells = row.map((text, index) => {
      if (text === null) return 'NULL'
      values.push(text)
      return fieldType(trialFields[index]?.type ?? 'string').cast(`$${values.length}::text`)
    })
    return `(${[n + 1, ...cells].join(', ')})`
  })
  await database.work.unsafe(
    `INSERT INTO ${publishedTable(table)} (_n, ${names}) VALUES ${lines.join(', ')}`,
    values,
  )
}

/** Two versions; the second has some records of the first, changed or not, and new ones. */
const versions = fc
  .tuple(anyRows({ maxLength: 8 }), anyRows({ minLength: 8, maxLength: 8 }), fc.infiniteStream(fc.nat(99)))
  .map(([before, others, chances]) => {
    const chance = () => Number(chances.next().value)
    const remaining = before.flatMap((row, n): readonly RecordValues[] => {
      const dice = chance()
      if (dice < 20) return []
      if (dice < 50) return [row]
      const other = others[n] ?? row
      return [row.map((text, index) => (index > 0 && chance() < 30 ? (other[index] ?? null) : text))]
    })
    const added = others
      .slice(0, chance() % 5)
      .map(([code, ...rest]): RecordValues => [`new ${code}`, ...rest])
    return { before, after: [...remaining, ...added] }
  })

interface Naive {
  readonly lines: readonly string[]
  readonly rows: readonly RecordValues[]
  readonly counts: { added: number; removed: number; changed: number }
}

function compare(before: readonly RecordValues[], after: readonly RecordValues[]): Naive {
  const [former, latter] = [before, after].map((rows) => new Map(rows.map((row) => [row[0] ?? '', row])))
  const keys = [...new Set([...(former?.keys() ?? []), ...(latter?.keys() ?? [])])]
  keys.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
  const record = jsonRecord(trialFields)
  const counts = { added: 0, removed: 0, changed: 0 }
  const lines: string[] = []
  const rows: RecordValues[] = []
  const addChange = (change: keyof typeof counts, code: string, rest: string) => {
    counts[change]++
    lines.push(`{"change":"${change}","key":{"code":${JSON.stringify(code)}},${rest}}`)
    const [was, is] = [former?.get(code), latter?.get(code)]
    const cells = trialFields.slice(1).flatMap((_, n) => [was?.[n + 1] ?? null, is?.[n + 1] ?? null])
    rows.push([change, code, ...cells])
  }
  for (const code of keys) {
    const [was, is] = [former?.get(code), latter?.get(code)]
    if (was === undefined && is !== undefined) addChange('added', code, `"record":${record(is)}`)
    else if (is === undefined && was !== undefined) addChange('removed', code, `"record":${record(was)}`)
    else if (was !== undefined && is !== undefined) {
      const changed = trialFields.flatMap((field, n) => {
        const value = (row: RecordValues) =>
          jsonRecord([field])([row[n] ?? null]).slice(`{"${field.name}":`.length, -1)
        return was[n] === is[n] ? [] : [`"${field.name}":{"before":${value(was)},"after":${value(is)}}`]
      })
      if (changed.length > 0) addChange('changed', code, `"fields":{${changed.join(',')}}`)
    }
  }
  return { lines, rows, counts }
}

async function textOf(statement: { readonly text: string }): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of database.copyTo(statement.text)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const side = (table: string) => ({ contract: trialContract, table })
const diff = planDiff(side('before'), side('after')) as Diff

t.test('the difference equals a comparison in memory', async (t) => {
  let differing = 0
  await fc.assert(
    fc.asyncProperty(versions, async ({ before, after }) => {
      await fill('before', before)
      await fill('after', after)
      const expected = compare(before, after)
      const [counts = '', ...lines] = (await textOf(diffLines(diff))).split('\n').slice(0, -1)
      t.strictSame(JSON.parse(counts), expected.counts)
      t.strictSame(
        lines,
        expected.lines.map((line) => `${line},`),
      )
      t.equal(await textOf(diffRows(diff)), csvLines(expected.rows))
      t.strictSame(await countDifference(database.work, diff.before, diff.after), expected.counts)
      differing += lines.length
    }),
    runs(10, 60),
  )
  t.ok(differing > 15, `${differing} records differed`)
  t.match(diffHeader(diff), /^_change,code,district__before,district__after,/)
})

t.test('versions with different keys are not compared', async (t) => {
  const other = { ...trialContract, primaryKey: ['district'] }
  t.equal(planDiff(side('before'), { contract: other, table: 'after' }), undefined)
  const fields = trialFields.map((field) =>
    field.name === 'code' ? { ...field, type: 'integer' as const } : field,
  )
  t.equal(planDiff(side('before'), { contract: { ...trialContract, fields }, table: 'after' }), undefined)
})
