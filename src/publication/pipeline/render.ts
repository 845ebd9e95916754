/**
 * Render: creates the files of a version once, from the loaded records. Postgres writes some; others are
 * rendered in batches or recoded from a file. Formats that can't hold the version are omitted with a reason.
 */

import { type AppContext, isSynthetic, storedName } from '../../catalogue/index.ts'
import {
  fileName,
  type OmittedFormat,
  type StoredDistribution,
  type VersionName,
} from '../../contract/index.ts'
import {
  type Format,
  FormatRefusal,
  getFormat,
  type RenderContext,
  repeatable,
  type SourceFile,
} from '../../formats/index.ts'
import type { Progress } from '../../ingest/index.ts'
import type { Bilingual } from '../../platform/language.ts'
import { copyAll, readAll } from '../../records/index.ts'
import type { Controlled } from './control.ts'

/** The digest of the plain file, which everyone can check, identifies the version. */
const plainFormat = 'csv'

interface Rendered {
  /** SHA-256 of the plain file. */
  readonly digest: string
  readonly distributions: readonly StoredDistribution[]
  /** Formats of the contract that are omitted for this version, each with its reason. */
  readonly omitted: readonly OmittedFormat[]
}

/** Renders every format of the version's contract from a table of records. Safe to run again. */
export async function renderFiles(
  context: AppContext,
  { draft, parts }: Pick<Controlled, 'draft' | 'parts'>,
  loaded: { readonly table: string; readonly records: number },
  progress: Progress,
): Promise<Rendered> {
  const renderContext = contextOf(context, { ...draft, parts }, loaded.records)
  const wanted = [...new Set([plainFormat, ...renderContext.contract.formats])].map(getFormat)
  // Formats recoded from another format's bytes come after it.
  const ordered = [...wanted].sort((a, b) => Number('from' in a) - Number('from' in b))
  const distributions: StoredDistribution[] = []
  const omitted: OmittedFormat[] = []
  const { records } = loaded
  for (const [index, format] of ordered.entries()) {
    // Each format counts as much as the others, and its share is that of the records or bytes it has read.
    const onShare = (share: number) =>
      progress(
        'render',
        (index + Math.min(1, share)) * Math.max(1, records),
        ordered.length * Math.max(1, records),
      )
    onShare(0)
    const outcome = await renderFile(context, format, renderContext, loaded.table, distributions, onShare)
    if ('reason' in outcome) omitted.push(outcome)
    else distributions.push(outcome)
    context.observe('checkpoint-reached', { step: 'prepare', point: 'file-rendered' })
  }
  const plain = distributions.find((file) => file.format === plainFormat)
  if (plain === undefined) throw new Error('the plain file is always rendered')
  return { digest: plain.digest, distributions, omitted }
}

/** What rendering needs of a version. */
interface RenderedVersion extends VersionName {
  readonly contractVersion: number
  readonly records: number
  readonly recordsTable: string
  readonly parts: Parameters<typeof isSynthetic>[0]['parts']
  readonly distributions: readonly StoredDistribution[]
}

/**
 * The bytes of a version's file, rendered again from its records or recoded from another stored file. The
 * caller compares their digest: software and code lists may have changed since. Throws FormatRefusal.
 */
export function renderAgain(
  context: AppContext,
  version: RenderedVersion,
  format: string,
): AsyncIterable<string | Uint8Array> {
  const { recordsTable, distributions, records } = version
  return bytesOf(
    context,
    getFormat(format),
    contextOf(context, version, records),
    recordsTable,
    distributions,
  )
}

function contextOf(
  context: AppContext,
  of: Pick<RenderedVersion, 'dataset' | 'edition' | 'number' | 'contractVersion' | 'parts'>,
  records: number,
): RenderContext {
  const { dataset, edition, number, contractVersion, parts } = of
  const { contract } = context.contracts.get(dataset, contractVersion)
  return {
    contract,
    contracts: context.contracts,
    fields: contract.fields,
    version: { dataset, edition, number, records, synthetic: isSynthetic({ parts }) },
  }
}

async function renderFile(
  context: AppContext,
  format: Format,
  renderContext: RenderContext,
  table: string,
  rendered: readonly StoredDistribution[],
  onShare: OnShare,
): Promise<StoredDistribution | OmittedFormat> {
  const { version } = renderContext
  const { name, mediaType } = format
  const stored = storedName(version, name)
  const reason = format.omits?.(renderContext)
  if (reason !== undefined) return omit(context, stored, name, reason)
  try {
    const { bytes, digest } = await context.files.write(
      stored,
      bytesOf(context, format, renderContext, table, rendered, onShare),
      // An earlier attempt may have left other bytes. It was never published: such files are sealed.
      { replace: true },
    )
    return { name: fileName(version, name), format: name, mediaType, bytes, digest }
  } catch (error) {
    if (error instanceof FormatRefusal) return omit(context, stored, name, error.reason)
    throw error
  }
}

/** Removes the file of an earlier attempt: no name outside the version's list may exist. */
async function omit(
  context: AppContext,
  stored: string,
  format: string,
  reason: Bilingual,
): Promise<OmittedFormat> {
  await context.files.remove(stored)
  return { format, reason }
}

function bytesOf(
  context: AppContext,
  format: Format,
  renderContext: RenderContext,
  table: string,
  rendered: readonly StoredDistribution[],
  onShare: OnShare = () => {},
): AsyncIterable<string | Uint8Array> {
  const { records } = renderContext.version
  if ('render' in format) {
    const copied = format.copied?.(renderContext)
    return copied === undefined
      ? format.render(
          repeatable(() =>
            watch(
              readAll(context.database.work, table, renderContext.fields),
              ({ length }) => length,
              (rows) => onShare(rows / records),
            ),
          ),
          renderContext,
        )
      : copied.complete(
          watch(copyAll(context.database, table, copied), countLines, (lines) => onShare(lines / records)),
        )
  }
  const file = rendered.find((one) => one.format === format.from)
  if (file === undefined)
    throw new Error(`${format.name} is made from ${format.from}, which has not been rendered`)
  const source: SourceFile = {
    ...file,
    read: () =>
      watch(
        context.files.read(storedName(renderContext.version, format.from)),
        ({ length }) => length,
        (bytes) => onShare(bytes / file.bytes),
      ),
  }
  return format.recode(source, renderContext)
}

type OnShare = (share: number) => void

/** Passes items on and reports the sum of their sizes so far. */
async function* watch<T>(
  items: AsyncIterable<T>,
  sizeOf: (item: T) => number,
  onSum: (sum: number) => void,
): AsyncGenerator<T> {
  let sum = 0
  for await (const item of items) {
    sum += sizeOf(item)
    onSum(sum)
    yield item
  }
}

const lineFeed = 0x0a

/** Line feeds of a chunk: about one a record, which is enough for progress. */
function countLines(chunk: Uint8Array): number {
  let count = 0
  for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, at + 1)) count += 1
  return count
}
