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

/** The usual remedy: every sum with a blank has a second one, the smallest count beside it. */
function twoPerSum(rows: readonly Row[], { rows: controlled }: Proven): readonly Row[] {
  const blank = new Set(rows.flatMap((_, n) => (controlled[n]?.[11] === 'C' ? [n] : [])))
  const groups = new Map<string, number[]>()
  for (const [n, row] of rows.entries())
    for (const [name, at] of sumsOf(row))
      groups.set(`${name} ${at}`, [...(groups.get(`${name} ${at}`) ?? []), n])
  for (let size = -1; size < blank.size; ) {
    size = blank.size
    for (const cells of groups.values()) {
      if (cells.filter((n) => blank.has(n)).length !== 1) continue
      const open = cells.filter((n) => !blank.has(n) && rows[n]?.[7] !== '0')
      const least = open.sort((a, b) => Number(rows[a]?.[7]) - Number(rows[b]?.[7]))[0]
      if (least !== undefined) blank.add(least)
    }
  }
  return rows.map((row, n) => {
    if (!blank.has(n)) return [...row.slice(0, 11), 'F']
    const status = controlled[n]?.[11] === 'C' ? 'C' : 'D'
    return [...row.slice(0, 6), row[5] === '_T' ? null : (row[6] ?? null), null, null, null, null, status]
  })
}

/** The sums that a row is in: as a part, and as their total. */
function sumsOf(row: Row): readonly (readonly [name: string, at: number])[] {
  const key = row.slice(0, 6)
  const under = (at: number) => key.map((code, n) => (n === at ? '*' : code)).join('|')
  const own = [0, 3, 5].map((at) => [under(at), at] as const)
  const grade = key[2] === '_T' ? [] : [[under(2), 2] as const]
  const stage = key[2] === '_T' ? [[under(1), 1] as const] : []
  const whole = key[1] !== '_T' && key[2] === '_T' ? [[under(2), 2] as const] : []
  return [...own, ...grade, ...stage, ...whole]
}

const modulus = 1_000_003

/**
 * Secondary suppression by elimination: the largest counts first are shown as long as no sensitive one is a combination of
 * shown ones. It ignores that counts are not negative.
 */
function eliminationOnly(rows: readonly Row[], { rows: controlled }: Proven): readonly Row[] {
  const finest = rows.filter((row) => !row.slice(0, 6).includes('_T'))
  const covers = (row: Row, cell: Row) =>
    row.slice(0, 6).every((code, n) => code === '_T' || code === cell[n])
  const vectors = rows.map((row) => Int32Array.from(finest, (cell) => (covers(row, cell) ? 1 : 0)))
  const isSensitive = (n: number) => controlled[n]?.[11] === 'C'
  const inverse = (value: number) => {
    let [power, result, base] = [modulus - 2, 1, value]
    for (; power > 0; power = Math.floor(power / 2)) {
      if (power % 2 === 1) result = (result * base) % modulus
      base = (base * base) % modulus
    }
    return result
  }
  /** Scaled so that the first number that is not 0 is 1; -1 where all are 0. */
  const normalise = (vector: Int32Array): number => {
    const lead = vector.findIndex((value) => value !== 0)
    if (lead < 0) return -1
    const factor = inverse(vector[lead] ?? 1)
    for (let n = lead; n < vector.length; n++) vector[n] = ((vector[n] ?? 0) * factor) % modulus
    return lead
  }
  const remove = (from: Int32Array, lead: number, vector: Int32Array) => {
    const factor = from[lead] ?? 0
    if (factor === 0) return
    for (let n = 0; n < from.length; n++)
      from[n] = ((from[n] ?? 0) + (modulus - factor) * (vector[n] ?? 0)) % modulus
  }
  const basis: { lead: number; vector: Int32Array }[] = []
  const rests = new Map(
    [...rows.keys()].filter(isSensitive).map((n) => [n, Int32Array.from(vectors[n] ?? [])]),
  )
  for (const rest of rests.values()) normalise(rest)
  const open = [...rows.keys()].filter((n) => !isSensitive(n))
  open.sort((a, b) => Number(rows[b]?.[7]) - Number(rows[a]?.[7]))
  const shown = new Set<number>()
  for (const n of open) {
    const own = Int32Array.from(vectors[n] ?? [])
    for (const { lead, vector } of basis) remove(own, lead, vector)
    const lead = normalise(own)
    if (lead >= 0 && [...rests.values()].some((rest) => rest.join() === own.join())) continue
    shown.add(n)
    if (lead < 0) continue
    basis.push({ lead, vector: own })
    for (const rest of rests.values()) {
      remove(rest, lead, own)
      normalise(rest)
    }
  }
  return rows.map((row, n) => {
    if (shown.has(n)) return [...row.slice(0, 11), 'F']
    const isBaseShown = rows.some(
      (base, m) => shown.has(m) && base[5] === '_T' && base.slice(0, 5).join() === row.slice(0, 5).join(),
    )
    const base = row[5] !== '_T' && isBaseShown ? (row[6] ?? null) : null
    return [...row.slice(0, 6), base, null, null, null, null, isSensitive(n) ? 'C' : 'D']
  })
}

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
  const usual = damageOf(await attack([twoPerSum(rows, controlled)]))
  t.ok(usual.recovered.length + usual.narrow.length > 0, 'two blanks in each sum do not protect')
  const eliminated = damageOf(await attack([eliminationOnly(rows, controlled)]))
  t.ok(eliminated.recovered.length + eliminated.narrow.length > 0, 'elimination alone does not protect')
  t.comment(
    JSON.stringify({
      safe: safe.blanks,
      tightest: safe.tightest,
      open: `${open.recovered.length}/${open.blanks}`,
      elimination: `${eliminated.recovered.length} recovered, ${eliminated.narrow.length} narrow of ${eliminated.blanks}`,
      twoPerSum: `${usual.recovered.length} recovered, ${usual.narrow.length} narrow of ${usual.blanks}`,
    }),
  )
  t.comment(JSON.stringify(controlled.summary.blocks))
})
