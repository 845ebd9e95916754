/** The rule on small editions: each known way to recover a count, and the attacker that tries them all. */
import t from 'tap'
import { attack, damageOf } from './support/attacker.ts'
import { type Proven, proven, verify } from './support/control.ts'
import { type Row, rowsOf } from './support/editions.ts'

/** Counts from a seed, so that the edition is the same everywhere. */
function cityOf(seed: number, districts: number): Record<string, Record<string, number>> {
  let state = seed
  const next = (below: number) => {
    state = (state * 48271) % 2147483647
    return state % below
  }
  const finest: Record<string, Record<string, number>> = {}
  for (let district = 0; district < districts; district++)
    for (const grade of ['primary/11', 'primary/12', 'lower/21', 'lower/22'])
      for (const sex of ['1', '2'])
        finest[`D${district} ${grade} ${sex}`] = {
          ...{ fail: next(25), pass: 30 + next(60), good: 20 + next(20), excellent: next(20) },
        }
  finest['D0 primary/16 1'] = { fail: 1, pass: 4, good: 2, excellent: 1 }
  finest['D0 primary/16 2'] = { fail: 0, pass: 4, good: 2, excellent: 1 }
  return finest
}

/** Only what is small by itself is blank. */
const primaryOnly = (rows: readonly Row[], { rows: controlled }: Proven): readonly Row[] =>
  rows.map((row, n) => (controlled[n]?.[11] === 'C' ? (controlled[n] as Row) : [...row.slice(0, 11), 'F']))

t.test('an attacker recovers nothing, and much from primary suppression alone', async (t) => {
  const rows = rowsOf(cityOf(7, 3))
  const controlled = await proven(rows)
  t.same(verify(rows, controlled), [])
  const safe = damageOf(await attack([controlled.rows]))
  t.same(safe.recovered, [])
  t.same(safe.narrow, [])
  t.ok(safe.tightest >= 5, `tightest ${safe.tightest}`)
  const open = damageOf(await attack([primaryOnly(rows, controlled)]))
  t.ok(open.recovered.length > open.blanks / 2, `${open.recovered.length} of ${open.blanks}`)
  t.comment(
    JSON.stringify({
      safe: safe.blanks,
      tightest: safe.tightest,
      open: `${open.recovered.length}/${open.blanks}`,
    }),
  )
  t.comment(JSON.stringify(controlled.summary.blocks))
})
