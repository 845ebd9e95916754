/**
 * Finds fields that identify a record: one column whose values are all different, else the fewest columns that
 * together are. Quantities are never part of a key.
 */
import type { ColumnShape } from './column.ts'

export interface KeyColumn {
  readonly shape: ColumnShape
  readonly header: string
  readonly cells: readonly string[]
}

export interface KeyProposal {
  /** Indexes of columns. */
  readonly columns: readonly number[]
  /** Whether some rows have no value in a column of the key. */
  readonly hasEmpty: boolean
  /** Other single columns whose values are all different. */
  readonly others: readonly number[]
  /** Indexes of two rows that are equal in all columns that could identify them. */
  readonly equalRows?: readonly [number, number]
}

/** Columns of a key: as many as a contract may name. */
const keyColumnsMax = 16
/** Longer texts describe a record and do not identify it. */
const keyCharactersMax = 60

/** Proposes a key for rows. */
export function proposeKey(columns: readonly KeyColumn[]): KeyProposal {
  const rows = columns[0]?.cells.length ?? 0
  const usable = columns.flatMap((_column, index) => (canIdentify(columns[index]) ? [index] : []))
  const single = usable.filter((index) => {
    const { shape } = columns[index] as KeyColumn
    return shape.emptyCells === 0 && shape.distinct === rows
  })
  const first = single.find((index) => isNumbered(columns[index])) ?? single[0]
  if (first !== undefined)
    return { columns: [first], hasEmpty: false, others: single.filter((one) => one !== first) }
  // Whole numbers such as a year or a number within a group belong to a key only together with others.
  const equal = firstEqualRows(columns, usable)
  const key = equal === undefined ? fewest(columns, usable) : usable
  const chosen = key.slice(0, keyColumnsMax)
  const hasEmpty = chosen.some((index) => (columns[index]?.shape.emptyCells ?? 0) > 0)
  return { columns: chosen, hasEmpty, others: [], ...(equal === undefined ? {} : { equalRows: equal }) }
}

function canIdentify(column: KeyColumn | undefined): boolean {
  if (column === undefined) return false
  const { shape, cells } = column
  if (shape.distinct === 0 || shape.isLongNumber || ['number', 'list', 'boolean'].includes(shape.type))
    return false
  if (shape.type === 'integer' && !isRank(column)) return false
  // Only text can have a stand-in for an empty cell.
  if (shape.emptyCells > 0 && (shape.type !== 'string' || shape.constraints?.enum !== undefined)) {
    return shape.type === 'string'
  }
  return cells.every((text) => text.length <= keyCharactersMax)
}

/** Whether a column holds numbers or codes given to records; a phone number is not. */
function isNumbered(column: KeyColumn | undefined): boolean {
  return (
    column?.shape.isIdentifier === true &&
    !/(电话|手机|传真|邮|phone|tel|fax|post|zip|年|year|period)/i.test(column.header)
  )
}

/** Whether whole numbers count up as row numbers do, in the first column. */
function isRank({ cells, header }: KeyColumn): boolean {
  return (
    /^(no\.?|nr|#|number|index|序号|编号|排名|名次|rank)$/i.test(header.trim()) &&
    cells.every((text) => text !== '')
  )
}

/** Removes columns that the others make redundant: constants, names beside codes, then from the right. */
function fewest(columns: readonly KeyColumn[], usable: readonly number[]): readonly number[] {
  const order = [...usable].sort((a, b) => costOf(columns[b], b) - costOf(columns[a], a))
  let key = usable
  for (const index of order) {
    const shorter = key.filter((other) => other !== index)
    if (shorter.length > 0 && firstEqualRows(columns, shorter) === undefined) key = shorter
  }
  return key
}

/** How readily a column is left out of a key. */
function costOf(column: KeyColumn | undefined, index: number): number {
  if (column === undefined) return 0
  const { shape, header, cells } = column
  const isConstant = shape.distinct <= 1 && shape.emptyCells === 0
  const isName = /(名称|姓名|地址|说明|备注|name|address|remark|note)/i.test(header)
  const length = cells.reduce((sum, text) => sum + text.length, 0) / Math.max(1, cells.length)
  return (isConstant ? 10_000 : 0) + (isName ? 5_000 : 0) + (length > 20 ? 2_000 : 0) + index
}

/** The first two rows that are equal in the columns. */
function firstEqualRows(
  columns: readonly KeyColumn[],
  indexes: readonly number[],
): readonly [number, number] | undefined {
  const rows = columns[0]?.cells.length ?? 0
  const seen = new Map<string, number>()
  for (let row = 0; row < rows; row++) {
    const key = JSON.stringify(indexes.map((index) => columns[index]?.cells[row] ?? ''))
    const former = seen.get(key)
    if (former !== undefined) return [former, row]
    seen.set(key, row)
  }
  return undefined
}
