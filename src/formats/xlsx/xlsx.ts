/**
 * An XLSX workbook, streamed: codes and texts as text cells, numbers with all their digits, real dates. Equal records
 * give equal bytes. Refuses what Excel would cut: too many rows or columns, texts too long for a cell. Decision 0009
 * explains why we write the XML ourselves.
 */
import type { Bilingual } from '../../platform/language.ts'
import type { RenderedFormat, RowBatches } from '../format.ts'
import { type ZipEntry, zipArchive } from '../zip-archive.ts'
import { escapeText, stylesPart } from './cells.ts'
import { aboutVersion, type Sheet, sheetColumnsMax, sheetRowsMax, sheetsOf, type Workbook } from './sheets.ts'

export const xlsx: RenderedFormat = {
  name: 'xlsx',
  mediaType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  omits: ({ version, fields }) => sheetOmits(version.records, fields.length),
  render: (batches, context) =>
    renderWorkbook(batches, {
      fields: context.fields,
      contracts: context.contracts,
      records: context.version.records,
      about: aboutVersion(context),
    }),
}

/** Renders any table as a workbook, for rows that are not a version of a dataset. */
export function renderWorkbook(batches: RowBatches, workbook: Workbook): AsyncIterable<Uint8Array> {
  return zipArchive(partsOf(sheetsOf(batches, workbook)))
}

/** The reason why the records and fields exceed a sheet, or undefined. The header takes one row. */
function sheetOmits(records: number, fields: number): Bilingual | undefined {
  if (records > sheetRowsMax - 1) {
    return {
      zh: `共 ${records} 条记录，超出 Excel 工作表 ${sheetRowsMax} 行（含表头）的上限；请使用 CSV 或 Parquet。`,
      en: `${records} records and a header exceed the ${sheetRowsMax} rows of an Excel sheet; use CSV or Parquet.`,
    }
  }
  if (fields > sheetColumnsMax) {
    return {
      zh: `共 ${fields} 个字段，超出 Excel 工作表 ${sheetColumnsMax} 列的上限；请使用 CSV 或 Parquet。`,
      en: `${fields} fields exceed the ${sheetColumnsMax} columns of an Excel sheet; use CSV or Parquet.`,
    }
  }
  return undefined
}

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const packageNames = 'http://schemas.openxmlformats.org/package/2006'
const officeNames = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const mainNames = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const spreadsheet = 'application/vnd.openxmlformats-officedocument.spreadsheetml'

/** Best compression for small parts. A sheet of a million rows takes half the time at 3, for a tenth more bytes. */
const levels = { parts: 9, sheets: 3 } as const

function partsOf(sheets: readonly Sheet[]): readonly ZipEntry[] {
  const part = (path: string, xml: string): ZipEntry => ({
    path,
    data: [declaration, xml],
    compressionLevel: levels.parts,
  })
  return [
    // First, because tools recognise an XLSX by this entry.
    part('[Content_Types].xml', contentTypes(sheets)),
    part('_rels/.rels', relations([['officeDocument', 'xl/workbook.xml']])),
    part('xl/workbook.xml', workbook(sheets)),
    part(
      'xl/_rels/workbook.xml.rels',
      relations([
        ...sheets.map((_, n): [string, string] => ['worksheet', `worksheets/sheet${n + 1}.xml`]),
        ['styles', 'styles.xml'],
      ]),
    ),
    part('xl/styles.xml', stylesPart()),
    ...sheets.map(({ xml }, n) => ({
      path: `xl/worksheets/sheet${n + 1}.xml`,
      data: declared(xml()),
      compressionLevel: levels.sheets,
    })),
  ]
}

async function* declared(xml: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  yield declaration
  yield* xml
}

function contentTypes(sheets: readonly Sheet[]): string {
  const override = (path: string, type: string) =>
    `<Override PartName="${path}" ContentType="${spreadsheet}.${type}+xml"/>`
  return (
    `<Types xmlns="${packageNames}/content-types">` +
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
    '<Default Extension="xml" ContentType="application/xml"/>' +
    override('/xl/workbook.xml', 'sheet.main') +
    override('/xl/styles.xml', 'styles') +
    sheets.map((_, n) => override(`/xl/worksheets/sheet${n + 1}.xml`, 'worksheet')).join('') +
    '</Types>'
  )
}

function relations(targets: readonly [type: string, target: string][]): string {
  const each = targets.map(
    ([type, target], n) =>
      `<Relationship Id="rId${n + 1}" Type="${officeNames}/${type}" Target="${target}"/>`,
  )
  return `<Relationships xmlns="${packageNames}/relationships">${each.join('')}</Relationships>`
}

function workbook(sheets: readonly Sheet[]): string {
  const each = sheets.map(
    ({ name }, n) => `<sheet name="${escapeText(name)}" sheetId="${n + 1}" r:id="rId${n + 1}"/>`,
  )
  return (
    `<workbook xmlns="${mainNames}" xmlns:r="${officeNames}"><bookViews><workbookView/></bookViews>` +
    `<sheets>${each.join('')}</sheets></workbook>`
  )
}
