/** Whatever bytes a file holds, the rows that Postgres has of them are the rows that the careful reader gives. */
import fc from 'fast-check'
import t from 'tap'
import { copyPaths } from '../../src/bundle/index.ts'
import { intakeFields } from '../../src/contract/index.ts'
import { contract, type ReadOptions, readRows, validationOf } from '../support/bundle-fixture.ts'
import { drawEveryType, drawFiles, everyType, type TrialFiles } from '../support/csv-arbitrary.ts'
import { testDatabase } from '../support/database.ts'
import { isFull, runs } from '../support/runs.ts'

t.test('by either way, Postgres holds what the careful reader gives', async (t) => {
  const { database } = await testDatabase(t)
  const seen = { straight: 0, careful: 0 }

  async function agree(files: TrialFiles, options: ReadOptions): Promise<boolean> {
    const careful = await readRows(files, options)
    const expected = careful.rows.map(({ file, row, values }) => [String(file), String(row), ...values])
    for (const [index, way] of copyPaths.entries()) {
      const columns = intakeFields(options.contract ?? contract).map(({ name }) => `"${name}" text`)
      await database.work.unsafe(`DROP TABLE IF EXISTS staging.trial`)
      await database.work.unsafe(
        `CREATE UNLOGGED TABLE staging.trial (_file text, _row text, ${columns.join(', ')})`,
      )
      const reading = way(validationOf(files, options).validation)
      await database.copyFrom(`COPY staging.trial FROM STDIN (NULL '')`, reading.chunks)
      if (reading.files() === undefined) continue
      seen[index === 0 ? 'straight' : 'careful'] += 1
      const held = await database.work
        .unsafe('SELECT * FROM staging.trial ORDER BY _file::int, _row::int')
        .values()
      if (JSON.stringify(held) !== JSON.stringify(expected)) return false
    }
    return true
  }
  const property = (draw: (from: fc.GeneratorValue) => TrialFiles, options: ReadOptions) =>
    fc.asyncProperty(fc.gen(), (from) => agree(draw(from), options))
  await fc.assert(property(drawFiles, {}), runs(30, 100))
  await fc.assert(property(drawEveryType, { contract: everyType }), runs(30, 100))
  // A fifth of the trials at least takes the fast path; every trial takes the strict one.
  const trials = isFull ? 200 : 60
  t.ok(seen.straight >= trials / 5 && seen.careful === trials, JSON.stringify(seen))
})
