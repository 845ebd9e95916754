/** `count-cells`: parts in any order and of any size give the rows of one pass; both paths of reading feed it alike. */
import fc from 'fast-check'
import t from 'tap'
import { partsOf } from '../../src/contract/index.ts'
import { derivationFaults, getDerivation, type StatisticsRow } from '../../src/derivations/index.ts'
import { swimmersContract } from '../support/personal-bundles.ts'
import { runs } from '../support/runs.ts'

const derivation = getDerivation('count-cells')
const use = swimmersContract.derivation
if (use === undefined) throw new Error('the contract has a derivation')
const of = { contract: swimmersContract, use, edition: '2025', directories: {} }
const [part] = partsOf(swimmersContract)

type Row = readonly (string | null)[]

function statisticsOf(rows: readonly Row[]): readonly StatisticsRow[] {
  if (part === undefined) throw new Error('the contract has a part')
  const opened = derivation.openPart(of, part)
  for (const [index, row] of rows.entries()) {
    const at = { file: 'data/rows.csv', row: index + 2 }
    if (!opened.add(row, at, () => undefined)) throw new Error('no row is rejected')
  }
  return [...opened.finish()]
}

/** Adds up the statistics of parts as the database does, in batches of three. */
async function aggregate(parts: readonly (readonly StatisticsRow[])[]): Promise<readonly Row[]> {
  const sums = new Map<string, StatisticsRow>()
  for (const { cell, amount } of parts.flat()) {
    const key = JSON.stringify(cell)
    sums.set(key, { cell, amount: (sums.get(key)?.amount ?? 0) + amount })
  }
  const sorted = [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
  async function* batches() {
    for (let at = 0; at < sorted.length; at += 3) yield sorted.slice(at, at + 3)
  }
  const rows: Row[] = []
  for await (const batch of derivation.aggregate(of, batches())) rows.push(...batch)
  return rows
}

const row = fc.tuple(
  fc.nat(99).map(String),
  fc.constantFrom('310101', '310104'),
  fc.constantFrom('1', '2'),
  fc.option(fc.nat(40).map(String), { nil: null }),
  fc.constant(null),
)

t.test('parts in any order, and replaced ones, give the rows of one pass', async (t) => {
  const rows = fc.array(row, { maxLength: 30 })
  const property = fc.asyncProperty(rows, rows, rows, async (one, other, replaced) => {
    const whole = await aggregate([statisticsOf([...one, ...other])])
    const current = new Map([['a', statisticsOf(replaced)]])
    current.set('b', statisticsOf(other))
    current.set('a', statisticsOf(one))
    t.strictSame(await aggregate([...current.values()].reverse()), whole)
  })
  await fc.assert(property, runs(40, 1000))
})

t.test('a contract that does not fit is refused', (t) => {
  const faultsOf = (more: object) =>
    [
      ...derivationFaults(
        { ...swimmersContract, derivation: { ...use, ...more } as typeof use },
        () => undefined,
      ),
    ].map(([path]) => path)
  t.same(faultsOf({}), [])
  t.same(faultsOf({ by: ['district', 'number'] }), ['/derivation/by/1', '/primaryKey'])
  t.same(faultsOf({ count: 'sex' }), ['/derivation/count'])
  t.same(faultsOf({ sums: { lengths: 'name' } }), ['/derivation/sums/lengths'])
  t.same(faultsOf({ directories: { schools: 'schools' } }), ['/derivation/directories/schools'])
  t.end()
})
