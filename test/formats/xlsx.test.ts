/** XLSX as people meet it: opened by LibreOffice, and its parts where LibreOffice is lenient. */
import fc from 'fast-check'
import t from 'tap'
import { FormatRefusal, getFormat, type Row } from '../../src/formats/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { rowsByLibreOffice, withoutLibreOffice } from '../support/read-back.ts'
import { anyRows, bytesOf, trialContext, trialFields, trialRows } from '../support/trial-records.ts'
import { zipEntries } from '../support/zip-entries.ts'

t.test('LibreOffice shows the very records', { skip: withoutLibreOffice }, async (t) => {
  t.strictSame(
    await rowsByLibreOffice('trial.xlsx', await bytesOf('xlsx', trialRows), trialFields),
    trialRows,
  )
  // One start of LibreOffice costs seconds, so a few large workbooks instead of many small ones.
  await fc.assert(
    fc.asyncProperty(anyRows({ minLength: 300, maxLength: 400 }), async (rows) => {
      t.strictSame(await rowsByLibreOffice('any.xlsx', await bytesOf('xlsx', rows), trialFields), rows)
    }),
    { numRuns: 3, endOnFailure: true },
  )
})
