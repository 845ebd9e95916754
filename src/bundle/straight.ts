/**
 * The straight way through a bundle: one walk that makes COPY text of the bytes as they come, as long as there is
 * nothing to refuse. At the first sign of an error anywhere it is given up, with all that it gave, for the careful way
 * (validate.ts) to tell what is wrong; so it has no findings but warnings, and then the same ones.
 */
import { buildCellMaker, type CellMaker, makesNothing } from './cell-makers.ts'
import { buildCopyWriter } from './copy-writer.ts'
import { buildBlock } from './csv-block.ts'
import { inPieces } from './csv-rows.ts'
import { buildScanner, mayBeUtf8, type Scan } from './encoding.ts'
import { buildKeyScreen } from './key-screen.ts'
import { buildRowReader } from './row-reader.ts'
import { buildFileCutter, type Walk } from './straight-file.ts'
import { type FileCount, planBundle, type ValidateOptions } from './validate.ts'
import type { BundleFile } from './verify.ts'

/** The rows of a bag as COPY text. */
export interface CopyReading {
  readonly chunks: AsyncIterable<Uint8Array | string>
  /** What came of each file, once the chunks have been walked to their end; undefined where the way was given up. */
  readonly files: () => readonly FileCount[] | undefined
}

const nothing = Buffer.alloc(0)

/** Reads a bag that `verifyBag` has passed. Throws the signal's reason when aborted. */
export function readStraight(options: ValidateOptions): CopyReading {
  let files: FileCount[] | undefined
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const walk = buildWalk(options)
    const counts: FileCount[] = []
    for (const [index, file] of options.manifest.files.entries()) {
      const count = yield* walkFile(index, file, walk)
      if (count === undefined) return
      counts.push(count)
      walk.rowsBefore += count.rowsRead
    }
    const rest = walk.writer.take(true)
    if (rest !== undefined) yield rest
    if (await walk.keys.sift()) return
    for (const finding of [...walk.headers, ...walk.rows]) options.onFinding(finding)
    files = counts
  }
  return { chunks: chunks(), files: () => files }
}

function buildWalk(options: ValidateOptions): Walk {
  const plan = planBundle(options)
  const makers: CellMaker[] = []
  for (const { field, index, read, above } of plan.readers) {
    const upper = plan.readers.find((reader) => reader.index === above)
    const { missingValues } = options.contract
    // What depends on a code that itself depends on one is not plain to see.
    makers[index] =
      upper?.above === undefined
        ? buildCellMaker({ field, read, readAbove: upper?.read, missingValues })
        : makesNothing
  }
  return {
    options,
    plan,
    makers,
    reader: buildRowReader(plan),
    writer: buildCopyWriter(),
    keys: buildKeyScreen(),
    block: buildBlock(plan.fields.length),
    headers: [],
    rows: [],
    errors: 0,
    ready: [],
    rowsBefore: 0,
  }
}

/** Gives the rows of a file, and its count; undefined where the way is given up. */
async function* walkFile(
  index: number,
  file: BundleFile,
  walk: Walk,
): AsyncGenerator<Uint8Array, FileCount | undefined> {
  // A workbook's rows are no bytes of the file.
  if (file.sheet !== undefined || !mayBeUtf8(file.encoding)) return undefined
  const { bag, signal, onProgress } = walk.options
  const scanner = buildScanner('utf-8')
  const cutter = buildFileCutter(index, file, walk)
  for await (const piece of inPieces(bag.read(file.path), 0)) {
    signal?.throwIfAborted()
    scanner.take(piece)
    // Less than four bytes don't tell yet how the file begins.
    if (isDoubtful(scanner.found) || scanner.found.bytes === 0) return undefined
    if (!cutter.cut(piece, scanner.found.bomBytes, false)) return undefined
    for (const chunk of walk.ready.splice(0)) yield chunk
    onProgress?.({ file: file.path, rows: cutter.count().rowsRead })
  }
  scanner.end()
  if (isDoubtful(scanner.found) || !cutter.cut(nothing, 0, true)) return undefined
  for (const chunk of walk.ready.splice(0)) yield chunk
  return cutter.count().rowsRead === 0 ? undefined : cutter.count()
}

function isDoubtful({ undecodable, nul, strayBom }: Readonly<Scan>): boolean {
  return undecodable !== undefined || nul !== undefined || strayBom !== undefined
}
