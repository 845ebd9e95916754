/** Faulty parameters are refused when a contract is loaded, and data that contradict themselves when it is controlled. */
import t from 'tap'
import { compileSchema } from '../../src/contract/schema.ts'
import { auditedSuppression as rule } from '../../src/disclosure/audited-suppression/rule.ts'
import { cellsMax } from '../../src/disclosure/audited-suppression/table.ts'
import { control } from './support/control.ts'
import { fitnessContract, parameters, type Row, rowsOf } from './support/editions.ts'

function complaintsOf(changes: object): readonly string[] {
  const contract = fitnessContract({ ...parameters, ...changes })
  if (contract.disclosure === undefined) throw new Error('no rule')
  return [...(rule.complaints?.(contract, contract.disclosure) ?? [])].map(([path]) => path)
}

t.test('parameters that contradict each other or the fields', async (t) => {
  const { levels } = parameters
  t.same(complaintsOf({}), [])
  t.same(complaintsOf({ protection: { width: 8 } }), [], 'from 1 to 9')
  t.same(complaintsOf({ protection: { width: 9 } }), ['/disclosure/protection/width'])
  t.same(
    complaintsOf({ protection: { width: 9 }, levels: { ...levels, zero: 'protect' } }),
    [],
    'from 0 to 9',
  )
  t.same(complaintsOf({ levels: { ...levels, small: 5 } }), ['/disclosure/protection/width'])
  t.same(complaintsOf({ levels: { ...levels, count: 'share' } }), ['/disclosure/levels/count'])
  t.same(complaintsOf({ levels: { ...levels, field: 'share' } }), ['/disclosure/levels/field'])
  t.same(complaintsOf({ quantiles: { definition: 'inverse-cdf', minimumPerTail: 4 } }), [
    '/disclosure/quantiles/minimumPerTail',
  ])
})

t.test('data that contradict themselves', async (t) => {
  const rows = rowsOf({ 'A primary/15 1': { fail: 20, pass: 30 }, 'A primary/15 2': { fail: 21, pass: 31 } })
  const at = rows.findIndex((row) => row.slice(0, 6).join() === 'A,primary,15,1,total,fail')
  const change = (column: number, value: string) =>
    rows.map((row, n) => (n === at ? row.map((old, m) => (m === column ? value : old)) : row))
  const without = (names: (row: Row) => boolean) => rows.filter((row) => !names(row))
  const reasonOf = async (changed: readonly Row[]) => {
    const controlled = await control(changed)
    return controlled.outcome === 'refused' ? controlled.cells.join() : controlled.outcome
  }
  t.match(await reasonOf(change(7, '19')), /is not the sum of its parts/)
  t.match(await reasonOf(change(7, '-1')), /negative/)
  t.match(await reasonOf(change(7, '1.5')), /no whole number/)
  t.match(await reasonOf(change(6, '51')), /the base of .* is not the count of all its levels/)
  t.match(await reasonOf(rows.filter((_, n) => n !== at)), /the level fail is missing/)
  t.match(
    await reasonOf(without((row) => row[3] === '_T' && row[0] === 'A' && row[2] === '15')),
    /margin .* is missing/,
  )
  t.match(await reasonOf([...rows, rows[at] as Row]), /same key/)
})

t.test('a minimum that protects nobody, and more cells than a thread can hold', async (t) => {
  const pathsOf = (changes: object) =>
    [...compileSchema(rule.parameters, [])({ ...parameters, ...changes })].map(([path]) => path)
  const names = pathsOf({})
  const base = (minimum: number) => pathsOf({ base: { count: 'tested', minimum } })
  t.same(
    [base(3), base(1), base(2)].map((paths) => paths.includes('/base/minimum')),
    [false, true, true],
  )
  t.notOk(names.includes('/base/minimum'))
  const [row = []] = rowsOf({ 'A primary/15 1': { fail: 20, pass: 30 } })
  const controlled = await control(new Array<Row>(cellsMax + 1).fill(row))
  t.match(controlled, { outcome: 'refused', cells: [/2000001 cells are more than 2000000/] })
})
