/** Whatever bytes a file contains, the rows in Postgres are the rows that the strict path reads. */
import fc from 'fast-check'
import t from 'tap'
import { copyPaths } from '../../src/bundle/index.ts'
import { intakeFields } from '../../src/contract/index.ts'
import { contract, type ReadOptions, readRows, validationOf } from '../support/bundle-fixture.ts'
import { drawEveryType, drawFiles, everyType, type TrialFiles } from '../support/csv-arbitrary.ts'
import { testDatabase } from '../support/database.ts'
import { isFull, runs } from '../support/runs.ts'

t.test('by either path, Postgres has the rows that the strict path reads', async (t) => {
  const { database } = await testDatabase(t)
  const rowsSeen = { fast: 0, strict: 0 }

  async function agree(files: TrialFiles, options: ReadOptions): Promise<boolean> {
    const strictRows = await readRows(files, options)
    const expected = strictRows.rows.map(({ file, row, values }) => [String(file), String(row), ...values])
    for (const [index, way] of copyPaths.entries()) {
      const columns = intakeFields(options.contract ?? contract).map(({ name }) => `"${name}" text`)
      await database.work.unsafe(`DROP TABLE IF EXISTS staging.trial`)
      await database.work.unsafe(
        `CREATE UNLOGGED TABLE staging.trial (_file text, _row text, ${columns.join(', ')})`,
      )
      const reading = way(validationOf(files, options).validation)
      await database.copyFrom(`COPY staging.trial FROM STDIN (NULL '')`, reading.chunks)
      if (reading.files() === undefined) continue
      rowsSeen[index === 0 ? 'fast' : 'strict'] += 1
      const stored = await database.work
        .unsafe('SELECT * FROM staging.trial ORDER BY _file::int, _row::int')
        .values()
      if (JSON.stringify(stored) !== JSON.stringify(expected)) return false
    }
    return true
  }
  const property = (draw: (from: fc.GeneratorValue) => TrialFiles, options: ReadOptions) =>
    fc.asyncProperty(fc.gen(), (from) => agree(draw(from), options))
  await fc.assert(property(drawFiles, {}), runs(15, 100))
  await fc.assert(property(drawEveryType, { contract: everyType }), runs(15, 100))
  // At least a fifth of the trials take the fast path; every trial takes the strict one.
  const trials = isFull ? 200 : 30
  t.ok(rowsSeen.fast >= trials / 5 && rowsSeen.strict === trials, JSON.stringify(rowsSeen))
})
