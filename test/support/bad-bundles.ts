/**
 * One good bundle and every way in which the tests damage it: the change, and the check that must find it.
 * Also bundles that look odd and are good.
 */
import { type BagFiles, describe, renameEntry, seal, zipFiles } from './bag-files.ts'
import { contractOf, field } from './fields.ts'
import { isFull } from './runs.ts'

export const gateDataset = 'gate-register'

/** Part of the cells of every bundle; must never appear in any output. */
export const marker = 'Zq7Marker'

const required = { constraints: { required: true } }

export const gateContract = contractOf(
  [
    field('gate', 'string', { role: 'key', constraints: { required: true, maxLength: 40 } }),
    field('district', 'string', { codes: 'districts', ...required }),
    field('width', 'integer', { constraints: { minimum: 1, maximum: 99 } }),
    field('note', 'string'),
    field('conf_status', 'string', { role: 'status', codes: 'conf-status' }),
  ],
  ['gate'],
  {
    dataset: gateDataset,
    themes: ['education'],
    formats: ['csv', 'csv.gz'],
    disclosure: {
      ...{ rule: 'minimum-count', count: 'width', minimum: 3 },
      ...{ withhold: ['width'], status: 'conf_status' },
    },
  },
)

const header = 'gate,district,width,note\n'
const row = (n: number, note = marker) => `${marker}-${n},310101,5,${note}\n`
/** The rows of the good bundle. */
export const good = `${header}${row(1)}${row(2)}`
export interface Damage {
  readonly name: string
  readonly check: string
  /** The expected location of the finding, as far as findings give one. */
  readonly at?: object
  readonly errors?: number
  /** The change to the files; they are sealed afterwards unless `unsealed` is set. */
  readonly change?: (files: BagFiles) => void
  readonly rows?: string | Buffer
  readonly unsealed?: true
  readonly links?: readonly string[]
  readonly packed?: (zip: Buffer) => Buffer
}

const text = (files: BagFiles, path: string) => String(files.get(path))
const claim = (encoding: string) => (files: BagFiles) =>
  describe(files, ({ resources: [first] }) => Object.assign(first ?? {}, { encoding }))
/** 金 in GBK. */
const gbk = Buffer.from([0xbd, 0xf0])
const file = 'data/rows.csv'

export const badBundles: readonly Damage[] = [
  { name: 'truncated ZIP', check: 'zip-unreadable', packed: (zip) => zip.subarray(0, zip.length - 30) },
  { name: 'cut in the middle', check: 'zip-unreadable', packed: (zip) => zip.subarray(0, zip.length >> 1) },
  { name: 'no ZIP at all', check: 'packing-unknown', packed: () => Buffer.from(good) },
  {
    ...{ name: 'wrong digest', check: 'digest-wrong', at: { file }, unsealed: true },
    change: (files) => files.set(file, Buffer.from(good.replace(',5,', ',6,'))),
  },
  {
    ...{
      name: 'file not in the manifest',
      check: 'file-unlisted',
      at: { file: 'data/more.csv' },
      unsealed: true,
    },
    change: (files) => files.set('data/more.csv', Buffer.from(good)),
  },
  {
    ...{ name: 'manifest naming a missing file', check: 'file-missing', at: { file }, unsealed: true },
    change: (files) => files.delete(file),
  },
  {
    ...{ name: 'fetch.txt', check: 'bag-fetch', at: { file: 'fetch.txt' } },
    change: (files) => files.set('fetch.txt', Buffer.from('https://example.org/ 5 data/x.csv\n')),
  },
  {
    ...{ name: 'path outside the bag', check: 'path-unsafe', at: { file: 'bag/../evil.csv' } },
    change: (files) => files.set('XX/evil.csv', Buffer.from(good)),
    packed: (zip) => renameEntry(zip, 'bag/XX/evil.csv', 'bag/../evil.csv'),
  },
  {
    ...{ name: 'absolute path', check: 'path-unsafe' },
    change: (files) => files.set('XX/evil.csv', Buffer.from(good)),
    packed: (zip) => renameEntry(zip, 'bag/XX/evil.csv', '/etc/X/evil.csv'),
  },
  {
    ...{ name: 'path of Windows', check: 'path-unsafe' },
    change: (files) => files.set('XX/evil.csv', Buffer.from(good)),
    packed: (zip) => renameEntry(zip, 'bag/XX/evil.csv', 'C:\\X\\XX\\evi.csv'),
  },
  {
    ...{
      name: 'manifest path outside the bag',
      check: 'path-unsafe',
      at: { file: 'manifest-sha256.txt', row: 2 },
    },
    unsealed: true,
    change: (files) => {
      const line = `${'0'.repeat(64)}  ../../etc/passwd\n`
      files.set('manifest-sha256.txt', Buffer.from(text(files, 'manifest-sha256.txt') + line))
    },
  },
  {
    ...{ name: 'link', check: 'link', at: { file: 'data/link.csv' }, links: ['data/link.csv'] },
    change: (files) => files.set('data/link.csv', Buffer.from('/etc/passwd')),
  },
  { name: 'decompression bomb', check: 'inflation', at: { file }, rows: Buffer.alloc(20 << 20, 0x61) },
  {
    ...{ name: 'GBK under a UTF-8 claim', check: 'encoding', change: claim('utf-8') },
    at: { file, byteOffset: header.length + 26, expected: 'UTF-8' },
    rows: Buffer.concat([Buffer.from(header + row(1).slice(0, 26)), gbk, Buffer.from(`\n${row(2)}`)]),
  },
  {
    ...{ name: 'stray BOM', check: 'stray-bom', at: { file, byteOffset: Buffer.byteLength(good) } },
    rows: `${good}\ufeff${row(3)}`,
  },
  {
    ...{ name: 'an end-of-file character between rows', check: 'end-mark-inside' },
    at: { file, byteOffset: Buffer.byteLength(good) },
    rows: `${good}\u001a${row(3)}`,
  },
  { name: 'UTF-16', check: 'encoding-utf16', at: { file }, rows: Buffer.from(`\ufeff${good}`, 'utf16le') },
  {
    ...{ name: 'unknown encoding', check: 'encoding-unknown', change: claim('ebcdic'), at: { file } },
  },
  {
    name: 'NUL byte',
    check: 'nul-byte',
    at: { file, byteOffset: header.length },
    rows: `${header}\0${row(1)}`,
  },
  {
    ...{ name: 'missing header', check: 'header-missing', at: { file, field: 'district' } },
    rows: good.replace('district', 'conf_x'),
    errors: 2,
  },
  { name: 'no header', check: 'header-row', at: { file, cell: 'A1' }, rows: row(1) + row(2) },
  {
    ...{ name: 'duplicate header', check: 'header-doubled', at: { file, cell: 'D1' } },
    rows: good.replace('note', 'width'),
  },
  {
    ...{
      name: 'two headers of one field',
      check: 'header-conflict',
      at: { file, cell: 'D1', field: 'width' },
    },
    rows: good.replace('note', '测试 width'),
  },
  {
    ...{ name: 'unknown field', check: 'header-unknown', at: { file, cell: 'D1' } },
    rows: good.replace('note', 'colour'),
  },
  {
    ...{ name: 'field that providers must not send', check: 'header-forbidden', at: { file, cell: 'D1' } },
    rows: good.replace('note', 'conf_status'),
  },
  {
    name: 'short row',
    check: 'row-short',
    at: { file, row: 3 },
    rows: `${header}${row(1)}${marker},310101\n`,
  },
  { name: 'long row', check: 'row-long', at: { file, row: 2 }, rows: `${header}${row(1, `${marker},more`)}` },
  {
    ...{ name: 'unterminated quote', check: 'quote-unclosed', at: { file, row: 3, cell: 'D3' } },
    rows: `${header}${row(1)}${row(2, `"${marker}`)}`,
  },
  {
    ...{ name: 'quote in the middle', check: 'quote-misplaced', at: { file, row: 2, cell: 'D2' } },
    rows: `${header}${row(1, `x"${marker}"`)}`,
  },
  {
    ...{ name: '10 MB field', check: 'field-too-long', at: { file, row: 2, cell: 'D2' } },
    // Of random letters: a field of one repeated letter would be refused as a bomb before it is read.
    rows: `${header}${row(1, scramble(10 << 20))}`,
  },
  {
    ...{
      name: 'value outside a code list',
      check: 'code-unknown',
      at: { file, row: 2, cell: 'B2', field: 'district' },
    },
    rows: good.replace('310101', marker),
  },
  {
    ...{ name: 'retired district', check: 'code-retired', at: { file, cell: 'B2', expected: '310101' } },
    rows: good.replace('310101', '310103'),
  },
  {
    name: 'value of another type',
    check: 'type',
    at: { file, cell: 'C3' },
    rows: `${header}${row(1)}${row(2).replace(',5,', `,${marker},`)}`,
  },
  {
    name: 'number that Excel altered',
    check: 'number-damaged',
    at: { cell: 'C2' },
    rows: good.replace(',5,', ',1.23E+17,'),
  },
  {
    name: 'value out of bounds',
    check: 'constraint',
    at: { cell: 'C2' },
    rows: good.replace(',5,', ',100,'),
  },
  {
    name: 'required cell that is empty',
    check: 'required',
    at: { cell: 'B2' },
    rows: good.replace('310101', ''),
  },
  {
    name: 'duplicate key',
    check: 'key-doubled',
    at: { row: 2, field: 'gate' },
    rows: good + row(1),
    errors: 2,
  },
  { name: 'blank row', check: 'row-blank', at: { row: 3 }, rows: `${header}${row(1)}\n${row(2)}` },
  { name: 'empty file', check: 'file-empty', at: { file }, rows: '' },
  { name: 'header only', check: 'rows-missing', at: { file }, rows: header },
  {
    ...{ name: 'wrong contractVersion', check: 'contract-unknown', at: { expected: '1' } },
    change: (files) => describe(files, ({ qingdan }) => Object.assign(qingdan, { contractVersion: 2 })),
  },
  {
    ...{ name: 'unknown dataset', check: 'dataset-unknown' },
    change: (files) => describe(files, ({ qingdan }) => Object.assign(qingdan, { dataset: `x-${marker}` })),
  },
  {
    ...{ name: 'unknown edition', check: 'edition-unknown' },
    change: (files) => describe(files, ({ qingdan }) => Object.assign(qingdan, { edition: marker })),
  },
  {
    ...{ name: 'unknown provider', check: 'provider-unknown' },
    change: (files) => describe(files, ({ qingdan }) => Object.assign(qingdan, { provider: marker })),
  },
  {
    ...{ name: 'unknown property', check: 'descriptor' },
    change: (files) => describe(files, ({ qingdan }) => Object.assign(qingdan, { [marker]: '\u0000' })),
  },
  {
    ...{ name: 'no description', check: 'descriptor', unsealed: true },
    change: (files) => files.set('datapackage.json', Buffer.from('{')),
  },
  {
    ...{ name: 'a thousand findings', check: 'type', at: { row: 2, cell: 'C2' }, errors: 1_000 },
    rows: header + Array.from({ length: 1_000 }, (_, n) => `${n},310101,x,\n`).join(''),
  },
  {
    ...{ name: 'more findings than are counted', check: 'type', at: { row: 2, cell: 'C2' }, errors: 100_000 },
    rows:
      header + Array.from({ length: isFull ? 1_000_000 : 110_000 }, (_, n) => `${n},310101,x,\n`).join(''),
  },
]

/** Random letters; the same on every call. */
function scramble(length: number): string {
  const bytes = Buffer.alloc(length)
  let state = 1
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    bytes[at] = 0x61 + ((state >>> 16) % 26)
  }
  return bytes.toString('latin1')
}

function semicolons(files: BagFiles): void {
  describe(files, ({ resources: [first] }) => Object.assign(first ?? {}, { dialect: { delimiter: ';' } }))
}

const chinese = (note: string) => `${header}${row(1, note)}`
const inGbk = Buffer.concat([Buffer.from(chinese('').trimEnd()), gbk, Buffer.from('\n')])
export const oddBundles: readonly Damage[] = [
  { name: 'the good one', check: '' },
  { name: 'GB18030 without a claim', check: '', rows: inGbk },
  { name: 'GBK with a claim', check: '', rows: inGbk, change: claim('gbk') },
  { name: 'a BOM at the start', check: '', rows: `\ufeff${chinese('金')}` },
  {
    name: 'CRLF and semicolons',
    check: '',
    rows: good.replaceAll('\n', '\r\n').replaceAll(',', ';'),
    change: semicolons,
  },
  { name: 'titles for names', check: '', rows: good.replace('gate,district', '测试 gate,Test district') },
  {
    ...{ name: 'no bag-info.txt, which is optional', check: '', unsealed: true },
    change: (files) => {
      seal(files)
      files.delete('bag-info.txt')
      files.delete('tagmanifest-sha256.txt')
    },
  },
  {
    ...{ name: 'a second manifest, which is allowed', check: '', unsealed: true },
    change: (files) => files.set('manifest-sha512.txt', Buffer.from(`${'0'.repeat(128)}  ${file}\n`)),
  },
]

/** Damages the good bag's files and packs them. */
export async function packDamaged(goodBag: BagFiles, damage: Damage): Promise<Buffer> {
  const { rows, change, unsealed, links, packed } = damage
  const files: BagFiles = new Map(goodBag)
  if (rows !== undefined) files.set(file, Buffer.from(rows))
  change?.(files)
  if (unsealed !== true) seal(files)
  const zip = await zipFiles(files, links)
  return packed === undefined ? zip : packed(zip)
}
