/** Rows that go to a derivation: both paths pass the same rows and give the same findings and counts. */
import t from 'tap'
import { copyPaths, type FileCount } from '../../src/bundle/index.ts'
import type { PartDerivation } from '../../src/derivations/index.ts'
import type { Finding } from '../../src/platform/finding.ts'
import { goodRows, header, validationOf } from '../support/bundle-fixture.ts'

const message = { zh: '测试', en: 'Test' }
const faults = {
  odd: { severity: 'warning' as const, message },
  bad: { severity: 'error' as const, message },
}

interface Derived {
  readonly taken: readonly string[]
  readonly findings: readonly Finding[]
  readonly files: readonly FileCount[] | undefined
  readonly chunks: number
}

/** Reads by one path; a row with few trees is odd, and a row with none is bad. */
async function derive(path: number, csv: string): Promise<Derived> {
  const { validation, findings } = validationOf({ 'rows.csv': csv })
  const taken: string[] = []
  const add: PartDerivation['add'] = (values, { file, row }, report) => {
    const trees = Number(values[4])
    if (trees < 10) report(trees === 0 ? 'bad' : 'odd', { field: 'trees', expected: '> 9' })
    if (trees === 0) return false
    taken.push(JSON.stringify([file, row, values]))
    return true
  }
  const read = copyPaths[path]
  if (read === undefined) throw new Error('there are two paths')
  const reading = read({ ...validation, derive: { faults, open: () => ({ add }) } })
  let chunks = 0
  for await (const _ of reading.chunks) chunks += 1
  return { taken, findings, files: reading.files(), chunks }
}

const csvOf = (rows: readonly string[]) => `${[header, ...rows].join('\n')}\n`
const plain = Array.from({ length: 600 }, (_, n) => `01,P${n},size,big,${10 + n},,,,`)

t.test('both paths pass the same rows, and nothing else', async (t) => {
  for (const rows of [plain, [...plain, '02,A1,health,fair,7,10.2,2021-06-30,,x'], goodRows.slice(0, 1)]) {
    const [fast, strict] = [await derive(0, csvOf(rows)), await derive(1, csvOf(rows))]
    t.strictSame(fast, strict)
    t.same([fast.taken.length, fast.chunks], [rows.length, 0])
  }
})

t.test('a warning names the cell; an error leaves the row out and the fast path', async (t) => {
  const rows = [...plain.slice(0, 3), '02,A1,health,fair,7,10.2,2021-06-30,,x', ...plain.slice(3)]
  const warned = await derive(0, csvOf(rows))
  t.match(warned.findings, [{ check: 'odd', row: 5, cell: 'E5', field: 'trees', expected: '> 9' }])
  const bad = csvOf([...rows, '02,A9,health,fair,0,,,,'])
  t.equal((await derive(0, bad)).files, undefined, 'the fast path gives up')
  const { findings, files, taken } = await derive(1, bad)
  t.match(findings, [{ check: 'odd' }, { check: 'bad', row: rows.length + 2, cell: `E${rows.length + 2}` }])
  t.match(files, [{ rowsTaken: rows.length, rowsRefused: 1 }])
  t.equal(taken.length, rows.length)
})

/** Reads by one path under a contract in which a quote inside an unquoted cell is part of its text. */
async function deriveQuotes(path: number, csv: string) {
  const { validation, findings } = validationOf({ 'rows.csv': csv })
  const { contract } = validation
  const fields = contract.intake?.fields ?? contract.fields
  const intake = { personal: false, innerQuotes: 'text', fields, primaryKey: contract.primaryKey } as const
  const taken: string[] = []
  const add: PartDerivation['add'] = (values) => taken.push(JSON.stringify(values)) > 0
  const read = copyPaths[path]
  if (read === undefined) throw new Error('there are two paths')
  const options = { ...validation, contract: { ...contract, intake } }
  const reading = read({ ...options, derive: { faults, open: () => ({ add }) } })
  for await (const _ of reading.chunks);
  const errors = findings.filter(({ severity }) => severity === 'error')
  return { taken, checks: errors.map(({ check, row }) => `${check} ${row}`), files: reading.files() }
}

t.test('a quote inside an unquoted cell is text where the contract says so', async (t) => {
  const quoted = [`01,5'3",size,big,10,,,,`, `01,"5'4""",size,big,10,,,,`, '01,a"b"c,size,big,10,,,,']
  const csv = csvOf([...plain, ...quoted])
  const [fast, strict] = [await deriveQuotes(0, csv), await deriveQuotes(1, csv)]
  t.strictSame(fast, strict)
  t.same(
    fast.taken.slice(-3).map((row) => JSON.parse(row)[1]),
    ['5\'3"', '5\'4"', 'a"b"c'],
  )
  const after = csvOf([...plain, '01,"a"b,size,big,10,,,,'])
  t.equal((await deriveQuotes(0, after)).files, undefined)
  t.same((await deriveQuotes(1, after)).checks, ['quote-misplaced 602'], 'text after a closing quote')
  const misplaced = (await derive(1, csv)).findings.filter(({ check }) => check === 'quote-misplaced')
  t.same(
    misplaced.map(({ row }) => row),
    [602, 604],
  )
})

t.test('a derivation gets the fields of a file in another order as bytes', async (t) => {
  const names = header.split(',')
  const order = names.map((_, n) => n).reverse()
  const mixed = (line: string) => order.map((n) => line.split(',')[n]).join()
  const csv = [header, ...plain].map(mixed).join('\n')
  const { validation } = validationOf({ 'rows.csv': `${csv}\n` })
  const asBytes: string[] = []
  const asTexts: string[] = []
  const add: PartDerivation['add'] = (values) => asTexts.push(values.map((value) => value ?? '').join()) > 0
  const addBytes: NonNullable<PartDerivation['addBytes']> = ({ bytes, begins, ends }, { row }) => {
    if (row % 7 === 0) return false
    const texts = [...begins].map((begin, field) => Buffer.from(bytes).toString('utf8', begin, ends[field]))
    return asBytes.push(texts.join()) > 0
  }
  const reading = copyPaths[0]?.({ ...validation, derive: { faults, open: () => ({ add, addBytes }) } })
  if (reading === undefined) throw new Error('there are two paths')
  for await (const _ of reading.chunks);
  t.equal(reading.files()?.[0]?.rowsTaken, plain.length)
  t.same([...asBytes, ...asTexts].sort(), [...plain].sort())
  t.equal(asTexts.length, Math.floor((plain.length + 1) / 7))
})
