/** The list of formats. A new format is one file and one line here. */
import { csv } from './csv.ts'
import { csvGzip } from './csv-gzip.ts'
import { dataPackage } from './data-package.ts'
import type { Format } from './format.ts'
import { geojson } from './geojson.ts'
import { json, ndjson } from './json.ts'
import { parquet } from './parquet/parquet.ts'
import { sdmxCsv } from './sdmx-csv.ts'
import { xlsx } from './xlsx/xlsx.ts'

const all: readonly Format[] = [
  ...[csv, csvGzip, ndjson, json, xlsx, parquet, geojson],
  ...[sdmxCsv, dataPackage],
]

export const formats: ReadonlyMap<string, Format> = new Map(all.map((format) => [format.name, format]))

/** Finds a format by its name in contracts. Throws a plain Error, since the contract loader has checked every name. */
export function getFormat(name: string): Format {
  const format = formats.get(name)
  if (format === undefined) throw new Error(`no format ${name}`)
  return format
}
