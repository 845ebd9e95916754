/**
 * The strict reader of one row: converts cells to canonical texts, then applies constraints and the
 * contract's checks. Reports every error with its cell, never a value; a row with an error yields nothing.
 */

import { buildRowValidator, type Field } from '../../../contract/index.ts'
import type { CellKind } from '../../../derivations/index.ts'
import { controlCharacterIn } from '../../../platform/control-characters.ts'
import type { Finding } from '../../../platform/finding.ts'
import { columnLetters, type Severity } from '../../../platform/finding.ts'
import { type FindingPosition, faultAt } from '../findings/checks.ts'
import { foldKey } from './fold-key.ts'
import { atOffset, type HeaderMap } from './map-headers.ts'
import { isFreeText } from './read-cell.ts'
import type { CellFault, OnRepair } from './read-code.ts'
import type { FieldReader, RowPlan } from './row-plan.ts'
import type { TableCell, TableRow } from './table-row.ts'

export type RowValues = readonly (string | null)[]

/** A file whose header is known. */
export interface OpenFile {
  readonly path: string
  readonly map: HeaderMap
  readonly offsetOf: (column: number) => number | undefined
  /** Separates the cells of a text file. */
  readonly delimiter?: string | undefined
  /** The kind of a cell of the current row; absent if all cells are texts. */
  readonly kindOf?: (column: number) => CellKind
  readonly onRepair: OnRepair
  readonly report: (finding: Finding) => void
  /** How many errors have been reported for the file. */
  readonly errors: () => number
}

/** A row with the texts that were requested; the others may be absent. */
export interface RowTexts {
  readonly row: TableRow
  readonly cells: readonly (TableCell | undefined)[]
}

export interface RowReader {
  readonly fields: readonly Field[]
  /** The columns that `keyOf` needs. */
  readonly keyColumns: (map: HeaderMap) => readonly number[]
  /** The key of a row as one text; undefined if the row has none. Reports nothing. */
  readonly keyOf: (texts: RowTexts, map: HeaderMap) => string | undefined
  /** The values of a row in the order of the fields, or undefined if it has an error. */
  readonly read: (texts: RowTexts, file: OpenFile) => RowValues | undefined
  /** The place for a finding about the whole key. */
  readonly keyPlace: (row: TableRow, file: OpenFile) => FindingPosition
}

const silent: OnRepair = () => {}

/** Builds the reader of a contract's rows. */
export function buildRowReader({
  fields,
  readers,
  keyIndexes,
  checks,
  noRecord,
  coordinates,
}: RowPlan): RowReader {
  const keyReaders = readers.filter(({ index }) => neededFor(keyIndexes, readers).has(index))
  const validate = buildRowValidator(fields)
  const freeTexts = fields.flatMap((field, index) => (isFreeText(field) ? [index] : []))

  function keyOf({ row, cells }: RowTexts, map: HeaderMap): string | undefined {
    if (keyIndexes.length === 0) return undefined
    if (row.misplaced !== undefined || row.width < map.columns.length) return undefined
    const values = new Array<string | null>(fields.length).fill(null)
    if (readCells(keyReaders, cells, map, values, silent) !== undefined) return undefined
    return keyIndexes.map((index) => keyPart(values[index] ?? null)).join('')
  }

  function read(texts: RowTexts, file: OpenFile): RowValues | undefined {
    const held: Finding[] = []
    let errors = 0
    const report = (finding: Finding) => {
      if (finding.severity === 'error') errors += 1
      held.push(finding)
    }
    const values = readRecord(texts, { ...file, report, errors: () => errors })
    const found = texts.row.misplaced === undefined ? findNoRecord(texts, values, file) : undefined
    if (found === undefined) for (const finding of held) file.report(finding)
    else file.report(found)
    return found === undefined ? values : undefined
  }

  function findNoRecord({ row, cells }: RowTexts, values: RowValues | undefined, file: OpenFile) {
    const texts = cells.map((cell) => (typeof cell === 'string' ? cell : undefined))
    const { map, delimiter } = file
    const found = noRecord.find({ texts, map, values, delimiter, isRow: (own) => isRow(own, map) })
    if (found === undefined) return undefined
    const place = { file: file.path, row: row.row, ...atOffset(row.byteOffset) }
    return faultAt(found.check, found.field === undefined ? place : placeOf(row, file, fields, found.field))
  }

  function isRow(texts: readonly string[], map: HeaderMap): boolean {
    const values = new Array<string | null>(fields.length).fill(null)
    return readCells(readers, texts, map, values, silent) === undefined && validate(values).length === 0
  }

  function readRecord({ row, cells }: RowTexts, file: OpenFile): RowValues | undefined {
    const before = file.errors()
    if (!hasShape(row, cells, file)) return undefined
    const values = new Array<string | null>(fields.length).fill(null)
    for (const [index, { check, ...rest }] of readCells(readers, cells, file.map, values, file.onRepair) ??
      []) {
      file.report(faultAt(check, { ...placeOf(row, file, fields, index), ...rest }))
    }
    if (file.errors() > before) return undefined
    for (const { index, constraint, expected } of validate(values)) {
      const place = { ...placeOf(row, file, fields, index), expected: `${expected.zh} / ${expected.en}` }
      file.report(faultAt(constraintFault(constraint, index, values), place))
    }
    if (file.errors() > before) return undefined
    for (const index of freeTexts) {
      const found = controlCharacterIn(values[index] ?? '')
      if (found === undefined) continue
      const kind = found === 'U+FFFD' ? 'text-lost' : 'text-control'
      file.report(faultAt(kind, { ...placeOf(row, file, fields, index), expected: `≠ ${found}` }))
    }
    for (const check of checks) {
      const fault = check.run(values)
      if (fault === undefined) continue
      const index = fields.findIndex(({ name }) => name === fault.field)
      file.report(checkFinding(check, fault, placeOf(row, file, fields, index)))
    }
    return file.errors() > before ? undefined : values
  }

  /** A latitude over 90 beside a longitude below it: their columns are swapped. */
  function constraintFault(constraint: string, index: number, values: RowValues) {
    if (constraint === 'required') return 'required'
    if (index !== coordinates.latitude || coordinates.longitude < 0) return 'constraint'
    const [latitude, longitude] = [Number(values[index]), Number(values[coordinates.longitude] ?? 180)]
    return Math.abs(latitude) > 90 && Math.abs(longitude) <= 90 ? 'coordinates-swapped' : 'constraint'
  }

  function keyColumns(map: HeaderMap): readonly number[] {
    return keyReaders.flatMap(({ index }) => map.columnOf[index] ?? [])
  }
  const keyPlace = (row: TableRow, file: OpenFile) => placeOf(row, file, fields, keyIndexes[0] ?? 0)
  return { fields, keyColumns, keyOf, read, keyPlace }
}

/** Prefixes the length, so that different lists of values cannot give the same key. */
function keyPart(value: string | null): string {
  const folded = value === null ? null : foldKey(value)
  return folded === null ? '-' : `${folded.length}:${folded}`
}

/** The indexes of fields, and of those that they depend on. */
function neededFor(indexes: readonly number[], readers: readonly FieldReader[]): ReadonlySet<number> {
  const needed = new Set(indexes)
  // Readers come after those they depend on, so one backward pass finds all.
  for (const { index, above } of [...readers].reverse())
    if (needed.has(index) && above !== undefined) needed.add(above)
  return needed
}

/** Reads cells into values. Returns the errors by field, or undefined if there are none. */
function readCells(
  readers: readonly FieldReader[],
  cells: readonly (TableCell | undefined)[],
  map: HeaderMap,
  values: (string | null)[],
  onRepair: OnRepair,
): ReadonlyMap<number, CellFault> | undefined {
  let faults: Map<number, CellFault> | undefined
  for (const { index, read, above } of readers) {
    const column = map.columnOf[index]
    if (column === undefined) continue
    const known = above === undefined || faults?.has(above) === true ? undefined : (values[above] ?? null)
    const cell = cells[column] ?? ''
    const outcome = typeof cell === 'string' ? read(cell, known, onRepair) : cell
    if (outcome === null || typeof outcome === 'string') {
      values[index] = outcome
      continue
    }
    faults ??= new Map()
    faults.set(index, outcome)
  }
  return faults
}

/** Reports a row that lacks fields of its header, or has values without one. Returns whether it is fine. */
function hasShape(row: TableRow, cells: readonly (TableCell | undefined)[], file: OpenFile): boolean {
  const { columns } = file.map
  if (row.misplaced !== undefined)
    file.report(faultAt('quote-misplaced', cellPlace(row, file, row.misplaced)))
  else if (row.width < columns.length) {
    const place = { file: file.path, row: row.row, ...atOffset(row.byteOffset) }
    file.report(faultAt('row-short', { ...place, expected: `${columns.length}` }))
  } else if (row.width > columns.length && cells.slice(columns.length).some(holds)) {
    if (row.byteOffset === undefined) {
      // A sheet's rows have no fixed length, so only cells without a header are reported.
      const stray = columns.length + cells.slice(columns.length).findIndex(holds)
      file.report(faultAt('header-unnamed', cellPlace(row, file, stray)))
    } else {
      const place = cellPlace(row, file, columns.length)
      file.report(faultAt('row-long', { ...place, expected: `${columns.length}` }))
    }
  } else {
    const stray = columns.findIndex((column, n) => column === 'unnamed' && holds(cells[n]))
    if (stray < 0) return true
    file.report(faultAt('header-unnamed', cellPlace(row, file, stray)))
  }
  return false
}

/** Whether a cell holds more than blanks. */
function holds(cell: TableCell | undefined): boolean {
  return typeof cell === 'string' ? cell.trim() !== '' : cell !== undefined
}

function cellPlace(row: TableRow, file: OpenFile, column: number): FindingPosition {
  const cell = `${columnLetters(column)}${row.row}`
  return { file: file.path, row: row.row, cell, ...atOffset(file.offsetOf(column)) }
}

/** The place of a field's cell in a row. */
export function placeOf(
  row: TableRow,
  file: OpenFile,
  fields: readonly Field[],
  index: number,
): FindingPosition {
  const column = file.map.columnOf[index]
  const field = fields[index]?.name
  const base = { file: file.path, row: row.row, ...(field === undefined ? {} : { field }) }
  if (column === undefined) return { ...base, ...atOffset(row.byteOffset) }
  const header = file.map.headers[column] ?? ''
  return {
    ...base,
    cell: `${columnLetters(column)}${row.row}`,
    ...(header === '' ? {} : { header }),
    ...atOffset(file.offsetOf(column)),
  }
}

function checkFinding(
  { name, severity }: { readonly name: string; readonly severity: Severity },
  fault: { readonly expected: { zh: string; en: string }; readonly message: { zh: string; en: string } },
  place: FindingPosition,
): Finding {
  const { zh, en } = fault.expected
  const expected = zh === en ? zh : `${zh} / ${en}`
  return { check: name, severity, ...place, expected, message: fault.message.en, messageZh: fault.message.zh }
}
