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
import { isFreeText } from './read-cell.ts'
import { isTotal } from './totals.ts'

/** What a row is instead of a record, and the index of the field to point at. */
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
  /** Whether words for a total are such texts too. */
  readonly totals: boolean
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

/** How notes begin, and the lines below a form in which people and offices sign. */
const note =
  /^(注|备注|说明|附注|资料来源|数据来源|来源|统计时间|数据截至|Notes?|Sources?)\s*(\d{0,2})\s*[:：.、]|^[*＊※]/i
const signature =
  /^(?![:：])(填表|填报|制表|审核|复核|校对|统计|报送|经办|主管|单位|联系)?(人|单位|部门|时间|日期|电话|负责人)?(\s*[（(](签字|签章|盖章|公章)[)）])?\s*[:：]/

/**
 * Whether the only text of a row is a note, given whether the row has an error. A number or a failed formula alone is a
 * faulty record.
 */
function isNote(text: string, isFaulty: boolean): boolean {
  if (!isFaulty) return isBesideRecords(text)
  return !/^[-+\d.,]+(e[-+]?\d+)?$/i.test(text) && !isFailedCell(text)
}

/** Whether a cell is a note, or the name of someone who signs, and no value of a record. */
export function isBesideRecords(text: string): boolean {
  return note.test(text) || signature.test(text)
}

/** Fewer columns than this are too few to tell a note or swallowed rows from a record. */
const columnsMin = 3

/** Builds the test for the rows of a contract. */
export function buildNoRecordTest(
  contract: Contract,
  fields: readonly Field[],
  key: readonly number[],
): NoRecordTest {
  const headers = buildHeaderReader(contract)
  // A member of a dimension may be called a total; a code list says so too.
  const totalFields = key.filter((index) => {
    const field = fields[index]
    const isListed = field?.constraints?.enum?.some(isTotal) === true
    return field !== undefined && isPlainText(field) && field.role !== 'dimension' && !isListed
  })
  const words = fields.map((field, index) => ({
    headers: new Set(isPlainText(field) ? headers.spellings(index) : []),
    totals: totalFields.includes(index),
  }))
  const texts = fields.flatMap((field, index) => (isPlainText(field) ? [index] : []))
  const mayBeNote = fields.filter(({ constraints }) => constraints?.required === true).length < 2

  function find(options: NoRecordOptions): NoRecord | undefined {
    const { map, values } = options
    const cell = (field: number) => options.texts[map.columnOf[field] ?? -1]?.trim() ?? ''
    const filled = fields.flatMap((_, field) => (cell(field) === '' ? [] : [field]))
    const isExact = texts.some((field) => words[field]?.headers.has(cell(field)) === true)
    if (values === undefined || isExact) {
      const repeated = filled.filter((field) => headers.fieldOf(cell(field)) === field).length
      // A file that was joined may name one of its columns differently.
      const others = values === undefined && repeated > 2 ? 1 : 0
      if (repeated >= Math.min(2, map.columns.length) && repeated + others >= filled.length)
        return { check: 'row-header' }
    }
    const total = (values === undefined ? key : totalFields).find((field) => isTotal(cell(field)))
    if (total !== undefined) return { check: 'row-total', field: total }
    const isUnclear = map.columns.length < columnsMin || options.texts.includes(undefined)
    const alone = isUnclear ? undefined : aloneOf(values, filled)
    if (alone !== undefined && isNote(cell(alone), values === undefined))
      return { check: 'row-note', field: alone }
    const [first] = isUnclear || values !== undefined ? [] : filled
    if (first !== undefined && filled.every((field) => isBesideRecords(cell(field))))
      return { check: 'row-note', field: first }
    const swallowed = texts.find((field) => holdsRows(map.columnOf[field], options))
    return swallowed === undefined ? undefined : { check: 'cell-swallowed', field: swallowed }
  }
  return { find, words, mayBeNote }
}

function isPlainText(field: Field): boolean {
  return field.type === 'string' && isFreeText(field)
}

/** The only field that has a value. */
function aloneOf(values: NoRecordOptions['values'], filled: readonly number[]): number | undefined {
  const held =
    values === undefined ? filled : values.flatMap((value, field) => (value === null ? [] : [field]))
  return held.length === 1 ? held[0] : undefined
}

/**
 * Whether a cell holds the rest of its row, further rows and the beginning of another, as between two quotes of
 * which one is missing. Then each line is as wide as the table and reads as a row. Prose has blanks after commas.
 */
function holdsRows(column: number | undefined, { texts, map, delimiter, isRow }: NoRecordOptions): boolean {
  const text = column === undefined ? undefined : texts[column]
  if (column === undefined || text === undefined || delimiter === undefined || !/[\r\n]/.test(text))
    return false
  const width = map.columns.length
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.split(delimiter))
  const breaks = lines.length - 1
  const delimiters = lines.reduce((sum, cells) => sum + cells.length - 1, 0)
  if (width < columnsMin || delimiters !== breaks * (width - 1) || text.includes(`${delimiter} `))
    return false
  const plain = texts.map((one) => one ?? '')
  const rows = lines.map((cells, line) => [
    ...(line === 0 ? plain.slice(0, column) : []),
    ...cells,
    ...(line === breaks ? plain.slice(column + 1, width) : []),
  ])
  return rows.every((cells) => cells.length === width && isRow(cells))
}
