/** The formats, one line each: adding one is a file and a line here. */
import { csv } from './csv.ts'
import { csvGzip } from './csv-gzip.ts'
import type { Format } from './format.ts'
import { ndjson } from './json.ts'

export { csvColumns, csvLines } from './csv.ts'
export {
  type CsvForm,
  csvHeader,
  encodeCsv,
  guardCells,
  guardedColumns,
  isGuarded,
  unwritablePattern,
} from './csv-people.ts'
export type { Format, RecodedFormat, RenderedFormat, Row, RowBatches } from './format.ts'
export { jsonRecord, jsonRow } from './json.ts'

const all: readonly Format[] = [csv, csvGzip, ndjson]

export const formats: ReadonlyMap<string, Format> = new Map(all.map((format) => [format.name, format]))

/** A format by the name that contracts use. Throws a plain Error: the loader has checked every name. */
export function getFormat(name: string): Format {
  const format = formats.get(name)
  if (format === undefined) throw new Error(`no format ${name}`)
  return format
}
