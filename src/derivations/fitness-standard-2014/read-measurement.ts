/**
 * Reads the cells of measurements in the upload template. It takes the spellings that schools use where they mean one
 * thing only; everything else is refused, and nothing is converted by guess: not metres, not 斤, not a lost zero.
 */
import type { CellKind } from '../derivation.ts'
import { missing } from './score.ts'
import { type ItemName, items } from './standard.ts'

/** Columns of measurements. Those in metres and in 斤 are read only if their header says so. */
export const measurementColumns = [
  'height',
  'height_m',
  'weight',
  'weight_jin',
  'vital_capacity',
  'run_50m',
  'sit_reach',
  'rope_1min',
  'sit_up_1min',
  'shuttle_50x8',
  'standing_jump',
  'standing_jump_m',
  'pull_up',
  'run_1000m',
  'run_800m',
] as const
export type MeasurementColumn = (typeof measurementColumns)[number]

/** What is wrong with a cell, as a fault of faults.ts. */
export type MeasurementFault = 'measurement-unreadable' | 'measurement-range' | 'measurement-doubtful'

/** A result in whole units, `missing`, the word for an exempt pupil, or a fault. */
export interface Reading {
  readonly result: number | 'exempt' | MeasurementFault
  /** The cell has the format of a time of day, whose hours were read as minutes. */
  readonly isClock?: true
}

/** How the decimals of a column become whole units. */
export interface Scale {
  /** Whole units in one unit as written. */
  readonly factor: number
  readonly digitsMax: number
  /** Range in whole units, ends included. */
  readonly from: number
  readonly to: number
  /** The unit, where the cell repeats it. */
  readonly suffix: string
  /** What a cell should hold. */
  readonly expected: string
  readonly isEndurance?: true
}

const range = (from: number, to: number, factor: number) => ({ from: from * factor, to: to * factor })

function ofItem(name: ItemName, digitsMax: number, suffix: string, unit: string): Scale {
  const item = items.find((one) => one.name === name)
  if (item === undefined) throw new Error(`no item ${name}`)
  const { from, to, units } = item
  const decimals = digitsMax === 0 ? '' : `, ≤ ${digitsMax} 位小数 / decimals`
  return {
    ...range(from, to, units),
    ...{ factor: units, digitsMax, suffix, expected: `${from} – ${to} ${unit}${decimals}` },
  }
}

function endurance(name: ItemName): Scale {
  const clock = (seconds: number) => `${Math.floor(seconds / 60)}'${String(seconds % 60).padStart(2, '0')}"`
  const scale = ofItem(name, 0, 's|秒', 's')
  return { ...scale, isEndurance: true, expected: `${clock(scale.from)} – ${clock(scale.to)}` }
}

const cm = 'cm|厘米'
const metres = 'm|米'
const counted = '次|个'

export const scales: Readonly<Record<MeasurementColumn, Scale>> = {
  height: {
    ...range(80, 250, 100),
    ...{ factor: 100, digitsMax: 2, suffix: cm, expected: '80 – 250 cm, ≤ 2 位小数 / decimals' },
  },
  height_m: {
    ...range(80, 250, 100),
    ...{ factor: 10_000, digitsMax: 4, suffix: metres, expected: '0.8 – 2.5 m' },
  },
  weight: {
    ...range(14, 200, 100),
    ...{ factor: 100, digitsMax: 2, suffix: 'kg|公斤|千克', expected: '14 – 200 kg, ≤ 2 位小数 / decimals' },
  },
  // Half a kilogram; a second decimal would not be a whole number of ten grams.
  weight_jin: {
    ...range(14, 200, 100),
    factor: 50,
    digitsMax: 1,
    suffix: '斤|市斤',
    expected: '28 – 400 斤',
  },
  vital_capacity: ofItem('vital_capacity', 0, 'ml|毫升', 'ml'),
  run_50m: ofItem('run_50m', 2, 's|秒', 's'),
  sit_reach: ofItem('sit_reach', 2, cm, 'cm'),
  rope_1min: ofItem('rope_1min', 0, counted, '次'),
  sit_up_1min: ofItem('sit_up_1min', 0, counted, '次'),
  shuttle_50x8: endurance('shuttle_50x8'),
  standing_jump: ofItem('standing_jump', 1, cm, 'cm'),
  standing_jump_m: {
    ...range(50, 400, 10),
    ...{ factor: 1000, digitsMax: 3, suffix: metres, expected: '0.5 – 4 m' },
  },
  pull_up: ofItem('pull_up', 0, counted, '次'),
  run_1000m: endurance('run_1000m'),
  run_800m: endurance('run_800m'),
}

const missingWords = new Set(['', 'X', 'x', '×', '-', '—', '/', '无', 'N/A', '缺测', '缺考', '缺', '未测'])
const exemptWords = new Set(['免体', '免', '免测', '免试', '免考', '免修', '免予执行'])

/** Results of texts that occur again and again. There are not many different ones in a column. */
const cachedMax = 20_000

/** Builds the reader of a column's cells. */
export function buildMeasurementReader(
  column: MeasurementColumn,
): (text: string | null, kind: CellKind) => Reading {
  const scale = scales[column]
  const caches: Record<CellKind, Map<string, Reading>> = {
    ...{ text: new Map(), number: new Map(), day: new Map(), clock: new Map() },
  }
  return (text, kind) => {
    if (text === null || text === '') return nothing
    const cache = caches[kind]
    const known = cache.get(text)
    if (known !== undefined) return known
    const reading = read(text, kind, scale)
    if (cache.size < cachedMax) cache.set(text, reading)
    return reading
  }
}

const nothing: Reading = { result: missing }
const unreadable: Reading = { result: 'measurement-unreadable' }

function read(raw: string, kind: CellKind, scale: Scale): Reading {
  const text = foldCell(raw)
  if (missingWords.has(text)) return nothing
  if (exemptWords.has(text)) return { result: 'exempt' }
  if (kind === 'day') return unreadable
  if (scale.isEndurance !== true) return kind === 'clock' ? unreadable : inRange(decimal(text, scale), scale)
  if (kind !== 'clock') return inRange(seconds(text, kind), scale)
  const [, hours, minutes] = /^(\d{2}):(\d{2})$/.exec(text) ?? []
  if (minutes === undefined) return unreadable
  return { ...inRange(60 * Number(hours) + Number(minutes), scale), isClock: true }
}

function inRange(result: number | MeasurementFault | undefined, { from, to }: Scale): Reading {
  if (result === undefined) return unreadable
  if (typeof result === 'number' && (result < from || result > to)) return { result: 'measurement-range' }
  return { result }
}

/**
 * A cell without blanks, full-width characters and typographic quotes. Quotes come first: NFKC would split the double
 * prime of 3′45″ into two single ones.
 */
export function foldCell(text: string): string {
  if (/^[\d.-]*$/.test(text)) return text
  return text
    .replace(/[\u201c\u201d\u2033\u301d\u301e\uff02]/g, '"')
    .replace(/[\u2018\u2019\u2032\u00b4`\uff07]/g, "'")
    .replaceAll("''", '"')
    .replace(/\u2212/g, '-')
    .normalize('NFKC')
    .replace(/[\s\u00ad\u200b-\u200f\u2060\ufeff]+/g, '')
}

/** A decimal number in whole units; undefined if it is none, or has more digits than the column. */
function decimal(text: string, { factor, digitsMax, suffix }: Scale): number | undefined {
  const match = /^(-?)(\d{1,3}(?:,\d{3})+|\d{1,6})(?:\.(\d{1,10}))?(\D*)$/.exec(text)
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = '', unit = ''] = match
  if (unit !== '' && !new RegExp(`^(?:${suffix})$`, 'i').test(unit)) return undefined
  const digits = fraction.replace(/0+$/, '')
  if (digits.length > digitsMax) return undefined
  // A whole number of the last digit, times what that digit is worth.
  const scaled = Number(`${whole.replaceAll(',', '')}${digits.padEnd(digitsMax, '0')}`)
  const value = Math.round((scaled * factor) / 10 ** digitsMax)
  return sign === '-' ? 0 - value : value
}

/** Minutes and seconds in any of their spellings, or plain seconds. */
function seconds(text: string, kind: CellKind): number | MeasurementFault | undefined {
  const plain = /^(\d{2,3})(?:s|秒)?$/i.exec(text)
  if (plain !== null) return Number(plain[1])
  // 3.45 means 3′45″. A number loses the zero of 4.20; in a text 4.2 may be anything.
  const dotted = /^(\d)\.(\d{1,2})$/.exec(text)
  if (dotted !== null) {
    const [, minutes, rest = ''] = dotted
    if (rest.length === 1 && kind !== 'number') return 'measurement-doubtful'
    return together(minutes, rest.padEnd(2, '0'))
  }
  const marked =
    /^(\d{1,2})'(\d{2})"?$/.exec(text) ??
    /^(\d{1,2})'(\d)"$/.exec(text) ??
    /^(\d{1,2}):(\d{2})$/.exec(text) ??
    /^(\d{1,2})分(?:(\d{1,2})秒|(\d{2}))?$/.exec(text)
  if (marked === null) return undefined
  return together(marked[1], marked[2] ?? marked[3] ?? '0')
}

/** Seconds above 59 are no clock time, and it is unclear what they mean. */
function together(minutes: string | undefined, rest: string): number | undefined {
  return Number(rest) > 59 ? undefined : 60 * Number(minutes) + Number(rest)
}
