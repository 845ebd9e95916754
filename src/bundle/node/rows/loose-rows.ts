/**
 * Reads the rows of a loose file, CSV or XLSX, as its owner has it: rows of titles above the header are allowed, and a
 * text file may have any of the separators. Stops at the first thing that makes the whole file unreadable.
 */
import { basename } from 'node:path'
import { type Field, hasInnerQuotes, intakeFields, isPersonal } from '../../../contract/index.ts'
import type { CellKind } from '../../../derivations/index.ts'
import { defined } from '../../../platform/defined.ts'
import { columnLetters, type Finding } from '../../../platform/finding.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import {
  atOffset,
  buildHeaderTest,
  type HeaderMap,
  type HeaderRow,
  mapHeaders,
  type TableContract,
} from '../../core/cells/map-headers.ts'
import { everyRow } from '../../core/cells/no-record.ts'
import { buildRowReader, type OpenFile, placeOf, type RowValues } from '../../core/cells/row-reader.ts'
import type { TableRow } from '../../core/cells/table-row.ts'
import { BundleRefusal, type FindingPosition, faultAt } from '../../core/findings/checks.ts'
import { openLooseFile } from './loose-file.ts'
import type { OpenTable, TableReader } from './table.ts'

export interface LooseRowOptions {
  readonly contract: TableContract
  readonly limits: BundleLimits
  /** The sheet to read, if it is a workbook. */
  readonly sheet?: string | undefined
  readonly onFinding: (finding: Finding) => void
  /** Whether a row is a note and not data; by the texts of all its cells, and of a field. */
  readonly isNote: (cells: readonly string[], textOf: (field: string) => string) => boolean
}

export interface LooseRow {
  readonly row: number
  /** In the order of the intake fields; undefined if the row has an error, which was reported. */
  readonly values: RowValues | undefined
  /** The place of a field's cell. */
  readonly placeOf: (field: string) => FindingPosition
  /** The kind of a field's cell, by the index of the field. */
  readonly kindOf: (field: number) => CellKind
}

/** Yields the rows of a file below its header. Yields nothing after an error that concerns the whole file. */
export async function* readLooseRows(path: string, options: LooseRowOptions): AsyncGenerator<LooseRow> {
  const { contract, limits, sheet, onFinding } = options
  try {
    const { file, findings } = await openLooseFile(path, {
      isHeader: buildHeaderTest(contract),
      refusesFormulas: contract.formulas === 'refuse',
      isPersonal: isPersonal(contract),
      innerQuotes: hasInnerQuotes(contract),
      findHeader: knownRow(contract),
      ...{ limits, sheet },
    })
    findings.forEach(onFinding)
    if (file === undefined) return
    try {
      yield* readRows(file.table, file.header, basename(path), options)
    } finally {
      await file.table.close()
    }
  } catch (error) {
    if (!(error instanceof BundleRefusal)) throw error
    error.findings.forEach(onFinding)
  }
}

/** Headers that a row must have, so that a title which is also a header does not count. */
const knownMin = 3

/** Finds the first row with enough known headers; without one, `mapHeaders` reports the first row. */
function knownRow(contract: TableContract) {
  const isKnown = buildHeaderTest(contract)
  return (rows: readonly (readonly string[])[]) => {
    const known = rows.map((cells) => cells.filter(isKnown).length)
    const index = known.findIndex((count) => count >= knownMin)
    return { index: Math.max(0, index), score: known[index] ?? 0 }
  }
}

async function* readRows(
  table: OpenTable,
  header: HeaderRow,
  path: string,
  options: LooseRowOptions,
): AsyncGenerator<LooseRow> {
  const { contract, isNote, onFinding, limits } = options
  const { map, findings } = mapHeaders(header, contract, path)
  // The template has two variants, so that no file has every column.
  for (const finding of findings) if (finding.check !== 'header-absent') onFinding(finding)
  if (map === undefined) return
  const fields = intakeFields(contract)
  const reader = buildRowReader({
    fields,
    readers: fields.map(plainReader),
    keyIndexes: [],
    checks: [],
    noRecord: everyRow,
    coordinates: { longitude: -1, latitude: -1 },
  })
  const rows = table.read(map)
  const open = openFile(path, map, rows, onFinding)
  let count = 0
  for await (const group of rows.groups()) {
    for (const row of group) {
      if (row.row <= header.rows || rows.isBlank()) continue
      const columnOf = (field: string) => map.columnOf[fields.findIndex(({ name }) => name === field)]
      const texts = rows.texts()
      if (isNote(texts, (field) => texts[columnOf(field) ?? -1] ?? '')) continue
      count += 1
      if (count > limits.rowsMax) {
        onFinding(faultAt('too-many-rows', { file: path, expected: `≤ ${limits.rowsMax}` }))
        return
      }
      yield looseRow(reader.read({ row, cells: rows.cells() }, open), row, open, fields, rows)
    }
  }
  const fault = rows.fault()
  if (fault === undefined) return
  const { check, row, column, byteOffset } = fault
  onFinding(
    faultAt(check, { file: path, row, cell: `${columnLetters(column)}${row}`, ...atOffset(byteOffset) }),
  )
}

function looseRow(
  values: RowValues | undefined,
  row: TableRow,
  open: OpenFile,
  fields: readonly Field[],
  { kindOf }: TableReader,
): LooseRow {
  return {
    row: row.row,
    values,
    placeOf: (field) =>
      placeOf(
        row,
        open,
        fields,
        fields.findIndex(({ name }) => name === field),
      ),
    kindOf: (field) => kindOf?.(open.map.columnOf[field] ?? -1) ?? 'text',
  }
}

/** Every field is a text, or empty. */
const plainReader = (field: Field, index: number) => ({
  field,
  index,
  read: (text: string) => (text.trim() === '' ? null : text.trim()),
})

function openFile(
  path: string,
  map: HeaderMap,
  { offsetOf, kindOf }: TableReader,
  onFinding: LooseRowOptions['onFinding'],
): OpenFile {
  let errors = 0
  return {
    ...{ path, map, offsetOf, onRepair: () => {}, errors: () => errors },
    ...defined({ kindOf }),
    report: (finding) => {
      if (finding.severity === 'error') errors += 1
      onFinding(finding)
    },
  }
}
