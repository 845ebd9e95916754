/** Corrections: two versions that are safe by themselves can be solved together. */
import t from 'tap'
import { attack, damageOf } from './support/attacker.ts'
import { control, proven, shown, verify } from './support/control.ts'
import { parameters, type Row, rowsOf } from './support/editions.ts'

const base = { fail: 14, pass: 60, good: 40, excellent: 26 }

function edition(own: Readonly<Record<string, Readonly<Record<string, number>>>> = {}): readonly Row[] {
  const finest: Record<string, Readonly<Record<string, number>>> = {}
  for (const [d, district] of ['A', 'B'].entries())
    for (const [g, grade] of ['primary/15', 'primary/16'].entries())
      for (const [n, sex] of ['1', '2'].entries())
        finest[`${district} ${grade} ${sex}`] = { ...base, fail: 13 + d + g + n, pass: 60 + 3 * d + n }
  return rowsOf({ ...finest, ...own })
}

t.test('a correction of one pupil shows nothing new, and is not published', async (t) => {
  const first = edition({ 'A primary/16 1': { ...base, fail: 4 } })
  const { rows: published } = await proven(first)
  const second = edition({ 'A primary/16 1': { ...base, fail: 3, pass: 61 } })
  const changed = second.filter((row, n) => row.join() !== first[n]?.join())
  t.ok(changed.length >= 16, `${changed.length} rows change`)
  const controlled = await control(second, { former: [{ rows: first, published }] })
  t.match(controlled, { outcome: 'refused', reason: 'nothing-new' })
})

t.test('a forgotten school: what changes much is shown, small changes are held', async (t) => {
  const first = edition({ 'A primary/16 1': { ...base, fail: 4 } })
  const one = await proven(first)
  const second = edition({ 'A primary/16 1': { fail: 6, pass: 110, good: 70, excellent: 28 } })
  const former = [{ rows: first, published: one.rows }]
  const two = await proven(second, { former })
  t.same(verify(second, two, { former }), [])
  t.equal(shown(two.rows, 'A primary 16 1 fail')[7], null, 'withheld once is withheld for the edition')
  const excellent = shown(two.rows, 'A primary 16 1 excellent')[7]
  t.ok(excellent === null || excellent === '26', 'a change of two is held at the former value')
  t.same(two.summary.safeAgainst, [1])
  t.same(damageOf(await attack([one.rows, two.rows])).recovered, [], 'together nothing is recovered')
  t.comment(JSON.stringify(two.summary.blocks))
})

t.test('another pattern in version 2: what was shown stays known', async (t) => {
  const first = edition({ 'A primary/16 1': { ...base, fail: 4 } })
  const one = await proven(first)
  const second = edition({
    'A primary/16 1': { ...base, fail: 4 },
    'B primary/15 2': { fail: 3, pass: 95, good: 62, excellent: 51 },
  })
  const former = [{ rows: first, published: one.rows }]
  const two = await proven(second, { former })
  t.same(verify(second, two, { former }), [])
  for (const [n, row] of one.rows.entries())
    if (row[7] === null) t.equal(two.rows[n]?.[7], null, 'hidden once, hidden now')
  // By itself the second version may have other partners, as with other levels to keep.
  const use = { ...parameters, levels: { ...parameters.levels, keep: ['pass'] } }
  const apart = await proven(second, { use })
  const alone = damageOf(await attack([one.rows, apart.rows], { mayHold: false, unchanged: ['A'] }))
  t.ok(alone.recovered.length > 0, `separately: ${alone.recovered.length} of ${alone.blanks}`)
  const joint = damageOf(await attack([one.rows, two.rows], { unchanged: ['A'] }))
  t.same([joint.recovered, joint.narrow], [[], []], 'together nothing is recovered')
})
