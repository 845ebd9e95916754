/**
 * Validates the rows of a verified bag under its contract in three passes over each file. The first finds the
 * encoding; the second finds duplicate keys and whether the file is readable to its end; the third yields
 * rows. So no row with an error is ever yielded, nor any row of a broken file, and memory holds no rows, only
 * eight bytes per key. If keys may be duplicates, one more pass finds which.
 */

import { intakeKey, partsOf } from '../../../contract/index.ts'
import { atOffset, type HeaderMap } from '../../core/cells/map-headers.ts'
import type { Repair } from '../../core/cells/read-code.ts'
import { planRows, type RowPlan } from '../../core/cells/row-plan.ts'
import { buildRowReader, type OpenFile, type RowTexts, type RowValues } from '../../core/cells/row-reader.ts'
import type { TableRow } from '../../core/cells/table-row.ts'
import { faultAt } from '../../core/findings/checks.ts'
import type { FileCount } from '../../core/findings/file-count.ts'
import { buildDuplicateFilter } from './duplicate-filter.ts'
import { countFindings, countOf, type FileState } from './file-state.ts'
import { buildKeyIndex } from './key-index.ts'
import { bundleWarnings, derivedFault } from './row-derivation.ts'
import { collectKeys, isNote, survey } from './survey.ts'
import type { TableReader } from './table.ts'
import type { ValidateOptions, Walk } from './walk.ts'

/** An accepted row: canonical texts or null, in the order of `intakeFields(contract)`. */
interface AcceptedRow {
  /** Index of the file in the manifest. */
  readonly file: number
  readonly row: number
  readonly values: RowValues
}

export type RowBatch = readonly AcceptedRow[]

/** The accepted rows, in order; and, once they have been iterated to the end, the result of each file. */
interface RowValidation extends AsyncIterable<RowBatch> {
  readonly counts: () => readonly FileCount[]
}

/** Plans the rows of a bundle: those of its contract, in the share of its provider. */
export function planBundle({ contract, contracts, editionDay, manifest }: ValidateOptions): RowPlan {
  const part = partsOf(contract).find(({ provider }) => provider === manifest.provider)
  return planRows({ contract, contracts, editionDay, part })
}

/** Rows in a batch: large enough to make the cost per row small, small enough for memory. */
const batchRows = 1000

/**
 * Validates a bag that passed `verifyBag`. Findings go to `onFinding` as they are found; the caller decides
 * whether they are tolerated. Throws the signal's reason when aborted.
 */
export function validateBag(options: ValidateOptions): RowValidation {
  const states = options.manifest.files.map(
    (file, index): FileState => ({
      file,
      index,
      first: 0,
      headerRows: 1,
      rowsRead: 0,
      rowsTaken: 0,
      notes: 0,
      rowsChecked: 0,
      repairs: {},
      unreadable: false,
    }),
  )
  let done = false
  async function* batches(): AsyncGenerator<RowBatch> {
    const reader = buildRowReader(planBundle(options))
    const { onFinding, isEnough } = countFindings(options, states)
    const [filter, keys] = [buildDuplicateFilter(), buildKeyIndex()]
    const part = options.derive?.open()
    const walk: Walk = { options: { ...options, onFinding }, reader, filter, keys, states, part, isEnough }
    try {
      yield* walkFiles(walk)
      // Of a bundle that was not read to its end, the counts would show what is missing only.
      if (options.derive !== undefined && part !== undefined && !states.some(({ unreadable }) => unreadable))
        if (!isEnough()) for (const finding of bundleWarnings(options.derive, part)) onFinding(finding)
    } finally {
      for (const { table } of states) await table?.close()
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

async function* walkFiles(walk: Walk): AsyncGenerator<RowBatch> {
  const { options, states, filter } = walk
  let rows = 0
  for (const state of states) {
    state.first = rows
    await survey(state, walk)
    rows += state.rowsRead
  }
  const tooMany = rows > options.limits.rowsMax
  if (!tooMany && (await filter.mayHaveDuplicates()))
    for (const state of states) await collectKeys(state, walk)
  if (tooMany) options.onFinding(faultAt('too-many-rows', { expected: `≤ ${options.limits.rowsMax}` }))
  for (const state of states) {
    if (tooMany) state.unreadable = true
    // Only rows that were checked count as read.
    else if (walk.isEnough()) state.rowsRead = 0
    else yield* readFile(state, walk)
  }
}

/** A file whose rows are read, with the corrections made in the current row. */
interface ReadFile {
  readonly open: OpenFile
  /** Counts the corrections of the current row, which is accepted. */
  readonly countRepairs: () => void
  readonly dropRepairs: () => void
}

function openFile(state: FileState, map: HeaderMap, rows: TableReader, options: ValidateOptions): ReadFile {
  let errors = 0
  let corrected: Repair[] = []
  const open: OpenFile = {
    path: state.file.path,
    map,
    delimiter: state.table?.delimiter,
    offsetOf: rows.offsetOf,
    ...(rows.kindOf === undefined ? {} : { kindOf: rows.kindOf }),
    onRepair: (repair) => void corrected.push(repair),
    report: (finding) => {
      if (finding.severity === 'error') errors += 1
      options.onFinding(finding)
    },
    errors: () => errors,
  }
  const dropRepairs = () => {
    if (corrected.length > 0) corrected = []
  }
  const countRepairs = () => {
    for (const repair of corrected) state.repairs[repair] = (state.repairs[repair] ?? 0) + 1
  }
  return { open, countRepairs, dropRepairs }
}

/** Yields the rows of a file; for a file known to be broken later on, reports findings but yields no row. */
async function* readFile(state: FileState, walk: Walk): AsyncGenerator<RowBatch> {
  const { options, reader } = walk
  const { table, map, file } = state
  if (table === undefined || map === undefined) return
  const rows = table.read(map)
  const { open, countRepairs, dropRepairs } = openFile(state, map, rows, options)
  let batch: AcceptedRow[] = []
  for await (const group of rows.groups()) {
    options.signal?.throwIfAborted()
    for (const row of group) {
      // Blank rows at the end are tolerated.
      if (row.row <= state.headerRows || row.row > state.rowsRead + state.headerRows) continue
      if (walk.isEnough()) {
        const last = state.rowsChecked + state.headerRows
        options.onFinding(faultAt('validation-stopped', { file: file.path, row: last }))
        state.rowsRead = state.rowsChecked
        if (batch.length > 0) yield batch
        return
      }
      state.rowsChecked = row.row - state.headerRows
      if (isNote(state, rows, walk)) {
        state.notes += 1
        continue
      }
      if (rows.isBlank()) {
        open.report(faultAt('row-blank', { file: file.path, row: row.row, ...atOffset(row.byteOffset) }))
        continue
      }
      const texts = { row, cells: rows.cells() }
      dropRepairs()
      const values = reader.read(texts, open)
      const isDuplicate = reportDuplicate(texts, open, state, walk)
      if (values === undefined || isDuplicate || state.unreadable) continue
      if (!deriveRow(values, row, open, state, walk)) continue
      countRepairs()
      if (walk.part !== undefined) {
        state.rowsTaken += 1
        continue
      }
      batch.push({ file: state.index, row: row.row, values })
      state.rowsTaken += 1
      if (batch.length < batchRows) continue
      yield batch
      batch = []
    }
    options.onProgress?.({ file: file.path, rows: state.rowsChecked })
  }
  if (batch.length > 0) yield batch
}

/** Passes a row to the derivation, if there is one. Returns whether the row is accepted. */
function deriveRow(
  values: RowValues,
  row: TableRow,
  open: OpenFile,
  { file: { path } }: FileState,
  { part, options: { derive }, reader: { fields } }: Walk,
): boolean {
  if (part === undefined || derive === undefined) return true
  const { kindOf, map } = open
  const origin = { file: path, row: row.row }
  // The derivation counts fields, the table counts columns.
  const kindOfField = (field: number) => kindOf?.(map.columnOf[field] ?? -1) ?? 'text'
  return part.add(values, kindOf === undefined ? origin : { ...origin, kindOf: kindOfField }, (...fault) =>
    open.report(derivedFault(derive, fault, row, open, fields)),
  )
}

/** Reports a row whose key another row has, with the place of the first of them. */
function reportDuplicate(texts: RowTexts, open: OpenFile, state: FileState, walk: Walk): boolean {
  const { row } = texts
  const { keys, reader, states, options } = walk
  if (!keys.hasDuplicates()) return false
  const key = reader.keyOf(texts, open.map)
  const ordinal = key === undefined ? undefined : keys.firstOfDuplicates(key)
  if (ordinal === undefined) return false
  const firstState = states.findLast(({ first }) => first <= ordinal) ?? state
  const firstRowNumber = ordinal - firstState.first + firstState.headerRows + 1
  const where =
    firstState === state && firstRowNumber === row.row ? '' : ` (${firstState.file.path}: ${firstRowNumber})`
  const expected = `${intakeKey(options.contract).join(' + ')}${where}`
  open.report(faultAt('key-doubled', { ...reader.keyPlace(row, open), expected }))
  return true
}
