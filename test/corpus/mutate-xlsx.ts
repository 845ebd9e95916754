/** Workbooks of a table, with cells as in Excel: inline or shared texts, numbers, days, times, booleans; and damage to their parts. */
import { unzipSync } from 'fflate'
import { rawZip } from '../support/raw-zip.ts'
import { between, oneOf, type Random } from '../support/samples/random.ts'
import { formula, makeSheet, number, shared, type TestCell } from '../support/workbook.ts'
import { byteDamage } from './mutate-bytes.ts'
import type { Table } from './trial.ts'

const formats = ['yyyy-mm-dd', 'hh:mm', '0.0%', '00000']
const dayMilliseconds = 86_400_000

/** The workbook of a table. */
export function workbookOf(random: Random, table: Table): Buffer {
  const strings: string[] = []
  const share = (text: string) => {
    const escaped = text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`).replaceAll('\r', '_x000D_')
    strings.push(`<si><t xml:space="preserve">${escaped}</t></si>`)
    return shared(strings.length - 1)
  }
  const cellOf = (text: string): TestCell => {
    if (random() < 0.6) {
      if (/^-?(0|[1-9]\d{0,8})(\.\d{1,4})?$/.test(text)) return random() < 0.1 ? formula(text) : number(text)
      const day = /^(\d{4}-\d\d-\d\d)$/.exec(text)?.[1]
      const serial =
        day === undefined ? Number.NaN : Date.parse(`${day}T00:00:00Z`) / dayMilliseconds + 25_569
      if (serial > 61) return number(serial, 1)
      const [, hour, minute] = /^(\d\d):(\d\d)$/.exec(text) ?? []
      if (Number(hour) < 24) return number((Number(hour) * 60 + Number(minute)) / 1440, 2)
      const [, percent] = /^(\d+(?:\.\d)?)%$/.exec(text) ?? []
      if (percent !== undefined) return number(String(Number(percent) / 100), 3)
      if (/^(true|false)$/i.test(text)) return { xml: ` t="b"><v>${/^t/i.test(text) ? 1 : 0}</v></c>` }
    }
    if (text === '') return undefined
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no such characters.
    const allowed = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    return random() < 0.5 || /\r/.test(text) ? share(allowed) : allowed
  }
  const rows = table.map((cells, n) => cells.map((text) => (n === 0 ? text : cellOf(text))))
  return makeSheet(rows, {}, { formats, strings })
}

/** The parts of a workbook; none if earlier damage made it unreadable. */
function partsOf(workbook: Buffer): [string, Uint8Array][] {
  try {
    return Object.entries(unzipSync(workbook))
  } catch {
    return []
  }
}

type Damage = (random: Random, workbook: Buffer) => Buffer

/** Changes one part and packs the workbook again, with correct checksums. */
function inPart(random: Random, workbook: Buffer, name: RegExp, change: (part: Buffer) => Buffer): Buffer {
  const parts = partsOf(workbook)
  const names = parts.map(([path]) => path).filter((path) => name.test(path))
  const chosen = names.length === 0 ? undefined : oneOf(random, names)
  return rawZip(
    parts.map(([path, data]) => ({ name: path, data: path === chosen ? change(Buffer.from(data)) : data })),
  )
}

/** Replaces one match of a pattern in the sheet. */
const inSheet =
  (pattern: RegExp, replace: (random: Random, found: string) => string): Damage =>
  (random, workbook) =>
    inPart(random, workbook, /sheet1\.xml$/, (part) => {
      const text = part.toString()
      const found = [...text.matchAll(pattern)]
      const one = found.length === 0 ? undefined : oneOf(random, found)
      if (one === undefined) return part
      return Buffer.from(
        `${text.slice(0, one.index)}${replace(random, one[0])}${text.slice(one.index + one[0].length)}`,
      )
    })

const oddValues = [
  '',
  'NaN',
  '1e5',
  '1E+20',
  '-1',
  '45901.5',
  '99999999',
  ' 5 ',
  '1,5',
  'Infinity',
  '45901',
  '0.1',
  '60',
  '0.35416666666666669',
]
const column = (random: Random) => 'ABCDEFGHIJKLZ'[between(random, 0, 12)] ?? 'A'

export const xlsxDamage: Readonly<Record<string, Damage>> = {
  'bytes of a part': (random, workbook) =>
    inPart(random, workbook, /\.(xml|rels)$/, (part) =>
      (byteDamage[oneOf(random, Object.keys(byteDamage))] ?? ((_random, bytes) => bytes))(random, part),
    ),
  'bytes of the workbook': (random, workbook) =>
    (byteDamage[oneOf(random, Object.keys(byteDamage))] ?? ((_random, bytes) => bytes))(random, workbook),
  'a part lost': (random, workbook) => {
    const parts = partsOf(workbook)
    const removed = between(random, 0, parts.length - 1)
    return rawZip(parts.filter((_part, n) => n !== removed).map(([name, data]) => ({ name, data })))
  },
  'cell type': inSheet(
    / t="\w+"/g,
    (random) => ` t="${oneOf(random, ['s', 'n', 'b', 'e', 'str', 'd', 'inlineStr', 'x'])}"`,
  ),
  'cell value': inSheet(/<v>[^<]*<\/v>/g, (random) => `<v>${oneOf(random, oddValues)}</v>`),
  'cell style': inSheet(/ s="\d+"/g, (random) => ` s="${between(random, 0, 6)}"`),
  'cell reference': inSheet(/ r="[A-Z]+\d+"/g, (random) => ` r="${column(random)}${between(random, 0, 15)}"`),
  'row number': inSheet(/<row r="\d+"/g, (random) => `<row r="${between(random, 0, 15)}"`),
  'cell lost': inSheet(/<c r=.*?<\/c>/g, () => ''),
  'cell repeated': inSheet(/<c r=.*?<\/c>/g, (_random, found) => found + found),
  'formula without value': inSheet(/<v>[^<]*<\/v>/g, () => '<f>1+1</f>'),
  'formula with value': inSheet(/<v>/g, () => '<f>A1</f><v>'),
  'cells merged': inSheet(/<\/sheetData>/g, (random, found) => {
    const at = between(random, 1, 6)
    return `${found}<mergeCells><mergeCell ref="${oneOf(random, ['A', 'B', 'D'])}${at}:${oneOf(random, ['D', 'E'])}${at + between(random, 0, 1)}"/></mergeCells>`
  }),
  entity: inSheet(
    /preserve">/g,
    (random, found) => `${found}${oneOf(random, ['&foo;', '&#0;', '&amp;', '&#x4e2d;', '<b/>', ']]>'])}`,
  ),
  doctype: inSheet(/<worksheet/g, (_random, found) => `<!DOCTYPE x [<!ENTITY a "aaaa">]>${found}`),
}
