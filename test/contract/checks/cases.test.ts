import { existsSync, readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import type { CheckUse, Field, ProviderPart } from '../../../src/contract/index.ts'
import { buildChecks, checks, checkUseFaults } from '../../../src/contract/index.ts'

interface Case {
  readonly fields: readonly Field[]
  readonly use: CheckUse
  readonly part?: ProviderPart
  readonly rows: readonly (readonly (string | null)[])[]
  /** Rows that the check sees first, without faults. */
  readonly before?: readonly (readonly (string | null)[])[]
  /** For a bad case: the field at fault in each row. */
  readonly faults?: readonly string[]
}

const folder = 'test/cases/checks'
const read = (name: string, kind: string) =>
  JSON.parse(readFileSync(`${folder}/${name}/${kind}.json`, 'utf8')) as Case

const run = ({ fields, use, part, rows, before = [] }: Case) => {
  const [check] = buildChecks([use], { fields, part })
  if (check === undefined) throw new Error('The case uses a field that its rows do not have.')
  for (const row of before) t.equal(check.run(row), undefined)
  return rows.map((row) => check.run(row))
}

t.test('every check has a good and a bad case, and there is no case without a check', async (t) => {
  t.same(readdirSync(folder).sort(), checks.map((check) => check.name).sort())
  for (const { name } of checks) {
    t.ok(existsSync(`${folder}/${name}/good.json`), `${name} has a good case`)
    t.ok(existsSync(`${folder}/${name}/bad.json`), `${name} has a bad case`)
  }
})

for (const { name } of checks) {
  t.test(`${name} passes each row of its good case and faults each row of its bad one`, async (t) => {
    const [good, bad] = [read(name, 'good'), read(name, 'bad')]
    t.same(checkUseFaults(good.use, good.fields), [])
    t.same(checkUseFaults(bad.use, bad.fields), [])
    t.ok(good.rows.length > 0 && bad.rows.length > 0)
    t.same(
      run(good),
      good.rows.map(() => undefined),
    )
    const faults = run(bad)
    t.same(
      faults.map((fault) => fault?.field),
      bad.faults,
    )
    for (const fault of faults) {
      t.match(fault, { expected: { zh: /./, en: /./ }, message: { zh: /./, en: /./ } })
    }
  })
}

t.test('an invalid use is rejected with a message', async (t) => {
  const { fields } = read('total', 'good')
  const text: Field = { ...(fields[0] as Field), name: 'note', type: 'string' }
  t.match(checkUseFaults({ check: 'totals' }, fields), [/no check totals; there are ascending, /])
  t.match(checkUseFaults({ check: 'total', total: 'all' }, fields), [/required property 'parts'/])
  t.match(checkUseFaults({ check: 'total', total: 'all', parts: ['a'], part: 'b' }, fields), [/additional/])
  t.match(checkUseFaults({ check: 'total', total: 'all', parts: ['c'] }, fields), [/the field c/])
  t.match(checkUseFaults({ check: 'total', total: 'all', parts: ['note'] }, [...fields, text]), [/a number/])
  t.same(checkUseFaults({ check: 'total', severity: 'warning', total: 'all', parts: ['a'] }, fields), [])
})

t.test('a check of fields that the rows lack is left out; the severity is passed on', async (t) => {
  const { fields, use } = read('total', 'good')
  t.same(buildChecks([use], { fields: fields.slice(0, 2) }), [])
  t.equal(buildChecks([use], { fields })[0]?.severity, 'error')
  t.equal(buildChecks([{ ...use, severity: 'warning' }], { fields })[0]?.severity, 'warning')
  t.throws(() => buildChecks([{ check: 'totals' }], { fields }), /no check totals/)
})

t.test('arithmetic is exact where doubles would not be', async (t) => {
  const { fields, use } = read('total', 'good')
  const cents = fc.bigInt({ min: 0n, max: 10n ** 12n })
  const text = (value: bigint) => `${value / 100n}.${String(value % 100n).padStart(2, '0')}`
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(cents, cents, fc.bigInt({ min: -1n, max: 1n }), (a, b, off) => {
        fc.pre(a + b + off >= 0n)
        const [fault] = run({ fields, use, rows: [[text(a + b + off), text(a), text(b)]] })
        return (fault === undefined) === (off === 0n)
      }),
    ),
  )
})

t.test('strictly ascending values are never equal', async (t) => {
  const { fields, use } = read('ascending', 'good')
  const [check] = buildChecks([{ ...use, strict: true }], { fields })
  t.equal(check?.run(['1.0', '1.1', '1.2']), undefined)
  t.equal(check?.run(['1.0', null, '1.1']), undefined)
  t.match(check?.run(['1.0', '1.0', '1.2']), { field: 'p50', message: { en: /does not exceed/ } })
})

t.test('swapped coordinates are named as such', async (t) => {
  const { fields, use } = read('within', 'good')
  const [check] = buildChecks([use], { fields })
  t.match(check?.run(['31.23', '121.47']), { field: 'lon', message: { en: /are swapped/, zh: /颠倒/ } })
  t.match(check?.run(['121.47', '29']), { field: 'lat', message: { en: /outside the bounding box/ } })
  t.match(check?.run(['121.47', '121.47']), { field: 'lat', message: { en: /outside the bounding box/ } })
})

t.test('a point in another outline and one in none have different messages', async (t) => {
  const { fields, use } = read('in-outline', 'good')
  const [check] = buildChecks([use], { fields })
  t.match(check?.run(['7', '1', 'a']), { message: { en: /The point is in b;/ } })
  t.match(check?.run(['-1', '1', 'a']), { message: { en: /perhaps in the sea/ } })
})
