/** Reads every row of the tables of docs/cell-forms.md through CSV, on both paths, and through a workbook. */
import { stringify } from 'csv-stringify/sync'
import fc from 'fast-check'
import t from 'tap'
import { copyPaths } from '../../src/bundle/index.ts'
import type { Contract } from '../../src/contract/index.ts'
import type { Finding } from '../../src/platform/finding.ts'
import { contract, contractsOf, field, readRows, validationOf } from '../support/bundle-fixture.ts'
import { decodeCopy } from '../support/copy-text.ts'
import { table } from '../support/documents.ts'
import { makeSheet, number, type TestCell } from '../support/workbook.ts'

/** The fields as the tables call them. */
const names = ['text', 'whole number', 'number', 'share', 'boolean', 'day', 'time', 'moment', 'list', 'code']
const fields = [
  field('text', '文本', 'string'),
  field('whole number', '整数', 'integer'),
  field('number', '小数', 'number'),
  field('share', '比率', 'number', { unit: '%' }),
  field('boolean', '是否', 'boolean'),
  field('day', '日期', 'date'),
  field('time', '时刻', 'time'),
  field('moment', '时间', 'datetime'),
  field('list', '列表', 'list'),
  field('code', '性别', 'string', { codes: 'sex' }),
]
const typed: Contract = { ...contract, fields, primaryKey: [] }
const sex = [
  { code: '1', label: { zh: '男', en: 'Male' }, extra: {} },
  { code: '2', label: { zh: '女', en: 'Female' }, extra: {} },
]
const contracts = {
  ...contractsOf(),
  codes: () => ({ name: 'sex', codes: sex, byCode: new Map(sex.map((one) => [one.code, [one]])) }),
}

interface Reading {
  readonly value: string | null | undefined
  readonly repairs: Readonly<Record<string, number>>
  readonly checks: readonly string[]
}

/** One cell read by a path. The cell beside it keeps the row from being blank. */
async function readCell(
  name: string,
  cell: TestCell,
  path: 'fast' | 'strict' | 'workbook',
): Promise<Reading> {
  const at = names.indexOf(name)
  const cells = names.map((other, n) => (n === at ? cell : other === 'text' ? 'x' : ''))
  const file =
    path === 'workbook'
      ? { 'a.xlsx': makeSheet([names, [...cells]]) }
      : { 'a.csv': stringify([names, cells as string[]]) }
  const { validation, findings } = validationOf(file, { contract: typed })
  const readPath = copyPaths[path === 'fast' ? 0 : 1]
  if (readPath === undefined) throw new Error('There is no such path.')
  const reading = readPath({ ...validation, contracts })
  let copied = ''
  for await (const chunk of reading.chunks) copied += Buffer.from(chunk).toString()
  const files = reading.files()
  const [row] = decodeCopy(copied, '')
  return { value: row?.[2 + at], repairs: files?.[0]?.repairs ?? {}, checks: checksOf(findings) }
}

const checksOf = (findings: readonly Finding[]) =>
  findings.filter(({ severity }) => severity === 'error').map(({ check }) => check)

const code = (cell = '') => cell.replaceAll('`', '').replaceAll('·', ' ')

t.test('each accepted form becomes its plain form, from every source', async (t) => {
  const rows = table('docs/cell-forms.md', '| field | written | read as |')
  t.ok(rows.length > 60, `${rows.length} forms`)
  for (const [name = '', written, read, counted = ''] of rows) {
    const repairs = Object.fromEntries([...counted.matchAll(/`(\w+)`/g)].map(([, repair]) => [repair, 1]))
    const field = name === 'any' ? 'text' : name
    t.ok(names.includes(field), `${name} is a field`)
    for (const path of ['fast', 'strict', 'workbook'] as const) {
      const found = await readCell(field, code(written), path)
      t.same(found, { value: code(read), repairs, checks: [] }, `${name} ${written} by the ${path} path`)
    }
  }
})

t.test('each refused form has its finding, from every source', async (t) => {
  const rows = table('docs/cell-forms.md', '| field | written | finding |')
  t.ok(rows.length > 20, `${rows.length} forms`)
  for (const [name = '', written, check, advice = ''] of rows) {
    t.ok(names.includes(name), `${name} is a field`)
    t.ok(advice.length > 4, `${written} has an advice`)
    t.equal((await readCell(name, code(written), 'fast')).value, undefined, `${written} on the fast path`)
    for (const path of ['strict', 'workbook'] as const) {
      const { checks } = await readCell(name, code(written), path)
      t.same(checks, [code(check)], `${name} ${written} by the ${path} path`)
    }
  }
})

t.test('a double is the same number whether a program wrote it or Excel stored it', async (t) => {
  const doubles = fc.oneof(
    fc
      .tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.integer({ min: 1, max: 7 }))
      .map(([n, d]) => n / d),
    fc.tuple(fc.nat(1000), fc.nat(1000)).map(([a, b]) => a / 10 + b / 1000),
    fc.double({ min: 0.0001, max: 1e6, noNaN: true }),
  )
  await fc.assert(
    fc.asyncProperty(doubles, async (value) => {
      const [csv, sheet] = [
        await readCell('number', String(value), 'strict'),
        await readCell('number', number(String(value)), 'workbook'),
      ]
      return csv.value === sheet.value && csv.checks.join() === sheet.checks.join()
    }),
    { numRuns: 60 },
  )
  t.pass()
})

t.test(
  'no form is altered: what is read back as a number or moment is the value that was written',
  async (t) => {
    const written = fc
      .tuple(
        fc.integer({ min: -99_999, max: 99_999 }),
        fc.integer({ min: -6, max: 6 }),
        fc.constantFrom('e', 'E'),
      )
      .map(([digits, power, sign]) => `${digits}${sign}${power}`)
    await fc.assert(
      fc.asyncProperty(written, async (text) => {
        const { value, checks } = await readCell('number', text, 'strict')
        return checks.length > 0
          ? false
          : Number(value) === Number(text) || (Number(text) === 0 && value === '0')
      }),
      { numRuns: 60 },
    )
    const { rows } = await readRows(
      { 'a.csv': 'moment\n2026-02-28T16:00:00.000Z\n' },
      { contract: { ...typed, fields: fields.filter(({ name }) => name === 'moment') } },
    )
    t.same(rows[0]?.values, ['2026-02-28T16:00:00Z'])
  },
)
