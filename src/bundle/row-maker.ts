/**
 * Makes the canonical values of a row from its bytes, where every cell is plain and nothing is to be said of the row.
 * Any other row is left to the careful reader (row-reader.ts), which tells what is wrong, or that nothing is.
 */
import type { BuiltCheck } from '../checks/index.ts'
import { type CellMaker, type Made, noValue } from './cell-makers.ts'
import type { Repair } from './codes.ts'
import type { CopyWriter } from './copy-writer.ts'
import type { Line } from './csv-line.ts'
import type { HeaderMap } from './headers.ts'
import type { KeyScreen } from './key-screen.ts'

export interface RowMaker {
  /** Makes the row that was scanned last; false where the careful reader has to look at it. */
  readonly make: (line: Line, bytes: Buffer) => boolean
  /** Writes the values of the row that was made last, and its key. */
  readonly write: (bytes: Buffer, writer: CopyWriter, keys: KeyScreen) => void
  /** What was mended in it. */
  readonly repairs: () => readonly Repair[]
}

export interface RowMakerOptions {
  readonly makers: readonly CellMaker[]
  /** By field: the index of the field that its codes depend on, or -1. */
  readonly above: readonly number[]
  readonly keyIndexes: readonly number[]
  readonly checks: readonly BuiltCheck[]
  readonly map: HeaderMap
}

const quote = 0x22

/** Builds the maker of a file's rows. */
export function buildRowMaker({ makers, above, keyIndexes, checks, map }: RowMakerOptions): RowMaker {
  const fields = makers.length
  const columns = map.columns.length
  const columnOf = Array.from({ length: fields }, (_, index) => map.columnOf[index] ?? -1)
  const unnamed = map.columns.flatMap((column, index) => (column === 'unnamed' ? [index] : []))
  const spoken = [...new Set(checks.flatMap((check) => check.fields))]
  const made = new Array<Made>(fields).fill(noValue)
  const values = new Array<string | null>(fields).fill(null)
  // Bounds of cells without their quotes, by column.
  const starts = new Array<number>(columns).fill(0)
  const ends = new Array<number>(columns).fill(0)
  let repairs: readonly Repair[] = []

  const start = (field: number) => starts[columnOf[field] ?? -1] ?? 0
  const end = (field: number) => ends[columnOf[field] ?? -1] ?? 0

  function make(line: Line, bytes: Buffer): boolean {
    if (line.width !== columns || line.misplaced >= 0 || !bound(line, bytes)) return false
    let holds = false
    let mended = false
    for (let field = 0; field < fields; field++) {
      const column = columnOf[field] ?? -1
      if (column < 0) continue
      const upper = above[field] ?? -1
      const cell = makers[field]?.(
        bytes,
        starts[column] ?? 0,
        ends[column] ?? 0,
        upper < 0 ? 0 : start(upper),
        upper < 0 ? 0 : end(upper),
      )
      if (cell === undefined) return false
      made[field] = cell
      holds ||= cell.bytes !== noValue.bytes
      mended ||= cell.repairs.length > 0
    }
    repairs = mended ? made.flatMap((cell) => cell.repairs) : []
    // A row that holds nothing may be a blank one.
    return holds && passes(bytes)
  }

  /** Finds the bounds of cells without their quotes. Gives up on a cell that has a quote inside. */
  function bound(line: Line, bytes: Buffer): boolean {
    for (let column = 0; column < columns; column++) {
      let from = line.starts[column] ?? 0
      let to = line.ends[column] ?? 0
      if (line.quoted && bytes[from] === quote) {
        if (bytes.indexOf(quote, from + 1) !== to - 1) return false
        from += 1
        to -= 1
      }
      starts[column] = from
      ends[column] = to
    }
    for (const column of unnamed) if (starts[column] !== ends[column]) return false
    return true
  }

  function passes(bytes: Buffer): boolean {
    if (checks.length === 0) return true
    for (const field of spoken) {
      const cell = made[field] ?? noValue
      if (cell.bytes === undefined) values[field] = bytes.toString('utf8', start(field), end(field))
      else values[field] = cell.bytes.length === 0 ? null : cell.bytes.toString()
    }
    return checks.every((check) => check.run(values) === undefined)
  }

  function write(bytes: Buffer, writer: CopyWriter, keys: KeyScreen): void {
    for (let field = 0; field < fields; field++) {
      const own = made[field]?.bytes
      if (own === undefined) writer.value(bytes, start(field), end(field))
      else writer.value(own, 0, own.length)
    }
    for (const field of keyIndexes) {
      const own = made[field]?.bytes
      if (own === undefined) keys.take(bytes, start(field), end(field))
      else keys.take(own.length === 0 ? null : own, 0, own.length)
    }
  }
  return { make, write, repairs: () => repairs }
}
