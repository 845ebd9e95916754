/** Ways to recover a withheld count that have been seen elsewhere, each with its smallest edition. */
import t, { type Test as Tap } from 'tap'
import { factsOf } from '../../src/disclosure/audited-suppression/facts.ts'
import { parametersOf, resolveColumns } from '../../src/disclosure/audited-suppression/parameters.ts'
import { buildTables } from '../../src/disclosure/audited-suppression/table.ts'
import { attack, damageOf } from './support/attacker.ts'
import { control, isWithheld, proven, shown, verify } from './support/control.ts'
import { type Finest, fitnessContract, parameters, type Row, rowsOf } from './support/editions.ts'

const usual = { fail: 14, pass: 40, good: 30, excellent: 16 }

/** Two districts, two grades of a stage and both sexes; `own` replaces cells. */
function edition(own: Finest = {}): readonly Row[] {
  const finest: Record<string, Readonly<Record<string, number>>> = {}
  for (const district of ['A', 'B'])
    for (const grade of ['primary/15', 'primary/16'])
      for (const [n, sex] of ['1', '2'].entries())
        finest[`${district} ${grade} ${sex}`] = { ...usual, pass: 40 + n + (district === 'A' ? 0 : 3) }
  return rowsOf({ ...finest, ...own })
}

async function safe(t: Tap, rows: readonly Row[], use?: object) {
  const controlled = await proven(rows, { use })
  t.same(verify(rows, controlled, { use }), [], 'the witnesses prove it')
  const damage = damageOf(await attack([controlled.rows]))
  t.same([damage.recovered, damage.narrow], [[], []], 'nothing is recovered, nothing is narrow')
  return controlled
}

t.test('a grade of 8 and 7 pupils, with the total of its stage shown', async (t) => {
  const small = { fail: 1, pass: 4, good: 2, excellent: 1 }
  const { rows } = await safe(
    t,
    edition({ 'A primary/16 1': small, 'A primary/16 2': { ...small, fail: 0 } }),
  )
  t.ok(isWithheld(rows, 'A primary 16 1 _T') && isWithheld(rows, 'A primary 16 2 _T'))
  t.notOk(isWithheld(rows, '_T _T _T _T _T'), 'the total of all is shown')
})

t.test('a share beside a withheld count, also 9.1 % of 11', async (t) => {
  const rows = edition({ 'A primary/16 1': { fail: 1, pass: 5, good: 3, excellent: 2 } })
  const controlled = await safe(t, rows)
  t.equal(shown(rows, 'A primary 16 1 fail')[8], '9.1')
  const blanks = controlled.rows.filter((row) => row[7] === null)
  t.same(
    blanks.filter((row) => row[8] !== null),
    [],
  )
  t.same(
    controlled.rows.filter((row) => row.slice(6, 9).includes(null) && row[11] === 'F'),
    [],
    'no blank without a flag',
  )
})

t.test('two pupils with a width of five, and one', async (t) => {
  for (const fail of [1, 2]) {
    const { rows } = await safe(t, edition({ 'A primary/16 1': { ...usual, fail } }))
    const [low, high] = shown(rows, 'A primary 16 1 fail').slice(9, 11).map(Number)
    t.ok((high ?? 0) - (low ?? 0) >= 5, `${low} to ${high}`)
  }
})

t.test('a pupil who is alone in a cell does not find the others', async (t) => {
  const alone = { fail: 0, pass: 1, good: 0, excellent: 0 }
  const two = { fail: 1, pass: 1, good: 0, excellent: 0 }
  const rows = edition({ 'A primary/16 1': alone, 'A primary/16 2': two })
  const controlled = await safe(t, rows)
  const proofs = controlled.witnesses.flatMap((block) => block.proofs)
  t.ok(proofs.some(({ insiders }) => insiders.length > 0))
  for (const { known, moves } of proofs.flatMap(({ insiders }) => insiders))
    t.notOk(moves.flat().some(([cell]) => known.includes(cell)))
})

t.test('three singletons under one total', async (t) => {
  const fails = { 'A primary/15 1': 1, 'A primary/16 1': 1, 'B primary/16 1': 1 }
  const own = Object.fromEntries(Object.entries(fails).map(([name, fail]) => [name, { ...usual, fail }]))
  await safe(t, edition(own))
})

t.test('zeros as partners: nothing is withheld under a total of zero', async (t) => {
  const rows = edition({
    'A primary/15 1': { ...usual, fail: 0 },
    'A primary/16 1': { ...usual, fail: 0 },
    'A primary/16 2': { ...usual, fail: 3 },
  })
  const { rows: controlled } = await safe(t, rows)
  t.same(
    controlled.filter((row, n) => row[5] === 'fail' && rows[n]?.[7] === '0' && row[7] === null),
    [],
  )
})

t.test('all fail', async (t) => {
  const { rows } = await proven(edition({ 'A primary/16 1': { fail: 14, pass: 0, good: 0, excellent: 0 } }))
  t.equal(shown(rows, 'A primary 16 1 fail')[7], null)
  t.ok(damageOf(await attack([rows])).recovered.length === 0)
})

t.test('all exempt: nobody is tested', async (t) => {
  const { rows } = await safe(t, edition({ 'A primary/16 1': { fail: 0, pass: 0, good: 0, excellent: 0 } }))
  t.equal(shown(rows, 'A primary 16 1 _T')[7], '0')
})

t.test('the partner of a small count is a pass, and the headline levels stay', async (t) => {
  const rows = edition({ 'A primary/16 1': { ...usual, fail: 3 } })
  const withheld = (all: readonly Row[]) =>
    all.filter((row) => row[7] === null && ['good', 'excellent'].includes(row[5] ?? '')).length
  t.equal(withheld((await safe(t, rows)).rows), 0)
  const { keep: _, ...levels } = parameters.levels
  await proven(rows, { use: { ...parameters, levels } })
})

t.test('a secondary count is not exact', async (t) => {
  const { rows } = await safe(t, edition({ 'A primary/16 1': { ...usual, fail: 4 } }))
  const secondary = rows.filter((row) => row[11] === 'D' && row[7] === null)
  t.ok(secondary.length > 0)
  t.ok(secondary.every((row) => Number(row[10]) > Number(row[9])))
})

t.test('a witness that does not move its target, or breaks a sum, is found', async (t) => {
  const rows = edition({ 'A primary/16 1': { ...usual, fail: 4 } })
  const controlled = await proven(rows)
  const change = (of: (move: [string, number][]) => [string, number][]) => ({
    ...controlled,
    witnesses: controlled.witnesses.map((block) => ({
      ...block,
      proofs: block.proofs.map((proof, n) =>
        n > 0
          ? proof
          : { ...proof, moves: proof.moves.map((move) => of(move.map(([cell, by]) => [cell, by]))) },
      ),
    })),
  })
  const name = controlled.witnesses[0]?.proofs[0]?.cell
  const still = change((move) => move.filter(([cell]) => cell !== name))
  const half = change((move) => move.map(([cell, by], n) => [cell, n === 0 ? by + 1 : by]))
  const none = change(() => [])
  for (const wrong of [still, half, none]) t.not(verify(rows, wrong).length, 0)
  const open = controlled.rows.map((row, n) => (row[11] === 'C' ? (rows[n] as Row) : row))
  t.not(verify(rows, { ...controlled, rows: open }).length, 0, 'a small count that is shown')
})

t.test('a median one step below the limit of a level', async (t) => {
  const contract = fitnessContract({
    ...parameters,
    quantiles: { definition: 'inverse-cdf', minimumPerTail: 10, fields: { share: 50 } },
  })
  const use = parametersOf(contract.disclosure as never)
  const columns = resolveColumns(contract, use)
  const rows = rowsOf({ 'A primary/16 1': { fail: 121, pass: 400, good: 421, excellent: 100 } }).map((row) =>
    row[5] === '_T' ? [...row.slice(0, 8), '79', ...row.slice(9)] : row,
  )
  const [table] = buildTables(rows, columns)
  if (table === undefined) throw new Error('no table')
  const bands = { fail: [0, 59], pass: [60, 79], good: [80, 89], excellent: [90, 120] } as const
  const { contradicts } = factsOf(table, rows, columns, use, () => bands)
  const base = table.names.indexOf('A primary/16 1 _T')
  const cell = (level: string) => table.names.indexOf(`A primary/16 1 ${level}`)
  t.equal(table.values[base], 1042)
  const moved = (from: string, to: string) => {
    const values = Int32Array.from(table.values)
    values[cell(from)] = (values[cell(from)] ?? 0) - 1
    values[cell(to)] = (values[cell(to)] ?? 0) + 1
    return contradicts(values, base)
  }
  t.same([moved('fail', 'pass'), moved('pass', 'fail')], [false, false])
  t.same([moved('pass', 'good'), moved('good', 'excellent')], [true, false], 'the 521st result is a pass')
})

t.test('a deviation that only results at both ends can have', (t) => {
  const { ranges: _, ...others } = parameters
  const contract = fitnessContract({ ...others, mean: 'pupils_low', deviation: 'pupils_high' })
  const use = parametersOf(contract.disclosure as never)
  const columns = resolveColumns(contract, use)
  // Six results of 0 and six of 120: the deviation is 60, which no table with a pass or a good can have.
  const contradictsWith = (deviation: string | null) => {
    const rows = rowsOf({ 'A primary/16 1': { fail: 6, pass: 0, good: 0, excellent: 6 } }).map((row) =>
      row[5] === '_T' ? [...row.slice(0, 9), '60', deviation, null] : row,
    )
    const [table] = buildTables(rows, columns)
    if (table === undefined) throw new Error('no table')
    const bands = { fail: [0, 59], pass: [60, 79], good: [80, 89], excellent: [90, 120] } as const
    const { contradicts } = factsOf(table, rows, columns, use, () => bands)
    const values = Int32Array.from(table.values)
    for (const [level, by] of [
      ['fail', -1],
      ['pass', 1],
      ['good', 1],
      ['excellent', -1],
    ] as const) {
      const cell = table.names.indexOf(`A primary/16 1 ${level}`)
      values[cell] = (values[cell] ?? 0) + by
    }
    return contradicts(values, table.names.indexOf('A primary/16 1 _T'))
  }
  t.same([contradictsWith(null), contradictsWith('60')], [false, true], 'the mean alone would allow it')
  t.end()
})

t.test('the mean of a withheld base is withheld, and that of its partners', async (t) => {
  const small = { fail: 1, pass: 4, good: 2, excellent: 1 }
  const rows = edition({ 'A primary/16 1': small })
  const { rows: controlled } = await safe(t, rows)
  const bases = controlled.filter((row) => row[5] === '_T' && row[6] === null)
  t.ok(bases.length >= 4, `${bases.length} bases are withheld`)
  t.ok(bases.every((row) => row[8] === null))
})

t.test('an edition in which everything is small, and one district only, are refused or proven', async (t) => {
  const small = { fail: 1, pass: 1, good: 1, excellent: 0 }
  const all = await control(rowsOf({ 'A primary/15 1': small, 'A primary/15 2': small }))
  t.equal(all.outcome, 'proven')
  const alone = await control(rowsOf({ 'A primary/15 1': { ...usual, fail: 2 } }))
  t.ok(['proven', 'refused'].includes(alone.outcome))
})
