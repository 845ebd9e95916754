/** Public API of formats. */

export { copyCsv, csv, csvColumns, csvLines, csvValue } from './csv.ts'
export {
  type CsvForm,
  csvHeader,
  encodeCsv,
  guardCells,
  guardedColumns,
  isGuarded,
  unwritableField,
  unwritablePattern,
} from './csv-people.ts'
export {
  type Copied,
  type FieldsAlone,
  type Format,
  FormatRefusal,
  type RecodedFormat,
  type RecordValues,
  type RenderContext,
  type RenderedFormat,
  type RenderedVersion,
  type RowBatches,
  type SourceFile,
} from './format.ts'
export { copyLines, json, jsonRecord, jsonRow, jsonToken, ndjson } from './json.ts'
export { formats, getFormat } from './list.ts'
export type { Workbook } from './xlsx/sheets.ts'
export { renderWorkbook } from './xlsx/xlsx.ts'
export { type ZipEntry, zipArchive } from './zip-archive.ts'
