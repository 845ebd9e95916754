/**
 * The straight way through a bundle: one walk that makes COPY text of the bytes as they come, as long as there is
 * nothing to refuse. At the first sign of an error anywhere it is given up, with all that it gave, for the careful way
 * (validate.ts) to tell what is wrong; so it has no findings but warnings, and then the same ones.
 */
import type { Finding } from '../base/finding.ts'
import { buildCellMaker, type CellMaker } from './cell-makers.ts'
import type { Repair } from './codes.ts'
import { buildCopyWriter, type CopyWriter } from './copy-writer.ts'
import { buildLine, isBlankLine, scanLine, textsOf } from './csv-line.ts'
import { decoderOf, inPieces } from './csv-rows.ts'
import { buildScanner, mayBeUtf8, type Scan } from './encoding.ts'
import { mapHeaders } from './headers.ts'
import { buildKeyScreen, type KeyScreen } from './key-screen.ts'
import { buildRowMaker, type RowMaker } from './row-maker.ts'
import type { RowPlan } from './row-plan.ts'
import { buildRowReader, type OpenFile, type RowReader, type RowValues } from './row-reader.ts'
import { type FileCount, planBundle, type ValidateOptions } from './validate.ts'
import type { BundleFile } from './verify.ts'

/** The rows of a bag as COPY text. */
export interface CopyReading {
  readonly chunks: AsyncIterable<Uint8Array | string>
  /** What came of each file, once the chunks have been walked to their end; undefined where the way was given up. */
  readonly files: () => readonly FileCount[] | undefined
}

/** What the files of a bundle share on the way. */
interface Walk {
  readonly options: ValidateOptions
  readonly plan: RowPlan
  readonly reader: RowReader
  readonly makers: readonly CellMaker[]
  readonly writer: CopyWriter
  readonly keys: KeyScreen
  /** Warnings, told once the way has been gone to its end: those of all headers before those of rows. */
  readonly headers: Finding[]
  readonly rows: Finding[]
  errors: number
  /** Chunks that are ready. */
  readonly ready: Uint8Array[]
  /** Rows of the files before. */
  rowsBefore: number
}

/** Warnings about rows that are held back until the end; a bundle with more goes the careful way. */
const heldBackMax = 10_000

const decode = decoderOf({ encoding: 'utf-8' })
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
    if (await walk.keys.mayBeDoubled()) return
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
    // What depends on a code that itself depends on one is not plain to see.
    const never: CellMaker = () => undefined
    const { missingValues } = options.contract
    makers[index] =
      upper?.above === undefined
        ? buildCellMaker({ field, read, readAbove: upper?.read, missingValues })
        : never
  }
  return {
    options,
    plan,
    makers,
    reader: buildRowReader(plan),
    writer: buildCopyWriter(),
    keys: buildKeyScreen(),
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
  if (!mayBeUtf8(file.encoding)) return undefined
  const { bag, signal, onProgress } = walk.options
  const scanner = buildScanner('utf-8')
  const state = buildFileState(index, file, walk)
  for await (const piece of inPieces(bag.read(file.path), 0)) {
    signal?.throwIfAborted()
    scanner.take(piece)
    const isFine = !isDoubtful(scanner.found) && state.cut(piece, scanner.found, false)
    if (!isFine) return undefined
    for (const chunk of walk.ready.splice(0)) yield chunk
    onProgress?.({ file: file.path, rows: state.count().rowsRead })
  }
  scanner.end()
  if (isDoubtful(scanner.found) || !state.cut(nothing, scanner.found, true)) return undefined
  for (const chunk of walk.ready.splice(0)) yield chunk
  return state.count().rowsRead === 0 ? undefined : state.count()
}

function isDoubtful({ undecodable, nul, strayBom }: Readonly<Scan>): boolean {
  return undecodable !== undefined || nul !== undefined || strayBom !== undefined
}

interface FileState {
  /** Takes the rows that have come to their end; false where the way is to be given up. */
  readonly cut: (piece: Buffer, found: Readonly<Scan>, last: boolean) => boolean
  readonly count: () => FileCount
}

function buildFileState(index: number, file: BundleFile, walk: Walk): FileState {
  const { options, reader, writer, keys, plan } = walk
  const { rowsMax, fieldBytesMax } = options.limits
  const line = buildLine(file.delimiter, fieldBytesMax)
  const repairs: Partial<Record<Repair, number>> = {}
  const note = (repair: Repair) => {
    repairs[repair] = (repairs[repair] ?? 0) + 1
  }
  let held: Buffer = nothing
  let heldAt = 0
  let row = 0
  let rowsRead = 0
  let isBlankBefore = false
  let open: OpenFile | undefined
  let maker: RowMaker | undefined
  const offsetOf = (column: number) => heldAt + (line.starts[column] ?? 0)

  function takeHeader(): boolean {
    const cells = textsOf(line, held, decode)
    if (line.misplaced >= 0) return false
    const { map, findings } = mapHeaders(cells, options.contract, file.path, offsetOf)
    if (map === undefined) return false
    walk.headers.push(...findings)
    const above = plan.fields.map((_, n) => plan.readers.find((one) => one.index === n)?.above ?? -1)
    maker = buildRowMaker({ ...plan, makers: walk.makers, above, map })
    const report = (finding: Finding) => {
      if (finding.severity === 'error') walk.errors += 1
      walk.rows.push(finding)
    }
    open = { path: file.path, map, offsetOf, note, report, errors: () => walk.errors }
    return true
  }

  function takeRow(start: number): boolean {
    if (maker?.make(line, held)) {
      writer.begin(index, row)
      maker.write(held, writer, keys)
      for (const repair of maker.repairs()) note(repair)
    } else {
      if (isBlankLine(line, held, decode)) {
        isBlankBefore = true
        return true
      }
      const values = readWithCare(start)
      if (values === undefined) return false
      writer.begin(index, row)
      writeValues(values, walk)
    }
    // What comes after the last row that holds anything is borne, and nothing before it.
    if (isBlankBefore) return false
    writer.endRow()
    if (plan.keyIndexes.length > 0) keys.endKey()
    const chunk = writer.take(false)
    if (chunk !== undefined) walk.ready.push(chunk)
    rowsRead = row - 1
    return true
  }

  function readWithCare(start: number): RowValues | undefined {
    if (open === undefined) return undefined
    const { width, misplaced } = line
    const place = { row, byteOffset: heldAt + start, width }
    const cells = textsOf(line, held, decode)
    const values = reader.read({ row: misplaced < 0 ? place : { ...place, misplaced }, cells }, open)
    return walk.rows.length > heldBackMax ? undefined : values
  }

  function cut(piece: Buffer, found: Readonly<Scan>, last: boolean): boolean {
    held = held.length === 0 ? piece : Buffer.concat([held, piece])
    // The first bytes have to be seen before anything is made of them.
    if (found.bytes === 0) return true
    let start = row === 0 && heldAt === 0 ? found.bomBytes : 0
    while (start < held.length) {
      const next = scanLine(line, held, start, last)
      if (line.fault !== undefined) return false
      if (next < 0) break
      row += 1
      if (walk.rowsBefore + row - 1 > rowsMax) return false
      if (!(row === 1 ? takeHeader() : takeRow(start))) return false
      start = next
    }
    held = held.subarray(start)
    heldAt += start
    return true
  }
  const count = (): FileCount => ({
    file: file.path,
    digest: file.digest,
    rowsRead,
    rowsTaken: rowsRead,
    rowsRefused: 0,
    repairs: { ...repairs },
    unreadable: false,
  })
  return { cut, count }
}

/** Writes what the careful reader has made of a row, and its key. */
function writeValues(values: RowValues, { plan, writer, keys }: Walk): void {
  const bytes = values.map((value) => (value === null ? null : Buffer.from(value)))
  for (const value of bytes) writer.value(value ?? nothing, 0, value?.length ?? 0)
  for (const index of plan.keyIndexes) {
    const value = bytes[index] ?? null
    keys.take(value, 0, value?.length ?? 0)
  }
}
