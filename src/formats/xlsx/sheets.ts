/**
 * The sheets of a workbook as XML, row by row (ECMA-376, part 1, 18.3): the records under their field names, the fields
 * with titles and units, the codes with labels, and a description.
 */

import { type Contracts, codesOf, type Field, sourceOf } from '../../contract/index.ts'
import { columnLetters } from '../../platform/finding.ts'
import type { Bilingual } from '../../platform/language.ts'
import type { RenderContext, RowBatches } from '../format.ts'
import { type CellWriter, cellStyles, cellWriter, keepsExactly, textCell } from './cells.ts'

export interface Sheet {
  readonly name: string
  readonly xml: () => AsyncIterable<string> | Iterable<string>
}

/** Excel's limits for a sheet: 2^20 rows and 2^14 columns. */
export const sheetRowsMax = 1_048_576
export const sheetColumnsMax = 16_384

/** Characters of XML per chunk. */
const pieceLength = 1 << 16

/** The contents of a workbook other than its rows. */
export interface Workbook {
  readonly fields: readonly Field[]
  /** All contracts, for code lists and their labels. */
  readonly contracts: Contracts
  /** Number of rows. */
  readonly records: number
  /** Lines of the last sheet: a name, and the text in Chinese and English. */
  readonly about: readonly (readonly [name: string, zh: string, en: string])[]
}

/** The sheets of a workbook, in order. */
export function sheetsOf(batches: RowBatches, workbook: Workbook): readonly Sheet[] {
  return [
    { name: 'data', xml: () => dataSheet(batches, workbook) },
    { name: 'fields 字段', xml: () => textSheet(fieldRows(workbook.fields)) },
    { name: 'codes 代码', xml: () => textSheet(codeRows(workbook)) },
    { name: 'about 说明', xml: () => textSheet([['about', '说明', 'in English'], ...workbook.about]) },
  ]
}

async function* dataSheet(batches: RowBatches, { fields, records }: Workbook): AsyncGenerator<string> {
  const texts = await textColumns(batches, fields)
  const columns = fields.map((field, index): [string, CellWriter] => [
    `<c r="${columnLetters(index)}`,
    cellWriter(field, texts.has(index)),
  ])
  const area = `A1:${columnLetters(fields.length - 1)}${records + 1}`
  yield sheetHead(area, fields.map(widthOf))
  yield textRow(
    1,
    fields.map(({ name }) => name),
    cellStyles.header,
  )
  let number = 1
  let xml = ''
  for await (const batch of batches) {
    for (const row of batch) {
      number += 1
      xml += `<row r="${number}">`
      for (let index = 0; index < columns.length; index += 1) {
        const text = row[index]
        const column = columns[index]
        if (text === null || text === undefined || column === undefined) continue
        xml += `${column[0]}${number}"${column[1](text)}`
      }
      xml += '</row>'
      if (xml.length < pieceLength) continue
      yield xml
      xml = ''
    }
  }
  yield xml
  if (number !== records + 1) throw new Error(`${number - 1} rows were read, and the version has ${records}`)
  yield `</sheetData><autoFilter ref="${area}"/></worksheet>`
}

/**
 * The columns with a value that a spreadsheet would alter, by index. Reads all rows, since the type of a column must be
 * known before its first cell; this takes an eighth of the time of a workbook.
 */
async function textColumns(batches: RowBatches, fields: readonly Field[]): Promise<ReadonlySet<number>> {
  const found = new Set<number>()
  const suspects = fields.flatMap(({ type }, index) => {
    const keeps = keepsExactly[type]
    return keeps === undefined ? [] : [{ index, keeps }]
  })
  if (suspects.length === 0) return found
  for await (const batch of batches) {
    for (const { index, keeps } of suspects) {
      if (found.has(index)) continue
      const isAltered = batch.some((row) => {
        const text = row[index]
        return text !== null && text !== undefined && !keeps(text)
      })
      if (isAltered) found.add(index)
    }
    if (found.size === suspects.length) break
  }
  return found
}

type TextRow = readonly string[]

function* textSheet(rows: readonly [header: TextRow, ...TextRow[]]): Generator<string> {
  const [header] = rows
  const widths = header.map((_, index) =>
    Math.max(...rows.map((row) => Math.min(width(row[index] ?? ''), 60))),
  )
  yield sheetHead(`A1:${columnLetters(header.length - 1)}${rows.length}`, widths)
  for (const [index, row] of rows.entries()) {
    yield textRow(index + 1, row, index === 0 ? cellStyles.header : cellStyles.wrapped)
  }
  yield '</sheetData></worksheet>'
}

/** Width of a text in characters: 1 for a Latin letter, 2 for a Chinese character, and 2 of padding. */
function width(text: string): number {
  return 2 + [...text].reduce((sum, character) => sum + (character > '\u2e7f' ? 2 : 1), 0)
}

function sheetHead(area: string, widths: readonly number[]): string {
  const columns = widths.map(
    (width, index) => `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`,
  )
  return (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' +
    `<dimension ref="${area}"/><sheetViews><sheetView workbookViewId="0">` +
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>' +
    `<sheetFormatPr defaultRowHeight="15"/><cols>${columns.join('')}</cols><sheetData>`
  )
}

function textRow(number: number, texts: TextRow, style: number): string {
  const cells = texts.map((text, index) =>
    text === '' ? '' : `<c r="${columnLetters(index)}${number}"${textCell(text, style)}`,
  )
  return `<row r="${number}">${cells.join('')}</row>`
}

function widthOf(field: Field): number {
  const { type, codes, constraints = {} } = field
  const usual = { boolean: 8, integer: 10, number: 12, date: 12, time: 8, datetime: 22, list: 24, string: 16 }
  const long = (constraints.maxLength ?? 0) > 60 ? 32 : usual[type]
  return Math.max(codes === undefined ? long : usual[type] - 4, field.name.length + 4)
}

function fieldRows(fields: readonly Field[]): [TextRow, ...TextRow[]] {
  return [
    ['field', '字段', 'title', 'type', 'unit 单位', 'codes 代码表', '说明', 'description'],
    ...fields.map(({ name, title, type, unit, codes, description }) => [
      name,
      title.zh,
      title.en,
      type,
      unit ?? '',
      codes ?? '',
      description.zh,
      description.en,
    ]),
  ]
}

function codeRows({ fields, contracts }: Workbook): [TextRow, ...TextRow[]] {
  const lists = new Map(fields.map((field) => [field.codes, field]))
  lists.delete(undefined)
  const rows = [...lists].flatMap(([list = '', field]) =>
    (codesOf(contracts, field) ?? []).map(({ code, label }) => [list, code, label.zh, label.en]),
  )
  return [['codes 代码表', 'code 代码', '名称', 'label'], ...rows]
}

/** The description of a version for the last sheet. */
export function aboutVersion({ contract, version }: RenderContext): Workbook['about'] {
  type Line = Workbook['about'][number]
  const both = (name: string, { zh, en }: Bilingual): Line => [name, zh, en]
  const same = (name: string, text: string | number): Line => [name, String(text), String(text)]
  const synthetic = {
    zh: '合成示例数据，不描述任何真实情况。',
    en: 'Made up for demonstration; it describes nothing real.',
  }
  return [
    both('title', contract.title),
    both('description', contract.description),
    same('dataset', contract.dataset),
    same('edition', version.edition),
    same('version', version.number),
    same('contractVersion', contract.contractVersion),
    same('records', version.records),
    both('source', sourceOf(contract, version.synthetic)),
    both('licence', contract.licence.title),
    ...(contract.licence.url === undefined ? [] : [same('licenceUrl', contract.licence.url)]),
    ...(version.synthetic ? [both('synthetic', synthetic)] : []),
  ]
}
