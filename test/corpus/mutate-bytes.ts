/** Damage to arbitrary bytes, as by a bad USB stick, a truncated copy or an over-helpful program. */
import iconv from 'iconv-lite'
import { between, oneOf, type Random } from '../support/samples/random.ts'

/** Byte sequences with a meaning in CSV, UTF-8 or GB18030. */
const pieces: readonly Buffer[] = [
  ...[
    '"',
    '""',
    ',',
    ';',
    '\t',
    '\n',
    '\r',
    '\r\n',
    '\u0000',
    '\ufeff',
    '\u3000',
    '１',
    '-',
    'E+5',
    '\\N',
    '中',
  ],
  ...['\ufffd', '\u2028', '"\n"', ',,,', '\n\n', '\u001a', '\\.\n', '%', '，'],
].map((text) => Buffer.from(text))
const wrong: readonly Buffer[] = [
  ...[
    'ff',
    'fe',
    'c080',
    'eda080',
    'f4908080',
    'e4b8',
    '80',
    '81',
    '8130',
    '81308130',
    'fe39fe39',
    'a3b1',
    'b0a1',
  ],
  ...[
    'a2e3',
    '84319533',
    'ff30ff30',
    'fffe',
    'feff',
    '8130813',
    'd6d0',
    'c3a9',
    'f09f9880',
    'e38080',
    'a1a1',
  ],
].map((hex) => Buffer.from(hex, 'hex'))

const join = (...parts: readonly Uint8Array[]) => Buffer.concat(parts)

/** A marker in a cell of free text, where much damage is valid: half of the damage goes there, to test the result. */
export const softSpot = '@@'

function cutAt(random: Random, bytes: Buffer): number {
  const soft = bytes.indexOf(softSpot)
  return soft >= 0 && random() < 0.5 ? soft + 1 : between(random, 0, bytes.length)
}

function range(random: Random, bytes: Buffer): readonly [number, number] {
  const [a, b] = [cutAt(random, bytes), cutAt(random, bytes)]
  // Mostly short: a long one leaves little to test.
  const [from, to] = [Math.min(a, b), Math.max(a, b)]
  return random() < 0.8 ? [from, Math.min(to, from + between(random, 1, 12))] : [from, to]
}

function setByte(bytes: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(bytes)
  if (at < copy.length) copy[at] = byte
  return copy
}

export const byteDamage: Readonly<Record<string, (random: Random, bytes: Buffer) => Buffer>> = {
  'bit flipped': (random, bytes) => {
    const at = between(random, 0, Math.max(0, bytes.length - 1))
    return setByte(bytes, at, (bytes[at] ?? 0) ^ (1 << between(random, 0, 7)))
  },
  'byte replaced': (random, bytes) =>
    setByte(bytes, between(random, 0, Math.max(0, bytes.length - 1)), between(random, 0, 255)),
  'bytes lost': (random, bytes) => {
    const [from, to] = range(random, bytes)
    return join(bytes.subarray(0, from), bytes.subarray(to))
  },
  'bytes repeated': (random, bytes) => {
    const [from, to] = range(random, bytes)
    return join(bytes.subarray(0, to), bytes.subarray(from))
  },
  'bytes zeroed': (random, bytes) => {
    const [from, to] = range(random, bytes)
    return Buffer.from(bytes).fill(0, from, to)
  },
  'cut off': (random, bytes) => bytes.subarray(0, cutAt(random, bytes)),
  'beginning lost': (random, bytes) => bytes.subarray(between(random, 1, 8)),
  'piece inserted': (random, bytes) => {
    const at = cutAt(random, bytes)
    return join(bytes.subarray(0, at), oneOf(random, pieces), bytes.subarray(at))
  },
  'bad bytes inserted': (random, bytes) => {
    const at = cutAt(random, bytes)
    return join(bytes.subarray(0, at), oneOf(random, wrong), bytes.subarray(at))
  },
  'piece before': (random, bytes) => join(oneOf(random, [...pieces, ...wrong]), bytes),
  'piece after': (random, bytes) => join(bytes, oneOf(random, [...pieces, ...wrong])),
  'ranges swapped': (random, bytes) => {
    const [from, to] = range(random, bytes)
    return join(bytes.subarray(to), bytes.subarray(from, to), bytes.subarray(0, from))
  },
  'line ends changed': (random, bytes) => {
    const [from, to] = oneOf(random, [
      ['\n', '\r\n'],
      ['\n', '\r'],
      ['\r', ''],
      ['\n', ''],
      ['\r\n', '\n'],
    ])
    return Buffer.from(bytes.toString('latin1').replaceAll(from ?? '', to ?? ''), 'latin1')
  },
  'rows in another encoding': (random, bytes) => {
    // The file is joined with one of another office: the last row again, in the other encoding.
    const text = bytes.toString('utf8')
    const isUtf8 = !text.includes('\ufffd')
    const whole = isUtf8 ? text : iconv.decode(bytes, 'gb18030')
    const lines = whole.split(/(?<=[\r\n])/)
    const row = `${lines.findLast((line) => line.trim() !== '') ?? ''}`.replace(
      /[@S]/,
      oneOf(random, ['上海市区', '北京', '二中心']),
    )
    return join(bytes, iconv.encode(row, isUtf8 ? 'gb18030' : 'utf8'))
  },
  'in the encoding of another language': (random, bytes) => {
    const [encoding, word] = oneOf(random, [
      ['big5', '臺北市大安區'],
      ['shift_jis', '東京都さくら小学校'],
      ['euc-kr', '서울특별시 강남구'],
      ['windows-1252', 'École Schüler'],
    ] as const)
    const utf8 = bytes.toString('utf8')
    const text = utf8.includes('\ufffd') ? iconv.decode(bytes, 'gb18030') : utf8
    return iconv.encode(text.replaceAll(softSpot, word), encoding)
  },
  'garbled before': (random, bytes) => {
    // As by a program that read UTF-8 as GBK or Windows-1252, and saved what it read.
    const wrong = oneOf(random, ['gb18030', 'windows-1252'])
    const garbled = iconv.decode(Buffer.from(oneOf(random, ['上海市区', '静安', '二中心小学'])), wrong)
    const at = cutAt(random, bytes)
    return join(bytes.subarray(0, at), Buffer.from(garbled), bytes.subarray(at))
  },
  'end of file of DOS': (random, bytes) => join(bytes, Buffer.alloc(between(random, 1, 3), 0x1a)),
  'western letters': (random, bytes) => {
    const at = cutAt(random, bytes)
    return join(
      bytes.subarray(0, at),
      iconv.encode(oneOf(random, ['Schüler', 'École', 'é']), 'latin1'),
      bytes.subarray(at),
    )
  },
  'decoded wrongly': (random, bytes) =>
    // As by a program that misreads the encoding and saves the file.
    random() < 0.5 ? Buffer.from(bytes.toString('latin1')) : Buffer.from(bytes.toString('utf8')),
  'saved as UTF-16': (random, bytes) =>
    Buffer.from(`${random() < 0.5 ? '\ufeff' : ''}${bytes.toString('utf8')}`, 'utf16le'),
}
