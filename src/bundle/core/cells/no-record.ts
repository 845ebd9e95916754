/**
 * Recognises rows that are no records: a header that was repeated when files were joined, totals, notes below the
 * table, and a quoted cell that holds further rows. A row whose cells are all acceptable is only taken for one of
 * these on evidence in its text; a row with an error is described by what it is rather than by its cells.
 */
import type { Contract, Field } from '../../../contract/index.ts'
import type { BundleCheck } from '../findings/checks.ts'
import { isFailedCell } from './cell-forms.ts'
import type { HeaderMap } from './map-headers.ts'
import { buildHeaderReader } from './map-headers.ts'
import { isAside, isBesideRecords, isExample } from './notes.ts'
import { isFreeText } from './read-cell.ts'
import { isTotal, mayBeTotal } from './totals.ts'

/** What a row is instead of a record, or may be if the check is a warning; and the index of the field to point at. */
export interface NoRecord {
  readonly check: BundleCheck
  readonly field?: number
}

export interface NoRecordOptions {
  /** The texts of the cells by column; undefined where a cell is damaged. */
  readonly texts: readonly (string | undefined)[]
  readonly map: HeaderMap
  /** The canonical values, or undefined if the row has an error. */
  readonly values: readonly (string | null)[] | undefined
  /** Of a text file. */
  readonly delimiter: string | undefined
  /** Whether texts by column are a row without errors. */
  readonly isRow: (texts: readonly string[]) => boolean
}

/** The texts of a field for which the row must be looked at as a whole. */
export interface RowWords {
  /** Headers of the field. */
  readonly headers: ReadonlySet<string>
  /** Whether words for a total, a note or an example are such texts too. */
  readonly keyWords: boolean
}

export interface NoRecordTest {
  readonly find: (options: NoRecordOptions) => NoRecord | undefined
  /** By field. */
  readonly words: readonly RowWords[]
  /** Whether a row with a single value may pass: then it may be a note. */
  readonly mayBeNote: boolean
}

/** The test for which every row is a record. */
export const everyRow: NoRecordTest = { find: () => undefined, words: [], mayBeNote: false }

/**
 * Whether the only text of a row is a note, given whether the row has an error. A number or a failed formula alone is a
 * faulty record.
 */
function isNote(text: string, isFaulty: boolean): boolean {
  if (!isFaulty) return isBesideRecords(text) || isAside(text)
  return !/^[-+\d.,]+(e[-+]?\d+)?$/i.test(text) && !isFailedCell(text)
}

/** Fewer columns than this are too few to tell a note or swallowed rows from a record. */
const columnsMin = 3

/** What the test needs of a contract; fields by their indexes. */
interface RowRules {
  readonly fields: readonly Field[]
  readonly key: readonly number[]
  /** Of the key, without dimensions and lists that have a member called a total. */
  readonly ownKey: readonly number[]
  /** Of these, the plain texts. */
  readonly namingKey: readonly number[]
  /** Fields for plain texts. */
  readonly texts: readonly number[]
  /** Fields outside the key that are no numbers. */
  readonly describing: readonly number[]
  readonly missing: ReadonlySet<string>
  readonly headers: ReturnType<typeof buildHeaderReader>
  readonly words: readonly RowWords[]
}

/** Builds the test for the rows of a contract. */
export function buildNoRecordTest(
  contract: Contract,
  fields: readonly Field[],
  key: readonly number[],
): NoRecordTest {
  const headers = buildHeaderReader(contract)
  // A member of a dimension may be called a total; a code list says so too.
  const isDimension = (index: number) =>
    fields[index]?.role === 'dimension' || fields[index]?.constraints?.enum?.some(isTotal) === true
  const ownKey = key.filter((index) => !isDimension(index))
  const namingKey = ownKey.filter((index) => isPlainText(fields[index]))
  const words = fields.map((field, index) => ({
    headers: new Set(isPlainText(field) ? headers.spellings(index) : []),
    keyWords: namingKey.includes(index),
  }))
  const texts = fields.flatMap((field, index) => (isPlainText(field) ? [index] : []))
  const describing = fields.flatMap(({ type }, index) =>
    type === 'integer' || type === 'number' || key.includes(index) ? [] : [index],
  )
  const missing = new Set(['', ...contract.missingValues])
  const rules = { fields, key, ownKey, namingKey, texts, describing, missing, headers, words }
  const mayBeNote = fields.filter(({ constraints }) => constraints?.required === true).length < 2
  return { find: (options) => findNoRecord(options, rules), words, mayBeNote }
}

function findNoRecord(options: NoRecordOptions, rules: RowRules): NoRecord | undefined {
  const { map, values, texts: cells } = options
  const { fields, key, ownKey, namingKey, missing } = rules
  const cell = (field: number) => cells[map.columnOf[field] ?? -1]?.trim() ?? ''
  const filled = fields.flatMap((_, field) => (cell(field) === '' ? [] : [field]))
  if (repeatsHeader(options, rules, { cell, filled })) return { check: 'row-header' }
  if (cells[0]?.startsWith(endMark) === true) return { check: 'end-mark-inside' }
  const total = (values === undefined ? ownKey : namingKey).find((field) => isTotal(cell(field)))
  if (total !== undefined) return { check: 'row-total', field: total }
  // A stand-in is no value of the row's own.
  const held =
    values === undefined
      ? filled
      : values.flatMap((value, field) => (value === null || missing.has(cell(field)) ? [] : [field]))
  const hasKey = key.length === 0 || key.some((field) => held.includes(field))
  const ignored = hasKey
    ? []
    : map.columns.flatMap((column, at) => (column === 'ignored' ? (cells[at]?.trim() ?? '') : []))
  const beside = ignored.filter((text) => text !== '')
  if (beside.some(isTotal)) return { check: 'row-total' }
  if (beside.some((text) => isNote(text, held.length === 0))) return { check: 'row-note' }
  if (held.length === 0 && (values !== undefined || beside.length > 0)) return { check: 'row-empty' }
  const part = findPartTotal(options, rules, cell)
  if (part?.check === 'row-total') return part
  const found = findNote(options, rules, { cell, filled, held }) ?? part
  if (found !== undefined || hasKey || values === undefined) return found
  return { check: 'key-empty', ...(key[0] === undefined ? {} : { field: key[0] }) }
}

function repeatsHeader(
  { map, values }: NoRecordOptions,
  { texts, words, headers }: RowRules,
  { cell, filled }: Pick<RowCells, 'cell' | 'filled'>,
): boolean {
  const isExact = texts.some((field) => words[field]?.headers.has(cell(field)) === true)
  if (values !== undefined && !isExact) return false
  const repeated = filled.filter((field) => headers.fieldOf(cell(field)) === field).length
  // A file that was joined may name one of its columns differently.
  const others = values === undefined && repeated > 2 ? 1 : 0
  return repeated >= Math.min(2, map.columns.length) && repeated + others >= filled.length
}

function findNote(
  options: NoRecordOptions,
  { namingKey, texts }: RowRules,
  { cell, filled, held }: RowCells,
): NoRecord | undefined {
  const { map, values } = options
  const example = namingKey.find((field) => isExample(cell(field)))
  if (example !== undefined) return { check: 'row-note', field: example }
  const isUnclear = map.columns.length < columnsMin || options.texts.includes(undefined)
  if (!isUnclear) {
    const [alone, ...more] = held
    if (alone !== undefined && more.length === 0) {
      if (isNote(cell(alone), values === undefined)) return { check: 'row-note', field: alone }
      if (values !== undefined && namingKey.includes(alone)) return { check: 'row-sparse', field: alone }
    }
    // Few cells of a row with a signature are filled: the telephone number beside it.
    const signed = 2 * filled.length <= map.columns.length ? namingKey : []
    const beside = signed.find((field) => isBesideRecords(cell(field)))
    if (beside !== undefined) return { check: 'row-note', field: beside }
    const [first] = values === undefined ? filled : []
    if (first !== undefined && filled.every((field) => isBesideRecords(cell(field))))
      return { check: 'row-note', field: first }
  }
  const swallowed = texts.find((field) => holdsRows(map.columnOf[field], options))
  return swallowed === undefined ? undefined : { check: 'cell-swallowed', field: swallowed }
}

/** A total has numbers, and nothing that describes a record. Without such fields only its name shows it. */
function findPartTotal(
  { map, values }: NoRecordOptions,
  { namingKey, describing }: RowRules,
  cell: RowCells['cell'],
): NoRecord | undefined {
  const field = namingKey.find((index) => mayBeTotal(cell(index)))
  if (field === undefined) return undefined
  const described = describing.filter((index) => map.columnOf[index] !== undefined)
  const isBare = described.every((index) => cell(index) === '')
  if (isBare && described.length >= (values === undefined ? 1 : describingMin))
    return { check: 'row-total', field }
  return values === undefined ? undefined : { check: 'row-total-perhaps', field }
}

/** The cells of a row by field. */
interface RowCells {
  readonly cell: (field: number) => string
  /** The fields whose cell is not empty. */
  readonly filled: readonly number[]
  /** The fields with a value of the row's own. */
  readonly held: readonly number[]
}

/** With so many empty fields that describe records, a name that ends like a total is one. */
const describingMin = 2

/** Ends a text file of DOS; at the beginning of a row, two files were joined. */
const endMark = '\u001a'

function isPlainText(field: Field | undefined): boolean {
  return field?.type === 'string' && isFreeText(field)
}

/** Separators of rows that were pasted into a cell of a workbook. */
const pastedDelimiters = ['\t', ',']

/** Whether a cell holds whole rows, because a quote is missing or rows were pasted into it. */
function holdsRows(column: number | undefined, options: NoRecordOptions): boolean {
  const text = column === undefined ? undefined : options.texts[column]
  if (column === undefined || text === undefined || !/[\r\n]/.test(text)) return false
  if (options.map.columns.length < columnsMin) return false
  const delimiters = options.delimiter === undefined ? pastedDelimiters : [options.delimiter]
  return delimiters.some((delimiter) => {
    // Prose has blanks after commas.
    if (text.includes(`${delimiter} `)) return false
    const lines = text.split(/\r\n|\n|\r/).map((line) => line.split(delimiter))
    return continuesRow(column, lines, options) || lines.some((cells) => isWholeRow(cells, options))
  })
}

/** Whether the lines are the rest of the cell's row, further rows and the beginning of another. */
function continuesRow(
  column: number,
  lines: readonly (readonly string[])[],
  { texts, map, isRow }: NoRecordOptions,
): boolean {
  const width = map.columns.length
  const breaks = lines.length - 1
  const delimiters = lines.reduce((sum, cells) => sum + cells.length - 1, 0)
  if (delimiters !== breaks * (width - 1)) return false
  const plain = texts.map((one) => one ?? '')
  const rows = lines.map((cells, line) => [
    ...(line === 0 ? plain.slice(0, column) : []),
    ...cells,
    ...(line === breaks ? plain.slice(column + 1, width) : []),
  ])
  return rows.every((cells) => cells.length === width && isRow(cells))
}

/** A list of so many elements, each as its column asks for, is no line of prose. */
const wholeRowColumnsMin = 6

/** Whether a line is a row by itself; in a narrow table it could be a list of words. */
function isWholeRow(cells: readonly string[], { map, isRow }: NoRecordOptions): boolean {
  return cells.length >= wholeRowColumnsMin && cells.length === map.columns.length && isRow(cells)
}
