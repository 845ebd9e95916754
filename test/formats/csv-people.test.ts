import t from 'tap'
import { type CsvForm, csvHeader, encodeCsv, guardCells, unwritablePattern } from '../../src/formats/index.ts'
import { field } from '../support/fields.ts'

const form: CsvForm = { header: 'names', lang: 'zh', bom: false, encoding: 'utf-8', guarded: false }

async function bytesOf(chunks: readonly (string | Uint8Array)[], more: Partial<CsvForm>): Promise<Buffer> {
  const out: Uint8Array[] = []
  for await (const chunk of encodeCsv(chunks, { ...form, ...more })) out.push(chunk)
  return Buffer.concat(out)
}

t.test('every character except the listed ones survives GB18030', async (t) => {
  const unwritable = new RegExp(unwritablePattern)
  const decoder = new TextDecoder('gb18030', { fatal: true })
  let text = ''
  const lost: string[] = []
  const flush = async () => {
    const back = decoder.decode(await bytesOf([text], { encoding: 'gb18030' }))
    if (back !== text) lost.push(text)
    text = ''
  }
  let written = 0
  for (let point = 1; point <= 0x10ffff; point++) {
    if (point >= 0xd800 && point <= 0xdfff) continue
    const sign = String.fromCodePoint(point)
    if (unwritable.test(sign)) continue
    text += sign
    written++
    if (text.length > 4096) await flush()
  }
  await flush()
  t.same(lost, [])
  t.equal(written, 0x10ffff - 0x800 - 19)
  for (const sign of unwritablePattern.slice(1, -1)) {
    await t.rejects(bytesOf(['a', sign], { encoding: 'gb18030' }), /GB18030/)
    t.equal((await bytesOf([sign], {})).toString(), sign)
  }
})

t.test('characters split between chunks are decoded whole', async (t) => {
  const text = 'a中😀,"x"\r\n'
  const bytes = Buffer.from(text)
  const chunks = Array.from(bytes, (byte) => Buffer.of(byte))
  t.equal(new TextDecoder('gb18030').decode(await bytesOf(chunks, { encoding: 'gb18030' })), text)
  t.equal((await bytesOf(chunks, { bom: true })).toString(), `\ufeff${text}`)
  await t.rejects(bytesOf([bytes.subarray(0, 3)], { encoding: 'gb18030' }))
})

t.test('texts are guarded by their first character', async (t) => {
  const fields = [field('a', 'string'), field('b', 'number'), field('c', 'list'), field('d', 'date')]
  const guard = guardCells(fields)
  for (const sign of ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n']) {
    t.same(guard([`${sign}x`, '-1', `${sign};b`, null]), [`'${sign}x`, '-1', `'${sign};b`, null])
  }
  for (const plain of ['x=1', ' =1', "'", '1-2'])
    t.same(guard([plain, null, null, null]), [plain, null, null, null])
  const codes = [
    ...[
      '007',
      '0',
      '0.5',
      '00.5',
      '123456789012345',
      '1234567890123456',
      '310115199001011234',
      '1234567890123456.5',
    ],
    ...['1E5', '12e-3', '1EX', 'x007', '007a', '2025-09-01'],
  ]
  t.same(
    codes.filter((code) => guard([code, null, null, null])[0] !== code),
    ['007', '00.5', '1234567890123456', '310115199001011234', '1234567890123456.5', '1E5', '12e-3'],
  )
  const whole = guardCells([field('e', 'integer')])
  t.same(
    ['-5', '123456789012345', '1234567890123456', '-9007199254740991'].map((text) => whole([text])[0]),
    ['-5', '123456789012345', "'1234567890123456", "'-9007199254740991"],
  )
  t.equal(csvHeader(fields.slice(0, 2), { ...form, header: 'labels', lang: 'en' }), 'Test a,Test b\n')
})
