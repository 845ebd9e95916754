/**
 * Reads cells that hold a code: the code itself, or one of its labels, which counts as a correction. Rejects
 * codes that are not in the list, not valid on the day, or not allowed under the code of another field.
 */
import { type Code, type CodeList, validOn } from '../../../contract/index.ts'
import { nearestText } from '../../../platform/texts/nearest.ts'
import type { BundleCheck } from '../findings/checks.ts'

/** What is wrong with a cell; never its value. */
export interface CellFault {
  readonly check: BundleCheck
  readonly expected?: string
}

/** The kinds of corrections to cells and headers, and of rows that are left out, which are counted. */
export type Repair =
  | 'blanks'
  | 'invisible'
  | 'width'
  | 'thousands'
  | 'percent'
  | 'number'
  | 'precision'
  | 'boolean'
  | 'date'
  | 'time'
  | 'instant'
  | 'label'
  | 'header'
  | 'key-missing'
  | 'end-mark'
  | 'note'

export type OnRepair = (repair: Repair) => void

/**
 * Reads a code. `above` is the code of the field that this one depends on: null if that is empty, undefined
 * if it is not known, since its own error is reported for that field.
 */
export type CodeReader = (
  text: string,
  above: string | null | undefined,
  onRepair: OnRepair,
) => string | CellFault

/** Codes that a finding lists in full. */
const listedMax = 12

/** Builds the reader of a code list for a day, `YYYY-MM-DD`. */
export function buildCodeReader(list: CodeList, day: string, isPersonal = false): CodeReader {
  const folded = new Map<string, Code[]>()
  const labels = new Map<string, Code[]>()
  for (const code of list.codes) {
    grow(folded, fold(code.code), code)
    for (const label of new Set([fold(code.label.zh), fold(code.label.en)])) grow(labels, label, code)
  }
  const valid = [...new Set(list.codes.filter((code) => validOn(code, day)).map(({ code }) => code))]
  const described = new Map(list.codes.map((code) => [code.code, `${code.code} ${code.label.zh}`]))
  const listed = valid.map((code) => described.get(code) ?? code).join(', ')
  const expected = valid.length <= listedMax ? `${list.name}: ${listed}` : list.name
  const known = list.codes
    .filter((code) => validOn(code, day))
    .flatMap(({ code, label }) =>
      [code, label.zh, label.en].map((text) => ({ text: fold(text), value: code })),
    )
  const unknown = (text: string): CellFault => {
    // The nearest code says what the value almost was, which nobody may read of a person.
    const near = isPersonal ? undefined : (zerosLost(text, valid) ?? nearestText(fold(text), known))
    if (near === undefined) return { check: 'code-unknown', expected }
    const nearest = described.get(near) ?? near
    return { check: 'code-unknown', expected: `${expected}；最接近 / nearest: ${nearest}` }
  }
  return (text, above, onRepair) => {
    let candidates: readonly Code[] | undefined = list.byCode.get(text)
    if (candidates === undefined) {
      const plain = fold(text)
      candidates = folded.get(plain)
      const repair = candidates === undefined ? 'label' : 'width'
      candidates ??= labels.get(plain)
      // pandas writes 310101 as 310101.0 if another code of the column is missing.
      const whole = candidates === undefined && /^\d+\.0$/.test(plain) ? plain.slice(0, -2) : undefined
      candidates ??= folded.get(whole ?? '')
      if (candidates === undefined) return unknown(text)
      onRepair(whole === undefined ? repair : 'number')
    }
    const current = candidates.filter((code) => validOn(code, day))
    if (current.length === 0) return notNow(candidates, day, expected)
    const allowed = above === undefined ? current : current.filter((code) => isUnder(code, above))
    const [first, ...others] = allowed
    if (first === undefined) return { check: 'code-dependent', expected: list.name }
    // A label that several codes share identifies none of them.
    return others.every(({ code }) => code === first.code) ? first.code : unknown(text)
  }
}

/** The code of which a spreadsheet dropped the leading zeros. */
function zerosLost(text: string, codes: readonly string[]): string | undefined {
  if (!/^[1-9]\d*$/.test(text)) return undefined
  const found = codes.filter((code) => code.startsWith('0') && code.replace(/^0+/, '') === text)
  return found.length === 1 ? found[0] : undefined
}

function isUnder(code: Code, above: string | null): boolean {
  return code.under === undefined || (above !== null && code.under.includes(above))
}

function notNow(candidates: readonly Code[], day: string, expected: string): CellFault {
  const retired = candidates.filter((code) => (code.validUntil ?? '9999-12-31') < day)
  if (retired.length === 0) return { check: 'code-not-yet-valid', expected }
  const successors = new Set(
    retired.flatMap(({ replacedBy }) => (replacedBy === undefined ? [] : [replacedBy])),
  )
  return { check: 'code-retired', expected: successors.size === 0 ? expected : [...successors].join(', ') }
}

function grow(map: Map<string, Code[]>, key: string, code: Code): void {
  const codes = map.get(key)
  if (codes === undefined) map.set(key, [code])
  else codes.push(code)
}

function fold(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[\s\u00ad\u200b-\u200f\u2060]+/g, '')
    .toLowerCase()
}
