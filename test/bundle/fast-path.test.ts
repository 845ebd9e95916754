import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { copyPaths } from '../../src/bundle/index.ts'
import type { Contract } from '../../src/contract/index.ts'
import { contract, field, header, type Outcome, readRows, validationOf } from '../support/bundle-fixture.ts'
import { decodeCopy } from '../support/copy-text.ts'
import { drawEveryType, drawFiles, everyType, type TrialFiles } from '../support/csv-arbitrary.ts'
import { runs } from '../support/runs.ts'

const [readFast] = copyPaths

/** The result of the fast path; undefined if it gave up. */
async function readOnFastPath(files: TrialFiles, options: Parameters<typeof readRows>[1] = {}) {
  const { validation, findings } = validationOf(files, options)
  const reading = readFast?.(validation)
  let copied = Buffer.alloc(0)
  for await (const chunk of reading?.chunks ?? []) copied = Buffer.concat([copied, Buffer.from(chunk)])
  const counts = reading?.files()
  if (counts === undefined) {
    // Not an assertion: this runs hundreds of times, and a property names the draw for which it throws.
    deepEqual(findings, [], 'a path that gave up has reported nothing')
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

/** Whether both paths agree; counts how often the fast path succeeded. */
function agreement(options: Parameters<typeof readRows>[1] = {}) {
  const seen = { fast: 0, strict: 0 }
  const agree = async (files: TrialFiles) => {
    const strict = await readRows(files, options)
    const fast = await readOnFastPath(files, options)
    if (fast === undefined) {
      seen.strict += 1
      const isGb = strict.counts.some(({ encoding }) => encoding === 'gb18030')
      return !isClean(strict) || isGb || !Object.values(files).every(isPlainUtf8)
    }
    seen.fast += 1
    return JSON.stringify(fast) === JSON.stringify(strict)
  }
  return { seen, agree }
}

/** Files in another encoding, or too short to detect it, need the strict path. */
function isPlainUtf8(bytes: Uint8Array): boolean {
  return bytes.length > 3 && Buffer.from(Buffer.from(bytes).toString()).equals(bytes)
}

t.test('both paths give the same rows, findings, counts and repairs', async (t) => {
  const { seen, agree } = agreement()
  await fc.assert(
    fc.asyncProperty(fc.gen(), (draw) => agree(drawFiles(draw))),
    runs(100, 1000),
  )
  t.ok(seen.fast > 20 && seen.strict > 20, JSON.stringify(seen))
})

t.test('both paths agree for every type, constraint and check, with and without warnings', async (t) => {
  const { seen, agree } = agreement({ contract: everyType })
  await fc.assert(
    fc.asyncProperty(fc.gen(), (draw) => agree(drawEveryType(draw))),
    runs(100, 1000),
  )
  t.ok(seen.fast > 20 && seen.strict > 20, JSON.stringify(seen))
})

t.test('rows that span two pieces are read whole, wherever the cut is', async (t) => {
  const row = (n: number) => `01,地块${n},size,大,12,3.5,2020/5/1,"spade","中\r\n""😀""\t\\"\r\n`
  const many = Array.from({ length: 4200 }, (_, n) => row(n)).join('')
  const shifted = (shift: number) =>
    Buffer.from(`${header}\r\n02,A${'x'.repeat(shift)},size,,1,,,,\r\n${many}`)
  const strict = await readRows({ 'a.csv': shifted(0) })
  const others = JSON.stringify(strict.rows.slice(1))
  const wrong: number[] = []
  for (let shift = 0; shift < Buffer.byteLength(row(4199)); shift += 1) {
    const fast = await readOnFastPath({ 'a.csv': shifted(shift) })
    const [first, ...rows] = fast?.rows ?? []
    // Only the first row, before all cuts, differs from that of the strict path.
    const isSame = first?.values[1] === `A${'x'.repeat(shift)}` && JSON.stringify(rows) === others
    if (!isSame || fast?.findings.length !== strict.findings.length) wrong.push(shift)
  }
  t.same(wrong, [])
})

t.test(
  'a path that gives up reports nothing; otherwise findings come in the order of the strict path',
  async (t) => {
    const warned: Contract = {
      ...contract,
      checks: [{ check: 'required-when', field: 'note', when: 'height', severity: 'warning' }],
    }
    const csv = 'area,plot,trait,grade,trees,height,note\n01,A1,size,big,12,3.5,\n'
    const files = { 'a.csv': Buffer.from(csv), 'b.csv': Buffer.from(csv.replace('A1', 'A2')) }
    const fast = await readOnFastPath(files, { contract: warned })
    t.same(
      fast?.findings.map(({ check, file }) => [check, file]),
      [
        ['header-absent', 'data/a.csv'],
        ['header-absent', 'data/a.csv'],
        ['header-absent', 'data/b.csv'],
        ['header-absent', 'data/b.csv'],
        ['required-when', 'data/a.csv'],
        ['required-when', 'data/b.csv'],
      ],
    )
    const duplicate = { ...files, 'b.csv': files['a.csv'] }
    for (const [bad, options] of [
      [duplicate, { contract: warned }],
      [files, { contract: warned, limits: { rowsMax: 1 } }],
      [{ 'a.csv': Buffer.from(`${csv}01,"A9`) }, { contract: warned }],
    ] as const) {
      t.equal(await readOnFastPath(bad, options), undefined)
    }
    t.ok(await readOnFastPath(files, { contract: warned, limits: { rowsMax: 2 } }))
  },
)

t.test('among many distinct keys a duplicate one is found', async (t) => {
  const keyed: Contract = { ...contract, fields: [field('a', '甲', 'string')], primaryKey: ['a'] }
  const keys = Array.from({ length: 200_000 }, (_, n) => `${(n * 7919) % 200_000}-${n % 10}`)
  const csv = `a\n${keys.join('\n')}\n`
  t.equal((await readOnFastPath({ 'a.csv': Buffer.from(csv) }, { contract: keyed }))?.rows.length, 200_000)
  t.equal(
    await readOnFastPath({ 'a.csv': Buffer.from(`${csv}${keys[99_999]}\n`) }, { contract: keyed }),
    undefined,
  )
})

t.test('both paths warn of a control character in the same way', async (t) => {
  const row = (note: string, n: number) => `01,A${n},size,big,12,3.5,2020-05-01,spade,${note}\n`
  const notes = [
    'plain',
    'a\u202egpj.exe',
    '\u0007b',
    'a\u0085bcd',
    '“甲乙”（丙）…',
    'tag\u{e0041}',
    '北\ufffd京',
  ]
  const files = { 'a.csv': Buffer.from(`${header}\n${notes.map(row).join('')}`) }
  const fast = await readOnFastPath(files)
  t.same(fast, await readRows(files))
  t.same(
    fast?.findings.map(({ check, row: at }) => [check, at]),
    [...[3, 4, 5, 7].map((at) => ['text-control', at]), ['text-lost', 8]],
  )
})
