/** The labelled phrases, and the trial file: nothing is read wrongly, and nine in ten certain phrases are read. */
import { existsSync, readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { test } from 'tap'
import { parseHours } from '../../../src/derivations/index.ts'
import { comparable, type Phrase, readPhrases } from '../../support/hours-labels.ts'

function outcome({ text, column, label }: Phrase): { readonly got: string; readonly want: string } {
  const { sessions, finding } = parseHours(column === '' ? { text } : { text, column })
  const got = finding !== null ? 'refuse' : sessions.length === 0 ? 'empty' : comparable(sessions)
  return { got, want: comparable(label) }
}

for (const set of ['open', 'held-out'] as const) {
  test(`phrases of the set ${set}`, async (t) => {
    const phrases = readPhrases().filter((phrase) => phrase.set === set)
    const results = phrases.map((phrase) => ({ id: phrase.id, ...outcome(phrase) }))
    t.same(
      results.filter(({ got, want }) => got !== 'refuse' && got !== want),
      [],
      'nothing is read wrongly',
    )
    const certain = results.filter(({ want }) => want !== 'refuse')
    const read = certain.filter(({ got }) => got !== 'refuse').length
    t.ok(read >= certain.length * 0.9, `${read} of ${certain.length} certain phrases are read`)
    t.comment(
      `${set}: ${read} of ${certain.length} certain phrases read, ${phrases.length - certain.length} uncertain`,
    )
  })
}

const trial = `${process.env['TRIAL_DATA'] ?? ''}/hong-kong-football-fields.csv`
const skip = !existsSync(trial) && 'TRIAL_DATA names no folder with hong-kong-football-fields.csv'

test('hours of the trial file', { skip }, async (t) => {
  const rows: readonly { opening_hours: string }[] = parse(readFileSync(trial), { columns: true })
  const counts = { read: 0, refused: 0, empty: 0 }
  for (const { opening_hours: text } of rows) {
    const { sessions, finding } = parseHours({ text })
    if (finding !== null) counts.refused += 1
    else if (sessions.length === 0) counts.empty += 1
    else counts.read += 1
  }
  t.comment(`${rows.length} rows: ${counts.read} read, ${counts.refused} refused, ${counts.empty} empty`)
  t.ok(counts.read >= 0.9 * (counts.read + counts.refused))
})
