/**
 * Reads the rows of a verified bag under its contract. Three walks over each file: its bytes decide the encoding, its
 * keys tell whether rows are doubled and its lines whether it can be read to the end; only then rows are given out. So
 * no row with an error is ever given, nor any of a file that is broken somewhere; and memory holds no rows, only eight
 * bytes of each key. Where keys may be doubled, one more walk finds which.
 */
import type { Digest } from '../base/digest.ts'
import { columnLetters, type Finding } from '../base/finding.ts'
import { type Contract, type Contracts, intakeKey, partsOf } from '../contract/index.ts'
import type { Bag } from './bag.ts'
import type { Repair } from './codes.ts'
import { buildCsvReader, type CsvReader, type CsvRow } from './csv-rows.ts'
import { inspectText, type TextShape } from './encoding.ts'
import { faultAt } from './faults.ts'
import { type HeaderMap, mapHeaders } from './headers.ts'
import { buildKeyIndex, type KeyIndex } from './key-index.ts'
import { buildKeyScreen, type KeyScreen } from './key-screen.ts'
import type { BundleLimits } from './limits.ts'
import { planRows, type RowPlan } from './row-plan.ts'
import { buildRowReader, type OpenFile, type RowReader, type RowTexts, type RowValues } from './row-reader.ts'
import type { BundleFile, BundleManifest } from './verify.ts'

/** A row that may be taken: canonical texts or null, in the order of `intakeFields(contract)`. */
export interface TakenRow {
  /** Index of the file in the manifest. */
  readonly file: number
  readonly row: number
  readonly values: RowValues
}

export type RowBatch = readonly TakenRow[]

export interface FileCount {
  readonly file: string
  readonly digest: Digest
  readonly rowsRead: number
  readonly rowsTaken: number
  readonly rowsRefused: number
  readonly repairs: Readonly<Record<string, number>>
  /** The file could not be read to its end, or not at all: no tolerance covers that, and none of its rows is taken. */
  readonly unreadable: boolean
}

export interface Progress {
  readonly file: string
  /** Rows of the file read so far. */
  readonly rows: number
}

export interface ValidateOptions {
  readonly bag: Bag
  readonly manifest: BundleManifest
  readonly contract: Contract
  readonly contracts: Pick<Contracts, 'codes'>
  readonly limits: BundleLimits
  /** The day, `YYYY-MM-DD`, on which codes must be valid: the last of the edition's period. */
  readonly editionDay: string
  readonly onFinding: (finding: Finding) => void
  readonly onProgress?: (progress: Progress) => void
  readonly signal?: AbortSignal
}

/** The rows that may be taken, in order; and, once they have been walked to the end, what came of each file. */
export interface RowReading extends AsyncIterable<RowBatch> {
  readonly counts: () => readonly FileCount[]
}

/** Plans the rows of a bundle: those of its contract, in the share of its provider. */
export function planBundle({ contract, contracts, editionDay, manifest }: ValidateOptions): RowPlan {
  const part = partsOf(contract).find(({ provider }) => provider === manifest.provider)
  return planRows({ contract, contracts, editionDay, part })
}

/** Rows in a batch: enough that each costs nothing, few enough to hold. */
const batchRows = 1000

/** What each step of a validation works with. */
interface Walk {
  readonly options: ValidateOptions
  readonly reader: RowReader
  readonly screen: KeyScreen
  readonly keys: KeyIndex
  readonly states: readonly FileState[]
}

/** What becomes of a file on its way. */
interface FileState {
  readonly file: BundleFile
  readonly index: number
  /** Ordinal of its first row, the one below the header, among those of the bundle; the first of all is 0. */
  first: number
  shape?: TextShape
  map?: HeaderMap
  rowsRead: number
  rowsTaken: number
  readonly repairs: Partial<Record<Repair, number>>
  unreadable: boolean
}

/**
 * Validates a bag that `verifyBag` has passed. Findings go to `onFinding` as they are found; whether they are borne
 * is the caller's to decide. Throws the signal's reason when aborted.
 */
export function validateBag(options: ValidateOptions): RowReading {
  const states = options.manifest.files.map(
    (file, index): FileState => ({
      file,
      index,
      first: 0,
      rowsRead: 0,
      rowsTaken: 0,
      repairs: {},
      unreadable: false,
    }),
  )
  let done = false
  async function* batches(): AsyncGenerator<RowBatch> {
    const reader = buildRowReader(planBundle(options))
    const walk: Walk = { options, reader, screen: buildKeyScreen(), keys: buildKeyIndex(), states }
    let rows = 0
    for (const state of states) {
      state.first = rows
      await survey(state, walk)
      rows += state.rowsRead
    }
    const tooMany = rows > options.limits.rowsMax
    if (!tooMany && (await walk.screen.sift())) for (const state of states) await collectKeys(state, walk)
    if (tooMany) options.onFinding(faultAt('too-many-rows', { expected: `≤ ${options.limits.rowsMax}` }))
    for (const state of states) {
      if (tooMany) state.unreadable = true
      else yield* readFile(state, walk)
    }
    done = true
  }
  return {
    [Symbol.asyncIterator]: batches,
    counts: () => {
      if (!done) throw new Error('The rows of the bundle have not been read to the end.')
      return states.map(countOf)
    },
  }
}

function countOf({ file, rowsRead, rowsTaken, repairs, unreadable }: FileState): FileCount {
  const rowsRefused = rowsRead - rowsTaken
  return {
    file: file.path,
    digest: file.digest,
    rowsRead,
    rowsTaken,
    rowsRefused,
    repairs: { ...repairs },
    unreadable,
  }
}

/** Decides the encoding, maps the header, collects the keys, and finds out whether the file ends well. */
async function survey(state: FileState, { options, reader, screen }: Walk): Promise<void> {
  const { bag, limits } = options
  const path = state.file.path
  const { shape, findings } = await inspectText(() => bag.read(path), path, state.file.encoding)
  for (const finding of findings) options.onFinding(finding)
  state.unreadable = shape === undefined
  if (shape === undefined) return
  state.shape = shape
  const csv = openCsv(state, shape, options)
  let wanted: readonly number[] = []
  for await (const group of csv.groups()) {
    options.signal?.throwIfAborted()
    for (const row of group) {
      if (row.row === 1) {
        readHeader(row, state, csv, options)
        if (state.map !== undefined) wanted = reader.keyColumns(state.map)
      } else if (!csv.isBlank()) {
        state.rowsRead = row.row - 1
        const key = state.map === undefined ? undefined : reader.keyOf(only(wanted, row, csv), state.map)
        if (key !== undefined) screenKey(key, screen)
      }
      // Rows beyond the limit are not even counted to their end.
      if (state.first + row.row - 1 > limits.rowsMax) {
        state.rowsRead = row.row - 1
        return
      }
    }
  }
  const fault = csv.fault()
  if (fault !== undefined) {
    const { check, row, column, byteOffset } = fault
    options.onFinding(faultAt(check, { file: path, row, cell: `${columnLetters(column)}${row}`, byteOffset }))
    state.unreadable = true
  } else if (state.map !== undefined && state.rowsRead === 0) {
    options.onFinding(faultAt('rows-missing', { file: path }))
    state.unreadable = true
  }
}

function screenKey(key: string, screen: KeyScreen): void {
  const bytes = Buffer.from(key)
  screen.take(bytes, 0, bytes.length)
  screen.endKey()
}

/** Collects the keys that may be doubled, with where they stand: of most bundles that are refused, a few. */
async function collectKeys(state: FileState, { options, reader, screen, keys }: Walk): Promise<void> {
  const { shape, map } = state
  if (shape === undefined || map === undefined) return
  const csv = openCsv(state, shape, options)
  const wanted = reader.keyColumns(map)
  for await (const group of csv.groups()) {
    options.signal?.throwIfAborted()
    for (const row of group) {
      if (row.row === 1 || csv.isBlank()) continue
      const key = reader.keyOf(only(wanted, row, csv), map)
      if (key === undefined || !screen.mayBeDoubled(Buffer.from(key))) continue
      keys.add(key, state.first + row.row - 2)
    }
  }
}

function readHeader(row: CsvRow, state: FileState, csv: CsvReader, options: ValidateOptions): void {
  const file = state.file.path
  if (row.misplaced !== undefined) {
    options.onFinding(faultAt('quote-misplaced', { file, row: 1, byteOffset: csv.offsetOf(row.misplaced) }))
    state.unreadable = true
    return
  }
  const { map, findings } = mapHeaders(csv.cells(), options.contract, file, csv.offsetOf)
  for (const finding of findings) options.onFinding(finding)
  if (map === undefined) state.unreadable = true
  else state.map = map
}

function openCsv(state: FileState, shape: TextShape, { bag, limits }: ValidateOptions): CsvReader {
  const { path, delimiter } = state.file
  return buildCsvReader(bag.read(path), { ...shape, delimiter, fieldBytesMax: limits.fieldBytesMax })
}

/** The texts of a row at some columns alone. */
function only(columns: readonly number[], row: CsvRow, csv: CsvReader): RowTexts {
  const cells: string[] = []
  for (const column of columns) cells[column] = csv.cell(column)
  return { row, cells }
}

function openFile(state: FileState, map: HeaderMap, csv: CsvReader, options: ValidateOptions): OpenFile {
  let errors = 0
  return {
    path: state.file.path,
    map,
    offsetOf: csv.offsetOf,
    note: (repair) => {
      state.repairs[repair] = (state.repairs[repair] ?? 0) + 1
    },
    report: (finding) => {
      if (finding.severity === 'error') errors += 1
      options.onFinding(finding)
    },
    errors: () => errors,
  }
}

/** Gives the rows of a file. Of one that is known to be broken later on, findings are told and no row is given. */
async function* readFile(state: FileState, walk: Walk): AsyncGenerator<RowBatch> {
  const { options, reader } = walk
  const { shape, map, file } = state
  if (shape === undefined || map === undefined) return
  const csv = openCsv(state, shape, options)
  const open = openFile(state, map, csv, options)
  let batch: TakenRow[] = []
  let rowsSeen = 0
  for await (const group of csv.groups()) {
    options.signal?.throwIfAborted()
    for (const row of group) {
      // What comes after the last row that holds anything is borne.
      if (row.row === 1 || row.row > state.rowsRead + 1) continue
      rowsSeen = row.row - 1
      if (csv.isBlank()) {
        open.report(faultAt('row-blank', { file: file.path, row: row.row, byteOffset: row.byteOffset }))
        continue
      }
      const texts = { row, cells: csv.cells() }
      const values = reader.read(texts, open)
      const doubled = reportDoubled(texts, open, state, walk)
      if (values === undefined || doubled || state.unreadable) continue
      batch.push({ file: state.index, row: row.row, values })
      state.rowsTaken += 1
      if (batch.length < batchRows) continue
      yield batch
      batch = []
    }
    options.onProgress?.({ file: file.path, rows: rowsSeen })
  }
  if (batch.length > 0) yield batch
}

/** Tells of a row whose key another has, and where the first of them stands. */
function reportDoubled(texts: RowTexts, open: OpenFile, state: FileState, walk: Walk): boolean {
  const { row } = texts
  const { keys, reader, states, options } = walk
  if (!keys.anyDoubled()) return false
  const key = reader.keyOf(texts, open.map)
  const ordinal = key === undefined ? undefined : keys.firstOfDoubled(key)
  if (ordinal === undefined) return false
  const home = states.findLast(({ first }) => first <= ordinal) ?? state
  const homeRow = ordinal - home.first + 2
  const where = home === state && homeRow === row.row ? '' : ` (${home.file.path}: ${homeRow})`
  const expected = `${intakeKey(options.contract).join(' + ')}${where}`
  open.report(faultAt('key-doubled', { ...reader.keyPlace(row, open), expected }))
  return true
}
