/**
 * The records of an edition by every way out: CSV, NDJSON, JSON, Parquet, XLSX if LibreOffice is installed, a walk of
 * the API, and the table of CKAN, each read by an independent reader.
 */
import type { Field } from '../../src/contract/index.ts'
import type { RecordValues } from '../../src/formats/index.ts'
import type { TestContext } from './open-test-context.ts'
import { readParquetFile, rowsByLibreOffice, rowsOfCsv, rowsOfJson, withoutLibreOffice } from './read-back.ts'

type Records = readonly Record<string, unknown>[]

/** Rows by the name of the way, in the order in which it gives them. */
export async function waysOut(
  { get }: TestContext,
  { dataset, edition }: { readonly dataset: string; readonly edition: string },
  fields: readonly Field[],
): Promise<Readonly<Record<string, readonly RecordValues[]>>> {
  const base = `/v1/datasets/${dataset}`
  const file = async (extension: string) =>
    (await get(`${base}/editions/${edition}/versions/1/files/${dataset}-${edition}-v1.${extension}`)).bytes
  const lines = (await file('ndjson')).toString().trimEnd().split('\n')
  const json = JSON.parse((await file('json')).toString())
  const walked: Record<string, unknown>[] = []
  for (let url: string | null = `${base}/records?edition=${edition}&limit=7`; url !== null; ) {
    const page: { data: Records; links: { next: string | null } } = (await get(url)).json()
    walked.push(...page.data)
    url = page.links.next
  }
  const shown = (await get(`/api/3/action/package_show?id=${dataset}`)).json<{
    result: { resources: { id: string; datastore_active: boolean }[] }
  }>()
  const table = shown.result.resources.find((one) => one.datastore_active)?.id
  const ckan = (await get(`/api/3/action/datastore_search?resource_id=${table}&limit=1000`)).json<{
    result: { records: Records }
  }>()
  return {
    CSV: rowsOfCsv(await file('csv'), fields),
    NDJSON: rowsOfJson(
      lines.map((line) => JSON.parse(line)),
      fields,
    ),
    JSON: rowsOfJson(json.records ?? json.data ?? json, fields),
    Parquet: readParquetFile(await file('parquet'), fields).rows,
    ...(withoutLibreOffice
      ? {}
      : { XLSX: await rowsByLibreOffice(`${dataset}.xlsx`, await file('xlsx'), fields) }),
    'API walk': rowsOfJson(walked, fields),
    CKAN: rowsOfJson(ckan.result.records, fields),
  }
}
