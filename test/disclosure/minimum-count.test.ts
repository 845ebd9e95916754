import fc from 'fast-check'
import t from 'tap'
import { disclosureRules, getDisclosureRule } from '../../src/disclosure/index.ts'
import type { RecordValues } from '../../src/formats/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { runs } from '../support/runs.ts'

const minimum = 10
const use = {
  rule: 'minimum-count',
  count: 'pupils',
  minimum,
  withhold: ['pupils', 'mean'],
  status: 'status',
}
const contract = contractOf(
  [
    field('cell', 'string'),
    field('pupils', 'integer'),
    field('mean', 'number'),
    field('status', 'string', { role: 'status' }),
  ],
  ['cell'],
  { disclosure: use },
)

async function control(rows: readonly RecordValues[]) {
  const rule = getDisclosureRule('minimum-count')
  if (!('control' in rule)) throw new Error('not a streaming rule')
  const controlled = rule.control(one(rows), contract, use)
  const out: RecordValues[] = []
  for await (const batch of controlled.rows) out.push(...batch)
  return { out, summary: controlled.summary() }
}

async function* one(rows: readonly RecordValues[]) {
  yield rows
}

t.test('both sides of the minimum, and unknown counts', async (t) => {
  const { out, summary } = await control([
    ['a', '10', '85.4', null],
    ['b', '9', '70.1', null],
    ['c', '0', null, null],
    ['d', null, '60.0', null],
  ])
  t.strictSame(out, [
    ['a', '10', '85.4', 'F'],
    ['b', null, null, 'C'],
    ['c', null, null, 'C'],
    ['d', null, null, 'C'],
  ])
  t.strictSame(summary, {
    rule: 'minimum-count',
    records: 4,
    recordsWithheld: 3,
    valuesWithheld: 4,
    byReason: { primary: 3 },
  })
})

t.test('no measure is based on fewer than the minimum, and no record is lost', async (t) => {
  const row = fc.tuple(fc.string(), fc.option(fc.nat(30)), fc.option(fc.nat(100)))
  await fc.assert(
    fc.asyncProperty(fc.array(row), async (cells) => {
      const rows = cells.map(([cell, pupils, mean]): RecordValues => [cell, text(pupils), text(mean), null])
      const { out, summary } = await control(rows)
      t.equal(out.length, rows.length)
      t.equal(summary.records, rows.length)
      t.strictSame(
        out.map(([, pupils, mean, status]) => [pupils, mean, status]),
        rows.map(([, pupils, mean]) =>
          Number(pupils ?? 0) >= minimum ? [pupils, mean, 'F'] : [null, null, 'C'],
        ),
      )
    }),
    runs(50, 100),
  )
})

t.test('the list of rules', async (t) => {
  t.same([...disclosureRules.keys()], ['minimum-count', 'audited-suppression'])
  t.throws(() => getDisclosureRule('perturb'), /no disclosure rule perturb/)
})

const text = (number: number | null) => (number === null ? null : String(number))
