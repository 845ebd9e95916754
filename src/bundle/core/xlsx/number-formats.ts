/**
 * What the number formats of a workbook mean for the numbers in their cells (ECMA-376, part 1, 18.8.30 and
 * 18.8.31): days, times, elapsed hours, per cent, leading zeros. Rounding and colours are ignored.
 */

import { refuseBag } from '../bag/bag.ts'
import type { WorkbookParts } from './workbook-shapes.ts'

/** How a number is to be read; `zeros` is the number of digits that it is padded to. */
export type NumberKind = 'number' | 'day' | 'time' | 'elapsed' | 'percent' | { readonly zeros: number }

export interface NumberFormat {
  readonly kind: NumberKind
  /** The format itself writes a Z after the time. */
  readonly utc: boolean
}

/** Formats that a workbook's cells may have: Excel's own limit is 65,490. */
const formatsMax = 65_536

export const plainFormat: NumberFormat = { kind: 'number', utc: false }

/** Built-in formats, as in Chinese Excel; those not listed are numbers and texts. */
const builtin: ReadonlyMap<number, NumberKind> = new Map([
  ...ids('percent', 9, 10),
  ...ids('day', 14, 17),
  ...ids('time', 18, 21),
  ...ids('day', 22, 22),
  ...ids('day', 27, 31),
  // 32 to 35, 55 and 56 are times in Chinese and days in Japanese; a value below 1 is a time in both.
  ...ids('time', 32, 35),
  ...ids('day', 36, 36),
  ...ids('time', 45, 45),
  ...ids('elapsed', 46, 46),
  ...ids('time', 47, 47),
  ...ids('day', 50, 54),
  ...ids('time', 55, 56),
  ...ids('day', 57, 58),
])

function ids(kind: NumberKind, from: number, to: number): readonly (readonly [number, NumberKind])[] {
  return Array.from({ length: to - from + 1 }, (_, n) => [from + n, kind])
}

/** Reads the styles of a workbook: the format of each index that cells name. Throws BundleRefusal. */
export async function readNumberFormats(
  { parse }: WorkbookParts,
  path: string,
  file: string,
): Promise<readonly NumberFormat[]> {
  const codes = new Map<number, string>()
  const ofCells: number[] = []
  let within = ''
  const open = (name: string, attributes: Readonly<Record<string, string>>) => {
    if (name === 'cellXfs' || name === 'cellStyleXfs' || name === 'dxfs') within = name
    if (name === 'numFmt' && within === '') {
      codes.set(Number(attributes['numFmtId']), attributes['formatCode'] ?? '')
    }
    if (name === 'xf' && within === 'cellXfs') ofCells.push(Number(attributes['numFmtId'] ?? 0))
    if (codes.size > formatsMax || ofCells.length > formatsMax) {
      refuseBag('workbook-large', { file, expected: `≤ ${formatsMax}` })
    }
  }
  const close = (name: string) => {
    if (name === within) within = ''
  }
  for await (const _chunk of parse(path, { open, close }));
  return ofCells.map((id) => {
    const code = codes.get(id)
    return code === undefined ? { kind: builtin.get(id) ?? 'number', utc: false } : formatOf(code)
  })
}

/** Parses a format code. */
function formatOf(code: string): NumberFormat {
  if (/^0{2,}$/.test(code)) return { kind: { zeros: code.length }, utc: false }
  const utc = /"Z"|\\Z/.test(code)
  // Drops literal texts, escaped, fill and space characters, and brackets except [h], [m] and [s].
  const unquoted = code.replace(/"[^"]*"?|[\\_*][\s\S]/g, '').replace(/AM\/PM|A\/P|上午\/下午/gi, '')
  if (/\[(h+|m+|s+)\]/i.test(unquoted)) return { kind: 'elapsed', utc }
  const plain = unquoted.replace(/\[[^\]]*\]?/g, '')
  const [first = ''] = plain.split(';')
  // "General" and similar formats contain none of these letters.
  const letters = first.toLowerCase()
  const hasTime = /[hs]/.test(letters)
  if (/[yd]/.test(letters) || (/m/.test(letters) && !hasTime)) return { kind: 'day', utc }
  if (hasTime) return { kind: 'time', utc }
  return { kind: plain.includes('%') ? 'percent' : 'number', utc }
}
