/**
 * Renders the difference of two versions: Postgres writes the lines, this file adds head, header and links.
 */
import assert from 'node:assert/strict'
import { type AppContext, addresses, type PublishedVersion } from '../../catalogue/index.ts'
import { copyRecords } from '../read/read-records.ts'
import { type Diff, diffHeader, diffLines, diffRows, fieldsOnlyOf } from './plan.ts'

export interface ComparedVersions {
  readonly from: PublishedVersion
  readonly to: PublishedVersion
  /** The value of the parameter `against`. */
  readonly against: string
  readonly diff: Diff
}

/** Follows each record but the last. */
const separator = Buffer.from(',\n')
const lineFeed = 10

/** The difference as one JSON object, the counts before the records. */
export async function* readDiffJson(
  { config, database }: Pick<AppContext, 'config' | 'database'>,
  compared: ComparedVersions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let beginning: Buffer | undefined = Buffer.alloc(0)
  // COPY ends every line with a separator. The last one is dropped, so the end of each chunk is held back.
  let held = Buffer.alloc(0)
  let isEmpty = true
  for await (const chunk of copyRecords(database, [diffLines(compared.diff)], signal)) {
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    if (beginning !== undefined) {
      beginning = Buffer.concat([beginning, bytes])
      const end = beginning.indexOf(lineFeed)
      if (end < 0) continue
      yield Buffer.from(headOf(config, compared, beginning.subarray(0, end).toString()))
      bytes = beginning.subarray(end + 1)
      beginning = undefined
    }
    if (bytes.length === 0) continue
    isEmpty = false
    const both = Buffer.concat([held, bytes])
    const ready = Math.max(0, both.length - separator.length)
    if (ready > 0) yield both.subarray(0, ready)
    held = both.subarray(ready)
  }
  assert.ok(
    beginning === undefined && (isEmpty || held.equals(separator)),
    'the counts come first, then whole lines',
  )
  yield Buffer.from(`${isEmpty ? '' : '\n'}],"links":${JSON.stringify(linksOf(config, compared))}}`)
}

/** The difference as CSV. */
export async function* readDiffCsv(
  { database }: Pick<AppContext, 'database'>,
  { diff }: ComparedVersions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  // The header is sent with the first lines, so that an error before them still becomes a problem response.
  let header: string | undefined = diffHeader(diff)
  for await (const chunk of copyRecords(database, [diffRows(diff)], signal)) {
    yield header === undefined ? chunk : Buffer.concat([Buffer.from(header), chunk])
    header = undefined
  }
  if (header !== undefined) yield Buffer.from(header)
}

function headOf(config: AppContext['config'], { from, to, diff }: ComparedVersions, counts: string): string {
  const side = (version: PublishedVersion) => ({
    edition: version.edition,
    version: version.number,
    contractVersion: version.contractVersion,
    records: version.records,
    href: addresses(config).version(version),
  })
  const names = (fields: Diff['key']) => fields.map(({ name }) => name)
  const counted = JSON.parse(counts) as { readonly added: number; readonly changed: number }
  const head = {
    dataset: to.dataset,
    from: side(from),
    to: side(to),
    key: names(diff.key),
    fields: {
      compared: names(diff.shared),
      onlyBefore: names(fieldsOnlyOf(diff.before, diff)),
      onlyAfter: names(fieldsOnlyOf(diff.after, diff)),
    },
    counts: { ...counted, unchanged: to.records - counted.added - counted.changed },
  }
  return `${JSON.stringify(head).slice(0, -1)},"data":[\n`
}

function linksOf(config: AppContext['config'], { from, to, against }: ComparedVersions) {
  const at = addresses(config)
  const self = at.diff(to, against)
  return {
    self,
    csv: self.replace('/diff?', '/diff.csv?'),
    reverse: at.diff(from, `${to.edition}-v${to.number}`),
    contracts: at.comparison(to.dataset, from.contractVersion, to.contractVersion),
  }
}
