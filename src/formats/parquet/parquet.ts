/**
 * Parquet, streamed by row groups of bounded size, typed by the contract, SNAPPY-compressed. Codes are texts, so a
 * district code keeps its zeros. Equal records give equal bytes. Refuses a version without records, for which the
 * library writes an invalid file.
 */
import type { ByteWriter, ColumnSource, SchemaElement } from 'hyparquet-writer'
import { type Field, sourceOf } from '../../contract/index.ts'
import type { RecordValues, RenderContext, RenderedFormat, RowBatches } from '../format.ts'
import { type ParquetColumn, type ParquetValue, parquetColumn } from './columns.ts'

/**
 * A row group is buffered in memory, so it ends at a number of values or characters: about 100 MB of heap at worst.
 * Smaller groups mean a larger footer and slower scans.
 */
const groupLimits = { values: 250_000, characters: 16_000_000, rows: 100_000 } as const

export const parquet: RenderedFormat = {
  name: 'parquet',
  mediaType: 'application/vnd.apache.parquet',
  omits: ({ version }) =>
    version.records > 0
      ? undefined
      : {
          zh: '没有记录，不提供 Parquet；请使用 CSV。',
          en: 'There are no records to write as Parquet; use the CSV.',
        },
  render,
}

async function* render(batches: RowBatches, context: RenderContext): AsyncGenerator<Uint8Array> {
  // The library is loaded on first use.
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer')
  const columns = context.fields.map((field) => parquetColumn(field, context.contract))
  const root: SchemaElement = { name: 'record', num_children: columns.length }
  const buffer = new ByteWriter(1 << 20)
  const writer = new ParquetWriter({
    writer: buffer,
    schema: [root, ...columns.flatMap(({ elements }) => elements)],
    codec: 'SNAPPY',
    kvMetadata: factsOf(context),
  })
  for await (const rows of groupRows(batches, context.fields.length)) {
    await writer.write({ columnData: columnData(rows, context.fields, columns), rowGroupSize: rows.length })
    yield take(buffer)
  }
  await writer.finish()
  yield take(buffer)
}

/** Returns what was written since the last call. The buffer is reused; its file offset goes on. */
function take(buffer: ByteWriter): Uint8Array {
  const bytes = buffer.getBytes().slice()
  buffer.index = 0
  return bytes
}

/** Groups rows by the limits, independent of their batches, so that the bytes depend on the rows alone. */
async function* groupRows(batches: RowBatches, fields: number): AsyncGenerator<readonly RecordValues[]> {
  const rowsMax = Math.max(1, Math.min(groupLimits.rows, Math.floor(groupLimits.values / fields)))
  let rows: RecordValues[] = []
  let characters = 0
  for await (const batch of batches) {
    for (const row of batch) {
      rows.push(row)
      for (const text of row) characters += text?.length ?? 0
      if (rows.length < rowsMax && characters < groupLimits.characters) continue
      yield rows
      rows = []
      characters = 0
    }
  }
  if (rows.length > 0) yield rows
}

function columnData(
  rows: readonly RecordValues[],
  fields: readonly Field[],
  columns: readonly ParquetColumn[],
): ColumnSource[] {
  return columns.map(({ value }, index) => ({
    name: fields[index]?.name ?? '',
    data: rows.map((row): ParquetValue => {
      const text = row[index]
      return text === null || text === undefined ? null : value(text)
    }),
  }))
}

/** Metadata for readers who have only the file: `key_value_metadata` of the footer. */
function factsOf({ contract, version, fields }: RenderContext) {
  const { dataset, edition, number, synthetic } = version
  const { title, licence, contractVersion } = contract
  const source = sourceOf(contract, synthetic)
  const facts = { dataset, edition, version: number, contractVersion, synthetic, title, licence, source }
  const described = fields.map(({ name, title, unit, codes }) => ({ name, title, unit, codes }))
  return [
    { key: 'qingdan.version', value: JSON.stringify(facts) },
    { key: 'qingdan.fields', value: JSON.stringify(described) },
  ]
}
