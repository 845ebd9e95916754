/** The labelled phrases, and the trial file: nothing is read wrongly, and nine in ten certain phrases are read. */
import { existsSync, readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { test } from 'tap'
import { parseHours } from '../../../src/derivations/index.ts'
import { comparable, type Phrase, readCases, readPhrases } from '../../support/hours-labels.ts'

function outcome({ text, column, label }: Pick<Phrase, 'text' | 'column' | 'label'>): {
  readonly got: string
  readonly want: string
} {
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

test('cases of the grammar, one by one', async (t) => {
  const results = readCases().map(({ text, label }) => ({ text, ...outcome({ text, label, column: '' }) }))
  t.ok(results.length > 150)
  t.same(
    results.filter(({ got, want }) => got !== want),
    [],
  )
})

test('headers say the days, and closed hours are never sessions', async (t) => {
  const read = (text: string, column: string, heading?: string) => {
    const { sessions, finding } = parseHours({ text, column, ...(heading === undefined ? {} : { heading }) })
    return finding === null ? comparable(sessions) : 'refuse'
  }
  t.same(
    [
      read('8:00-11:00', '双休日'),
      read('8:00-11:00', 'weekend'),
      read('8:00-11:00', '开放时间', '工作日开放时间'),
      read('周一、三、五18:00-20:00', '工作日'),
      read('8:00-11:00', '节假日'),
      read('12:00-13:00', '闭馆时间'),
      read('周六8:00-11:00', '工作日'),
      read('8:00-11:00', '夏季'),
    ],
    [
      'always weekend 08:00-11:00',
      'always weekend 08:00-11:00',
      'always working-day 08:00-11:00',
      'always working-day 18:00-20:00 !Th !Tu',
      'refuse',
      'refuse',
      'refuse',
      'refuse',
    ],
  )
})

test('a finding quotes the phrase as written', async (t) => {
  t.match(parseHours({ text: '雙休日全天開放' }).finding, /^“全天”：/)
  t.match(
    parseHours({ text: '２０：００－８：００', locale: 'en' }).finding,
    /^“２０：００－８：００”: .*Write/,
  )
  t.match(parseHours({ text: `8:00-9:00${' '.repeat(2000)}` }).finding, /太长/)
})

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
