import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { copyPaths } from '../../src/bundle/index.ts'
import type { Contract } from '../../src/contract/index.ts'
import { contract, field, header, type Outcome, readRows, validationOf } from '../support/bundle-fixture.ts'
import { decodeCopy } from '../support/copy-text.ts'
import { drawEveryType, drawFiles, everyType, type TrialFiles } from '../support/csv-arbitrary.ts'
import { runs } from '../support/runs.ts'

const [readStraight] = copyPaths

/** What the straight way gives; undefined where it was given up. */
async function goStraight(files: TrialFiles, options: Parameters<typeof readRows>[1] = {}) {
  const { validation, findings } = validationOf(files, options)
  const reading = readStraight?.(validation)
  let copied = Buffer.alloc(0)
  for await (const chunk of reading?.chunks ?? []) copied = Buffer.concat([copied, Buffer.from(chunk)])
  const counts = reading?.files()
  if (counts === undefined) {
    // Not an assertion: this runs hundreds of times, and a property names the draw for which it throws.
    deepEqual(findings, [], 'a path that was given up has reported nothing')
    return undefined
  }
  const rows = decodeCopy(copied.toString(), '').map(([file, row, ...values]) => ({
    file: Number(file),
    row: Number(row),
    values,
  }))
  return { findings, rows, counts }
}

const isClean = ({ findings }: Outcome) => findings.every(({ severity }) => severity === 'warning')

/** Whether both ways agree; how often the straight one was gone to its end is counted. */
function agreement(options: Parameters<typeof readRows>[1] = {}) {
  const seen = { straight: 0, careful: 0 }
  const agree = async (files: TrialFiles) => {
    const careful = await readRows(files, options)
    const straight = await goStraight(files, options)
    if (straight === undefined) {
      seen.careful += 1
      return !isClean(careful) || !Object.values(files).every(isPlainUtf8)
    }
    seen.straight += 1
    return JSON.stringify(straight) === JSON.stringify(careful)
  }
  return { seen, agree }
}

/** Files in another encoding, and such as are too short to tell, go the careful way. */
function isPlainUtf8(bytes: Uint8Array): boolean {
  return bytes.length > 3 && Buffer.from(Buffer.from(bytes).toString()).equals(bytes)
}

t.test('both ways give the same rows, findings, counts and repairs', async (t) => {
  const { seen, agree } = agreement()
  await fc.assert(
    fc.asyncProperty(fc.gen(), (draw) => agree(drawFiles(draw))),
    runs(200, 1000),
  )
  t.ok(seen.straight > 40 && seen.careful > 40, JSON.stringify(seen))
})

t.test('so they do for every type, constraint and check, with warnings and without', async (t) => {
  const { seen, agree } = agreement({ contract: everyType })
  await fc.assert(
    fc.asyncProperty(fc.gen(), (draw) => agree(drawEveryType(draw))),
    runs(200, 1000),
  )
  t.ok(seen.straight > 40 && seen.careful > 40, JSON.stringify(seen))
})

t.test('rows that begin in one piece and end in the next are whole, wherever the cut falls', async (t) => {
  const { seen, agree } = agreement()
  const row = (n: number) => `01,地块${n},size,大,12,3.5,2020/5/1,"spade","中\r\n""😀""\t\\"\r\n`
  const many = Array.from({ length: 4200 }, (_, n) => row(n)).join('')
  for (let shift = 0; shift < Buffer.byteLength(row(4199)); shift += 1) {
    const csv = `${header}\r\n02,A${'x'.repeat(shift)},size,,1,,,,\r\n${many}`
    t.ok(await agree({ 'a.csv': Buffer.from(csv) }))
  }
  t.equal(seen.careful, 0)
})

t.test('what is given up has told nothing, and what is told comes in the careful order', async (t) => {
  const warned: Contract = {
    ...contract,
    checks: [{ check: 'required-when', field: 'note', when: 'height', severity: 'warning' }],
  }
  const csv = 'area,plot,trait,grade,trees,height,note\n01,A1,size,big,12,3.5,\n'
  const files = { 'a.csv': Buffer.from(csv), 'b.csv': Buffer.from(csv.replace('A1', 'A2')) }
  const straight = await goStraight(files, { contract: warned })
  t.same(
    straight?.findings.map(({ check, file }) => [check, file]),
    [
      ['header-absent', 'data/a.csv'],
      ['header-absent', 'data/a.csv'],
      ['header-absent', 'data/b.csv'],
      ['header-absent', 'data/b.csv'],
      ['required-when', 'data/a.csv'],
      ['required-when', 'data/b.csv'],
    ],
  )
  const doubled = { ...files, 'b.csv': files['a.csv'] }
  for (const [bad, options] of [
    [doubled, { contract: warned }],
    [files, { contract: warned, limits: { rowsMax: 1 } }],
    [{ 'a.csv': Buffer.from(`${csv}01,"A9`) }, { contract: warned }],
  ] as const) {
    t.equal(await goStraight(bad, options), undefined)
  }
  t.ok(await goStraight(files, { contract: warned, limits: { rowsMax: 2 } }))
})

t.test('many keys are told apart, and one that is doubled among them is found', async (t) => {
  const keyed: Contract = { ...contract, fields: [field('a', '甲', 'string')], primaryKey: ['a'] }
  const keys = Array.from({ length: 200_000 }, (_, n) => `${(n * 7919) % 200_000}-${n % 10}`)
  const csv = `a\n${keys.join('\n')}\n`
  t.equal((await goStraight({ 'a.csv': Buffer.from(csv) }, { contract: keyed }))?.rows.length, 200_000)
  t.equal(
    await goStraight({ 'a.csv': Buffer.from(`${csv}${keys[99_999]}\n`) }, { contract: keyed }),
    undefined,
  )
})
