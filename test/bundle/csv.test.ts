import assert from 'node:assert/strict'
import { isUtf8 } from 'node:buffer'
import { parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import fc from 'fast-check'
import t from 'tap'
import { type Encoding, inspectText } from '../../src/bundle/core/csv/encoding.ts'
import { buildCsvReader, type CsvOptions } from '../../src/bundle/core/csv/read-rows.ts'
import { runs } from '../support/runs.ts'

const plain: CsvOptions = { delimiter: ',', fieldBytesMax: 1 << 20, encoding: 'utf-8', bomBytes: 0 }

async function* inChunks(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function readAll(bytes: Uint8Array | string, options: Partial<CsvOptions> = {}, chunk = 1 << 16) {
  const all = Buffer.from(bytes)
  const csv = buildCsvReader(inChunks(all, chunk), { ...plain, ...options })
  const rows: { cells: readonly string[]; at: number; offsets: number[]; misplaced: number | undefined }[] =
    []
  for await (const group of csv.groups()) {
    for (const row of group) {
      assert.equal(row.row, rows.length + 1)
      const cells = csv.cells()
      assert.deepEqual(
        cells.map((_cell, column) => csv.cell(column)),
        cells,
      )
      assert.equal(
        csv.isBlank(),
        cells.every((cell) => cell.trim() === ''),
      )
      const offsets = cells.map((_cell, column) => csv.offsetOf(column))
      rows.push({ cells, at: row.byteOffset, offsets, misplaced: row.misplaced })
    }
  }
  return { rows, texts: rows.map(({ cells }) => cells), fault: csv.fault() }
}

t.test('rows end with LF, CRLF or CR, fields with the delimiter', async (t) => {
  for (const end of ['\n', '\r\n', '\r']) {
    for (const tail of ['', end]) {
      const { texts, fault } = await readAll(`a,b${end}1,${end},"2${end}3"${tail}`)
      t.same(texts, [
        ['a', 'b'],
        ['1', ''],
        ['', `2${end}3`],
      ])
      t.equal(fault, undefined)
    }
  }
  t.same((await readAll('a;b,c\n', { delimiter: ';' })).texts, [['a', 'b,c']])
  t.same((await readAll('a\tb\n', { delimiter: '\t' })).texts, [['a', 'b']])
  t.same((await readAll('')).texts, [])
  t.same((await readAll('\n\n')).texts, [[''], ['']])
  t.same((await readAll('""\n"",""""\n')).texts, [[''], ['', '"']])
})

t.test('positions are byte offsets, and rows are numbered as in Excel', async (t) => {
  const text = '地,"行\n一"\n二,"x""y"\n'
  const { rows } = await readAll(text)
  t.same(
    rows.map(({ at }) => at),
    [0, Buffer.byteLength('地,"行\n一"\n')],
  )
  t.same(rows[1]?.offsets, [14, 18])
  t.equal(Buffer.from(text).toString('utf8', 14, 17), '二')
})

t.test('a byte order mark is not part of the first field, but counts in offsets', async (t) => {
  const { rows } = await readAll('\ufeffa,b\n1,2\n', { bomBytes: 3 })
  t.same(
    rows.map(({ cells, at }) => [cells, at]),
    [
      [['a', 'b'], 3],
      [['1', '2'], 7],
    ],
  )
})

t.test('misplaced quotes are reported and do not affect the following rows', async (t) => {
  const { rows, fault } = await readAll('a"b,c\nd,"e"f\n g, "h"\ni,j\n')
  t.same(
    rows.map(({ misplaced }) => misplaced),
    [0, 1, 1, undefined],
  )
  t.same(rows[3]?.cells, ['i', 'j'])
  t.equal(fault, undefined)
})

t.test('unclosed quotes and overlong rows stop the reading, with the position', async (t) => {
  const unclosed = await readAll('a,b\n1,"2\n3,4\n')
  t.same(unclosed.texts, [['a', 'b']])
  t.same(unclosed.fault, { check: 'quote-unclosed', row: 2, column: 1, byteOffset: 6 })
  const long = 'x'.repeat(100)
  const options = { fieldBytesMax: 100 }
  t.equal((await readAll(`${long},"${long.slice(2)}"\n`, options)).fault, undefined)
  t.same((await readAll(`a\n1,${long}x\n`, options)).fault, {
    check: 'field-too-long',
    row: 2,
    column: 1,
    byteOffset: 4,
  })
  t.same((await readAll(`a\n"${long}`, options)).fault, {
    check: 'field-too-long',
    row: 2,
    column: 0,
    byteOffset: 2,
  })
  t.equal((await readAll(','.repeat(16_383))).fault, undefined)
  t.match((await readAll(','.repeat(16_384))).fault, { check: 'row-too-long', row: 1 })
  const wide = `${`${long},`.repeat(12_000)}\n`
  t.match((await readAll(wide, options, 70_000)).fault, { check: 'row-too-long', row: 1 })
})

const cell = fc.string({ unit: 'grapheme', maxLength: 8 })
const awkward = fc.constantFrom(
  '',
  '"',
  '""',
  ',',
  '\n',
  '\r\n',
  '\r',
  ' ',
  '，',
  '"a"',
  'a,b',
  '𠮷',
  '；',
  '\t',
)
const table = fc.integer({ min: 1, max: 5 }).chain((width) =>
  fc.array(fc.array(fc.oneof(cell, awkward), { minLength: width, maxLength: width }), {
    minLength: 1,
    maxLength: 8,
  }),
)

t.test('output of csv-stringify is read back unchanged, however it is chunked', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.constantFrom(',', ';', '\t'),
      fc.boolean(),
      async (rows, end, delimiter, quoted) => {
        const text = stringify(rows, { record_delimiter: end, delimiter, quoted, quoted_match: /[\r\n]/ })
        // Chunks of less than a piece are joined, so the smallest piece is a whole small file; the cut is tested below.
        const { texts, fault } = await readAll(text, { delimiter })
        return fault === undefined && JSON.stringify(texts) === JSON.stringify(rows)
      },
    ),
  )
  t.pass()
})

t.test(
  'input that csv-parse accepts gives the same rows; what it rejects is a fault or a misplaced quote',
  async (t) => {
    const sign = fc.constantFrom('a', 'b', ',', ',', '"', '"', '\n', '\r\n', '\r', ' ', '中')
    let [taken, refused] = [0, 0]
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: sign, maxLength: 12 }), async (text) => {
        const { texts, rows, fault } = await readAll(text)
        const clean = fault === undefined && rows.every(({ misplaced }) => misplaced === undefined)
        try {
          // CRLF goes before its halves, or the parser would end two rows at it.
          const expected = parse(text, { relax_column_count: true, record_delimiter: ['\r\n', '\n', '\r'] })
          taken += 1
          return clean && JSON.stringify(texts) === JSON.stringify(expected)
        } catch {
          refused += 1
          return !clean
        }
      }),
      runs(300, 3000),
    )
    t.ok(taken > 30 && refused > 30, `${taken} taken, ${refused} refused`)
  },
)

t.test('a row that spans pieces is read whole', async (t) => {
  const filler = 'é'.repeat(50_000)
  const rows = Array.from({ length: 20 }, (_, n) => [`${n}`, `${filler}"\r\n${n}`, 'z'.repeat(n * 131)])
  for (const end of ['\n', '\r\n', '\r']) {
    const { texts, fault } = await readAll(stringify(rows, { record_delimiter: end }), {}, 65_521)
    t.equal(fault, undefined)
    t.same(texts, rows)
  }
  // CR, the pair of quotes and the closing quote each as the last byte of a piece.
  const piece = 256 * 1024
  for (const [middle, expected] of [
    ['\r\nb', ['a', 'b']],
    ['\rb', ['a', 'b']],
  ] as const) {
    const head = 'a'.repeat(piece - 1)
    const { texts } = await readAll(head + middle)
    t.same(texts, [[head], [expected[1]]])
  }
  const head = `"${'a'.repeat(piece - 2)}`
  t.same((await readAll(`${head}""b",c\n`)).texts, [[`${head.slice(1)}"b`, 'c']])
  t.same((await readAll(`${head}",c\n`)).texts, [[head.slice(1), 'c']])
})

t.test('random bytes neither crash nor hang', async (t) => {
  const noisy = fc.array(fc.constantFrom(0x22, 0x2c, 0x0a, 0x0d, 0x61, 0xd6, 0xd0, 0x00, 0x81, 0x30), {
    maxLength: 200,
  })
  await fc.assert(
    fc.asyncProperty(fc.oneof(noisy, fc.array(fc.nat(255), { maxLength: 200 })), async (numbers) => {
      const bytes = Uint8Array.from(numbers)
      const { shape, findings } = await inspectText(() => inChunks(bytes, 7), 'f', isUtf8)
      if (shape === undefined) return findings.length > 0
      const { rows } = await readAll(bytes, shape)
      return rows.length <= bytes.length
    }),
    runs(150, 500),
  )
  t.pass()
})

t.test('the encoding is determined from the whole file, however it is chunked', async (t) => {
  const inspect = (bytes: Uint8Array, claim?: string) =>
    inspectText(() => inChunks(bytes, 3), 'f', isUtf8, claim)
  const gbk = Buffer.from('d6d0cec4', 'hex')
  const utf8 = Buffer.from('中文𠮷 text')
  const gbMark = Buffer.from('84319533', 'hex')
  const far = Buffer.concat([Buffer.from('a'.repeat(100_000)), gbk])
  t.same((await inspect(utf8)).shape, { encoding: 'utf-8', bomBytes: 0 })
  t.same((await inspect(Buffer.from('\ufeffa'))).shape, { encoding: 'utf-8', bomBytes: 3 })
  t.same((await inspect(gbk)).shape, { encoding: 'gb18030', bomBytes: 0 })
  t.same((await inspect(far)).shape, { encoding: 'gb18030', bomBytes: 0 })
  t.same((await inspect(Buffer.concat([gbMark, gbk]))).shape, { encoding: 'gb18030', bomBytes: 4 })
  t.same((await inspect(gbk, 'gbk')).shape, { encoding: 'gb18030', bomBytes: 0 })
  t.same((await inspect(utf8, 'utf-8')).shape, { encoding: 'utf-8', bomBytes: 0 })
  const refusals: [Uint8Array, string | undefined, string, number | undefined][] = [
    [gbk, 'utf-8', 'encoding', 0],
    [far, 'utf-8', 'encoding', 100_000],
    [Buffer.concat([Buffer.from('\ufeffab'), gbk]), undefined, 'encoding', 5],
    [Buffer.from('\ufeffa'), 'gb18030', 'encoding', 0],
    [Buffer.from('616263ff', 'hex'), undefined, 'encoding', 3],
    [Buffer.from('e4b8ade4b8', 'hex'), undefined, 'encoding', 4],
    [Buffer.from('d6d0d6', 'hex'), 'gbk', 'encoding', 2],
    [Buffer.from('a'), 'latin1', 'encoding-unknown', undefined],
    [Buffer.from('fffe6100', 'hex'), undefined, 'encoding-utf16', 0],
    [Buffer.from('feff0061', 'hex'), undefined, 'encoding-utf16', 0],
    [Buffer.from('61620063', 'hex'), undefined, 'nul-byte', 2],
    [Buffer.concat([gbk, Buffer.from([0])]), undefined, 'nul-byte', 4],
    [Buffer.from('ab\ufeffc'), undefined, 'stray-bom', 2],
    [Buffer.from('\ufeff\ufeffc'), undefined, 'stray-bom', 3],
    [Buffer.concat([gbk, gbMark]), undefined, 'stray-bom', 4],
    [Buffer.concat([gbMark, gbMark, gbk]), undefined, 'stray-bom', 4],
    [Buffer.from(''), undefined, 'file-empty', undefined],
    [Buffer.from('\ufeff'), undefined, 'file-empty', undefined],
    [gbMark, undefined, 'file-empty', undefined],
  ]
  for (const [bytes, claim, check, byteOffset] of refusals) {
    const { shape, findings } = await inspect(bytes, claim)
    t.equal(shape, undefined)
    t.same([findings[0]?.check, findings[0]?.byteOffset], [check, byteOffset], `${check} ${byteOffset}`)
    t.equal(findings.length, 1)
  }
})

const decodes = (encoding: Encoding, bytes: Uint8Array) => {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

t.test('bytes are accepted as GB18030 or UTF-8 exactly if the decoder can decode them', async (t) => {
  const disputes: string[] = []
  const compare = async (bytes: Buffer) => {
    const { findings } = await inspectText(() => inChunks(bytes, 1024), 'f', isUtf8, 'gb18030')
    const taken = !findings.some(({ check }) => check === 'encoding' || check === 'encoding-utf16')
    if (taken !== decodes('gb18030', bytes)) disputes.push(bytes.toString('hex'))
  }
  for (let first = 0x80; first <= 0xff; first++) {
    await compare(Buffer.from([first]))
    for (let second = 0x01; second <= 0xff; second++) await compare(Buffer.from([first, second]))
  }
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(
        fc.integer({ min: 0x81, max: 0xfe }),
        fc.nat(9),
        fc.integer({ min: 0x81, max: 0xfe }),
        fc.nat(9),
      ),
      async ([a, b, c, d]) => compare(Buffer.from([a, 0x30 + b, c, 0x30 + d])),
    ),
    runs(200, 2000),
  )
  t.same(disputes, [])
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 12 }), async (bytes) => {
      const { findings } = await inspectText(() => inChunks(bytes, 3), 'f', isUtf8, 'utf-8')
      const taken = !findings.some(({ check }) => check === 'encoding' || check === 'encoding-utf16')
      const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
      return (
        bom || findings.some(({ check }) => check === 'encoding-utf16') || taken === decodes('utf-8', bytes)
      )
    }),
    runs(200, 2000),
  )
})
