/**
 * Reads one row of a file under a contract: cells to canonical texts, then constraints, then the contract's checks.
 * Reports every fault of the row with its cell, and never a value; a row with an error gives nothing.
 */

import type { Finding } from '../base/finding.ts'
import { columnLetters, type Severity } from '../base/finding.ts'
import { buildChecks } from '../checks/index.ts'
import {
  buildRowValidator,
  type CheckUse,
  type Contract,
  type Contracts,
  type Field,
  intakeFields,
  intakeKey,
  type Part,
} from '../contract/index.ts'
import { buildCellReader, type CellReader } from './cells.ts'
import type { CellFault, NoteRepair } from './codes.ts'
import type { CsvRow } from './csv-rows.ts'
import { faultAt, type Place } from './faults.ts'
import type { HeaderMap } from './headers.ts'

export type RowValues = readonly (string | null)[]

/** A file whose header is known. */
export interface OpenFile {
  readonly path: string
  readonly map: HeaderMap
  readonly offsetOf: (column: number) => number
  readonly note: NoteRepair
  readonly report: (finding: Finding) => void
}

export interface RowReader {
  readonly fields: readonly Field[]
  /** The key of a row, one text for each key; undefined where the row does not have one. Reports nothing. */
  readonly keyOf: (row: CsvRow, map: HeaderMap) => string | undefined
  /** The values of a row in the order of the fields, or undefined where it has an error. */
  readonly read: (row: CsvRow, file: OpenFile) => RowValues | undefined
  /** Where a finding about the key as a whole belongs. */
  readonly keyPlace: (row: CsvRow, file: OpenFile) => Place
}

export interface RowReaderOptions {
  readonly contract: Contract
  readonly contracts: Pick<Contracts, 'codes'>
  /** The day, `YYYY-MM-DD`, on which codes must be valid. */
  readonly editionDay: string
  readonly part?: Part | undefined
}

/** Separates the values of a key; no cell can hold it and be a key at the same time by chance. */
const keySeparator = '\u001f'
const silent: NoteRepair = () => {}

interface FieldReader {
  readonly field: Field
  readonly index: number
  readonly read: CellReader
  /** Index of the field that this one's codes depend on. */
  readonly above?: number
}

/** Builds the reader of a contract's rows. */
export function buildRowReader(options: RowReaderOptions): RowReader {
  const { contract } = options
  const fields = intakeFields(contract)
  const readers = fieldReaders(fields, options)
  const keyIndexes = intakeKey(contract).map((name) => fields.findIndex((field) => field.name === name))
  const keyReaders = readers.filter(({ index }) => neededFor(keyIndexes, readers).has(index))
  const validate = buildRowValidator(fields)
  const checks = buildChecks(checkUses(contract, options.part), { fields, part: options.part })

  function keyOf(row: CsvRow, map: HeaderMap): string | undefined {
    if (row.misplaced !== undefined || row.cells.length < map.columns.length) return undefined
    const values = new Array<string | null>(fields.length).fill(null)
    let whole = true
    readCells(keyReaders, row, map, values, silent, () => {
      whole = false
    })
    return whole ? keyIndexes.map((index) => values[index] ?? '\u0000').join(keySeparator) : undefined
  }

  function read(row: CsvRow, file: OpenFile): RowValues | undefined {
    let errors = 0
    const reportAt = (check: CellFault['check'], place: Place) => {
      errors += 1
      file.report(faultAt(check, place))
    }
    if (!hasShape(row, file, reportAt)) return undefined
    const values = new Array<string | null>(fields.length).fill(null)
    readCells(readers, row, file.map, values, file.note, (index, fault) => {
      const { check, ...rest } = fault
      reportAt(check, { ...placeOf(row, file, fields, index), ...rest })
    })
    if (errors > 0) return undefined
    for (const { index, constraint, expected } of validate(values)) {
      const place = { ...placeOf(row, file, fields, index), expected: `${expected.zh} / ${expected.en}` }
      reportAt(constraint === 'required' ? 'required' : 'constraint', place)
    }
    if (errors > 0) return undefined
    for (const check of checks) {
      const fault = check.run(values)
      if (fault === undefined) continue
      const index = fields.findIndex(({ name }) => name === fault.field)
      if (check.severity === 'error') errors += 1
      file.report(checkFinding(check, fault, placeOf(row, file, fields, index)))
    }
    return errors > 0 ? undefined : values
  }
  return { fields, keyOf, read, keyPlace: (row, file) => placeOf(row, file, fields, keyIndexes[0] ?? 0) }
}

/** In the order in which they can be read: a field after the one that its codes depend on. */
function fieldReaders(fields: readonly Field[], options: RowReaderOptions): readonly FieldReader[] {
  const { contract, contracts, editionDay } = options
  const all = fields.map((field, index): FieldReader => {
    const above = fields.findIndex(({ name }) => name === field.codesBy)
    const read = buildCellReader(field, contract, contracts, editionDay)
    return above < 0 ? { field, index, read } : { field, index, read, above }
  })
  const ordered: FieldReader[] = []
  const visit = (reader: FieldReader | undefined, depth: number): void => {
    if (reader === undefined || ordered.includes(reader)) return
    if (depth > fields.length) throw new Error('Fields of the contract depend on each other in a circle.')
    if (reader.above !== undefined) visit(all[reader.above], depth + 1)
    ordered.push(reader)
  }
  for (const reader of all) visit(reader, 0)
  return ordered
}

/** The indexes of fields, and of those that they depend on. */
function neededFor(indexes: readonly number[], readers: readonly FieldReader[]): ReadonlySet<number> {
  const needed = new Set(indexes)
  // Readers stand after what they depend on, so one walk backwards finds all.
  for (const { index, above } of [...readers].reverse())
    if (needed.has(index) && above !== undefined) needed.add(above)
  return needed
}

/** A part's scope holds whether or not the contract says so: nobody brings another's rows. */
function checkUses(contract: Contract, part: Part | undefined): readonly CheckUse[] {
  const uses = contract.checks ?? []
  const scoped = part?.scope !== undefined && !uses.some(({ check }) => check === 'part-scope')
  return scoped ? [...uses, { check: 'part-scope' }] : uses
}

function readCells(
  readers: readonly FieldReader[],
  row: CsvRow,
  map: HeaderMap,
  values: (string | null)[],
  note: NoteRepair,
  onFault: (index: number, fault: CellFault) => void,
): void {
  let faulty: Set<number> | undefined
  for (const { index, read, above } of readers) {
    const column = map.columnOf[index]
    if (column === undefined) continue
    const known = above === undefined || faulty?.has(above) === true ? undefined : (values[above] ?? null)
    const outcome = read(row.cells[column] ?? '', known, note)
    if (outcome === null || typeof outcome === 'string') {
      values[index] = outcome
      continue
    }
    faulty ??= new Set()
    faulty.add(index)
    onFault(index, outcome)
  }
}

/** Whether a row has the fields of its header, and nothing where the header has no name. */
function hasShape(
  row: CsvRow,
  file: OpenFile,
  report: (check: CellFault['check'], place: Place) => void,
): boolean {
  const { columns } = file.map
  const at = (column: number): Place => ({
    file: file.path,
    row: row.row,
    cell: `${columnLetters(column)}${row.row}`,
    byteOffset: file.offsetOf(column),
  })
  const lastFilled = row.cells.findLastIndex((cell, column) => column >= columns.length && cell.trim() !== '')
  if (row.misplaced !== undefined) report('quote-misplaced', at(row.misplaced))
  else if (row.cells.length < columns.length) {
    report('row-short', {
      file: file.path,
      row: row.row,
      byteOffset: row.byteOffset,
      expected: `${columns.length}`,
    })
  } else if (lastFilled >= 0) {
    report('row-long', { ...at(columns.length), expected: `${columns.length}` })
  } else {
    const stray = columns.findIndex((column, n) => column === 'unnamed' && (row.cells[n] ?? '').trim() !== '')
    if (stray < 0) return true
    report('header-unnamed', at(stray))
  }
  return false
}

function placeOf(row: CsvRow, file: OpenFile, fields: readonly Field[], index: number): Place {
  const column = file.map.columnOf[index]
  const field = fields[index]?.name
  const base = { file: file.path, row: row.row, ...(field === undefined ? {} : { field }) }
  if (column === undefined) return { ...base, byteOffset: row.byteOffset }
  const header = file.map.headers[column] ?? ''
  return {
    ...base,
    cell: `${columnLetters(column)}${row.row}`,
    ...(header === '' ? {} : { header }),
    byteOffset: file.offsetOf(column),
  }
}

function checkFinding(
  { name, severity }: { readonly name: string; readonly severity: Severity },
  fault: { readonly expected: { zh: string; en: string }; readonly message: { zh: string; en: string } },
  place: Place,
): Finding {
  const { zh, en } = fault.expected
  const expected = zh === en ? zh : `${zh} / ${en}`
  return { check: name, severity, ...place, expected, message: fault.message.en, messageZh: fault.message.zh }
}
