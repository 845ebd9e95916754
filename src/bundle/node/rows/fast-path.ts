/**
 * The fast path through a bundle: one pass that writes COPY text from the bytes as they arrive. At the first
 * possible error it gives up and its output is discarded; the strict path (validate-bag.ts) then finds what
 * is wrong. So the only findings of this path are warnings, and the strict path would report the same ones.
 */

import { isUtf8 } from 'node:buffer'
import { defined } from '../../../platform/defined.ts'
import type { BundleFile } from '../../core/bag/verify.ts'
import { buildCellEncoder, type CellEncoder, encodesNothing } from '../../core/cells/cell-encoders.ts'
import { atOffset } from '../../core/cells/map-headers.ts'
import { buildRowReader } from '../../core/cells/row-reader.ts'
import { buildCopyWriter } from '../../core/csv/copy-writer.ts'
import { buildScanner, mayBeUtf8, type Scan } from '../../core/csv/encoding.ts'
import { buildGarbledSearch, garbledFault } from '../../core/csv/garbled-text.ts'
import { buildTwoByteSearch, judgeTwoBytes, twoByteFaults } from '../../core/csv/judge-two-bytes.ts'
import { inPieces } from '../../core/csv/read-rows.ts'
import { buildBlock } from '../../core/csv/row-block.ts'
import type { FileCount } from '../../core/findings/file-count.ts'
import { buildDuplicateFilter } from './duplicate-filter.ts'
import { buildFileCutter, type Walk } from './fast-path-file.ts'
import { bundleWarnings } from './row-derivation.ts'
import { planBundle } from './validate-bag.ts'
import type { ValidateOptions } from './walk.ts'

/** The rows of a bag as COPY text. */
export interface RowCopy {
  readonly chunks: AsyncIterable<Uint8Array | string>
  /** The result of each file, once the chunks were iterated to their end; undefined if the path gave up. */
  readonly files: () => readonly FileCount[] | undefined
}

/** Reads a bag that passed `verifyBag`. Throws the signal's reason when aborted. */
export function readFast(options: ValidateOptions): RowCopy {
  let files: FileCount[] | undefined
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const { manifest, signal, onProgress, onFinding } = options
    // The rows of a workbook are not bytes of the file.
    if (manifest.files.some(({ sheet, encoding }) => sheet !== undefined || !mayBeUtf8(encoding))) return
    const walk = buildWalk(options)
    const counts: FileCount[] = []
    let text: TextFile | undefined
    for await (const { index, file, piece, hasEndMark } of ahead(readPieces(options))) {
      signal?.throwIfAborted()
      text ??= openTextFile(index, file, walk)
      if (!(piece === undefined ? text.end(hasEndMark) : text.add(piece))) return
      for (const chunk of walk.ready.splice(0)) yield chunk
      if (piece === undefined) {
        counts.push(text.count())
        walk.rowsBefore += text.count().rowsRead
        text = undefined
      } else onProgress?.({ file: file.path, rows: text.count().rowsRead })
    }
    const rest = walk.writer.take(true)
    if (rest !== undefined) yield rest
    if (await walk.keys.mayHaveDuplicates()) return
    const { derive } = options
    const warnings = derive === undefined || walk.part === undefined ? [] : bundleWarnings(derive, walk.part)
    for (const finding of [...walk.headers, ...walk.rows, ...warnings]) onFinding(finding)
    files = counts
  }
  return { chunks: chunks(), files: () => files }
}

/** The pieces of each file in turn, with an end marker after each file. */
async function* readPieces({ bag, manifest }: ValidateOptions) {
  for (const [index, file] of manifest.files.entries()) {
    let hasEndMark = false
    const onEndMark = () => {
      hasEndMark = true
    }
    for await (const piece of inPieces(bag.read(file.path), 0, onEndMark)) yield { index, file, piece }
    yield { index, file, hasEndMark }
  }
}

/** Prefetches one value, so that the disk reads while the previous value is processed. */
async function* ahead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  const requestNext = () => {
    const next = source.next()
    // An error is reported when its value is requested, or never.
    next.catch(() => undefined)
    return next
  }
  try {
    for (let next = requestNext(); ; ) {
      const { value, done } = await next
      if (done === true) return
      next = requestNext()
      yield value
    }
  } finally {
    await source.return(undefined)
  }
}

function buildWalk(options: ValidateOptions): Walk {
  const plan = planBundle(options)
  const encoders: CellEncoder[] = []
  for (const { field, index, read, above } of plan.readers) {
    const upper = plan.readers.find((reader) => reader.index === above)
    const { missingValues } = options.contract
    const words = plan.noRecord.words[index]
    // Codes with two levels of dependency are left to the strict path.
    encoders[index] =
      upper?.above === undefined
        ? buildCellEncoder({ field, read, readAbove: upper?.read, missingValues, words })
        : encodesNothing
  }
  return {
    options,
    plan,
    encoders,
    reader: buildRowReader(plan),
    writer: buildCopyWriter(),
    keys: buildDuplicateFilter(),
    block: buildBlock(plan.fields.length),
    ...defined({ part: options.derive?.open() }),
    headers: [],
    rows: [],
    errors: 0,
    ready: [],
    rowsBefore: 0,
  }
}

/** A file being read; `add` and `end` return false to give up. */
interface TextFile {
  readonly add: (piece: Buffer) => boolean
  readonly end: (hasEndMark?: boolean) => boolean
  readonly count: () => FileCount
}

function openTextFile(index: number, file: BundleFile, walk: Walk): TextFile {
  const scanner = buildScanner('utf-8', isUtf8)
  const garbled = buildGarbledSearch(isUtf8)
  const twoBytes = buildTwoByteSearch()
  const cutter = buildFileCutter(index, file, walk)
  // The strict path reports what concerns the whole file before its headers.
  const warningsBefore = walk.headers.length
  return {
    add: (piece) => {
      scanner.add(piece)
      garbled.add(piece)
      twoBytes.add(piece)
      // Fewer than four bytes do not show which encoding the file has.
      if (isDoubtful(scanner.found) || scanner.found.bytes === 0) return false
      return cutter.cut(piece, scanner.found.bomBytes, false)
    },
    end: (hasEndMark) => {
      scanner.end()
      garbled.end()
      twoBytes.end()
      const isMarked = file.encoding !== undefined || scanner.found.bomBytes > 0
      const verdict = garbled.found.isMisread ? 'utf-8' : judgeTwoBytes(twoBytes.found, isMarked)
      const isUtf8Text = verdict === 'utf-8' || verdict === 'doubtful'
      const isRead =
        !isDoubtful(scanner.found) &&
        isUtf8Text &&
        cutter.cut(nothing, 0, true) &&
        cutter.count().rowsRead > 0
      if (hasEndMark === true) cutter.countEndMark()
      const place = { file: file.path, ...atOffset(garbled.found.first) }
      const doubts = twoByteFaults(verdict, twoBytes.found, file.path)
      walk.headers.splice(warningsBefore, 0, ...garbledFault(garbled.found, place), ...doubts)
      return isRead
    },
    count: cutter.count,
  }
}

const nothing = Buffer.alloc(0)

function isDoubtful({ undecodable, nul, strayBom }: Readonly<Scan>): boolean {
  return [undecodable, nul, strayBom].some((at) => at !== undefined)
}
