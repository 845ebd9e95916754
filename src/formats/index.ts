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
export { describeRemotely } from './data-package.ts'
export {
  type Copied,
  type Format,
  FormatRefusal,
  type RecordValues,
  type RenderContext,
  type RenderedFormat,
  repeatable,
  type SourceFile,
} from './format.ts'
export { collectionHead, featureRow, geojson, intoCollection } from './geojson.ts'
export { copyLines, json, jsonRecord, jsonRow, jsonToken, ndjson } from './json.ts'
export { formats, getFormat } from './list.ts'
export { renderWorkbook } from './xlsx/xlsx.ts'
export { type ZipEntry, zipArchive } from './zip-archive.ts'
