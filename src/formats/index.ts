/** The formats, one line each: adding one is a file and a line here. */
import { csv } from './csv.ts'
import { csvGzip } from './csv-gzip.ts'
import { dataPackage } from './data-package.ts'
import type { Format } from './format.ts'
import { json, ndjson } from './json.ts'
import { parquet } from './parquet.ts'
import { renderWorkbook, xlsx } from './xlsx.ts'

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
  type RenderContext,
  type RenderedFormat,
  type Row,
  type RowBatches,
  type SourceFile,
  type VersionFacts,
} from './format.ts'
export { copyLines, json, jsonRecord, jsonRow, jsonToken, ndjson } from './json.ts'
export type { Workbook } from './xlsx-sheets.ts'
export { type ZipEntry, zipArchive } from './zip-archive.ts'
export { renderWorkbook }

const all: readonly Format[] = [csv, csvGzip, ndjson, json, xlsx, parquet, dataPackage]

export const formats: ReadonlyMap<string, Format> = new Map(all.map((format) => [format.name, format]))

/** A format by the name that contracts use. Throws a plain Error: the loader has checked every name. */
export function getFormat(name: string): Format {
  const format = formats.get(name)
  if (format === undefined) throw new Error(`no format ${name}`)
  return format
}
