/** Workbooks built by hand: each part of an XLSX as a test needs it, including odd ones. */
import { columnLetters } from '../../src/platform/finding.ts'
import { type RawEntry, rawZip } from './raw-zip.ts'

/** A cell: its element after the reference, such as ` t="b"><v>1</v></c>`; or a plain text; or nothing. */
export type TestCell = string | { readonly xml: string } | undefined

export interface TestSheet {
  readonly name: string
  /** Attribute `state`. */
  readonly state?: string
  readonly rows?: readonly (readonly TestCell[])[]
  /** Attributes of rows, by number. */
  readonly rowAttributes?: Readonly<Record<number, string>>
  readonly merges?: readonly string[]
  /** XML before `sheetData`. */
  readonly head?: string
  /** Replaces the whole part. */
  readonly xml?: string
}

export interface TestWorkbook {
  readonly sheets?: readonly TestSheet[]
  /** Elements of `sst`. */
  readonly strings?: readonly string[]
  /** Format codes; the first is style 1. */
  readonly formats?: readonly string[]
  /** Attributes of `workbookPr`. */
  readonly properties?: string
  /** Further elements of `workbook`. */
  readonly more?: string
  readonly mainType?: string
  /** Further entries, or replacements of entries with these names. */
  readonly entries?: readonly RawEntry[]
  readonly without?: readonly string[]
}

const spreadsheet = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const packages = 'http://schemas.openxmlformats.org/package/2006'
const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
export const mainType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml'

/** A number under a style. */
export const number = (value: string | number, style = 0): TestCell => ({
  xml: ` s="${style}"><v>${value}</v></c>`,
})
/** A formula with its cached value, or without one. */
export const formula = (value?: string, type = 'n'): TestCell => ({
  xml: ` t="${type}"><f>1+1</f>${value === undefined ? '' : `<v>${value}</v>`}</c>`,
})
/** A shared text. */
export const shared = (index: number | string): TestCell => ({ xml: ` t="s"><v>${index}</v></c>` })

const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', _: '_x005F_' }

/** As Excel writes a text: characters that XML can't hold or would alter become their numbers. */
const escaped = (text: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped.
  text.replace(/[&<>\u0000-\u0008\u000b-\u001f\u007f]|_(?=x)/g, (character) => {
    return names[character] ?? `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`
  })

/** The part of a sheet. */
export function sheetXml({ rows = [], rowAttributes = {}, merges = [], head = '' }: TestSheet): string {
  const data = rows.map((cells, n) => {
    const elements = cells.map((cell, column) => {
      if (cell === undefined || cell === '') return ''
      const name = `<c r="${columnLetters(column)}${n + 1}"`
      if (typeof cell === 'object') return `${name}${cell.xml}`
      return `${name} t="inlineStr"><is><t xml:space="preserve">${escaped(cell)}</t></is></c>`
    })
    return `<row r="${n + 1}" ${rowAttributes[n + 1] ?? ''}>${elements.join('')}</row>`
  })
  const merged = merges.map((ref) => `<mergeCell ref="${ref}"/>`).join('')
  return (
    `${declaration}<worksheet xmlns="${spreadsheet}">${head}<sheetData>${data.join('')}</sheetData>` +
    `${merged === '' ? '' : `<mergeCells>${merged}</mergeCells>`}</worksheet>`
  )
}

/** The bytes of a workbook. */
export function makeWorkbook(workbook: TestWorkbook): Buffer {
  const { sheets = [], without = [], entries = [] } = workbook
  const replaced = new Set([...without, ...entries.map(({ name }) => name.toString())])
  return rawZip([...partsOf(workbook, sheets).filter(({ name }) => !replaced.has(`${name}`)), ...entries])
}

function partsOf(workbook: TestWorkbook, sheets: readonly TestSheet[]): readonly RawEntry[] {
  const { strings = [], formats = [], properties = '', more = '' } = workbook
  const relationship = (id: string, type: string, target: string) =>
    `<Relationship Id="${id}" Type="${office}/${type}" Target="${target}"/>`
  const rels = (inside: string) =>
    `${declaration}<Relationships xmlns="${packages}/relationships">${inside}</Relationships>`
  const named = sheets.map(
    ({ name, state }, n) =>
      `<sheet name="${escaped(name)}" sheetId="${n + 1}" ${state === undefined ? '' : `state="${state}"`} r:id="s${n + 1}"/>`,
  )
  const codes = formats.map(
    (code, n) => `<numFmt numFmtId="${164 + n}" formatCode="${escaped(code).replaceAll('"', '&quot;')}"/>`,
  )
  const styles = ['<xf numFmtId="0"/>', ...formats.map((_, n) => `<xf numFmtId="${164 + n}"/>`)]
  return [
    {
      name: '[Content_Types].xml',
      data:
        `${declaration}<Types xmlns="${packages}/content-types"><Default Extension="xml" ContentType="application/xml"/>` +
        `<Override PartName="/xl/workbook.xml" ContentType="${workbook.mainType ?? mainType}"/></Types>`,
    },
    { name: '_rels/.rels', data: rels(relationship('w', 'officeDocument', 'xl/workbook.xml')) },
    {
      name: 'xl/workbook.xml',
      data:
        `${declaration}<workbook xmlns="${spreadsheet}" xmlns:r="${office}"><workbookPr ${properties}/>` +
        `<sheets>${named.join('')}</sheets>${more}</workbook>`,
    },
    {
      name: 'xl/_rels/workbook.xml.rels',
      data: rels(
        sheets
          .map((_, n) => relationship(`s${n + 1}`, 'worksheet', `worksheets/sheet${n + 1}.xml`))
          .join('') +
          relationship('t', 'styles', 'styles.xml') +
          relationship('u', 'sharedStrings', '/xl/sharedStrings.xml'),
      ),
    },
    {
      name: 'xl/styles.xml',
      data:
        `${declaration}<styleSheet xmlns="${spreadsheet}"><numFmts>${codes.join('')}</numFmts>` +
        `<cellXfs>${styles.join('')}</cellXfs></styleSheet>`,
    },
    {
      name: 'xl/sharedStrings.xml',
      data: `${declaration}<sst xmlns="${spreadsheet}">${strings.join('')}</sst>`,
    },
    ...sheets.map((sheet, n) => ({
      name: `xl/worksheets/sheet${n + 1}.xml`,
      data: sheet.xml ?? sheetXml(sheet),
    })),
  ]
}

/** A workbook of one sheet. */
export function makeSheet(
  rows: readonly (readonly TestCell[])[],
  more: Partial<TestSheet> = {},
  workbook: Omit<TestWorkbook, 'sheets'> = {},
): Buffer {
  return makeWorkbook({ ...workbook, sheets: [{ name: 'Sheet1', rows, ...more }] })
}
