/**
 * Where the header is in a file whose first row is none, such as one with titles above the table: the finding then says
 * which rows to remove.
 */
import type { Contract } from '../../../contract/index.ts'
import type { Finding } from '../../../platform/finding.ts'
import type { TableCell } from '../../core/cells/table-row.ts'
import type { FileState } from './file-state.ts'

/** A header below titles is looked for in so many rows, and has so many known headers. */
const headerSearchRows = 15
const knownHeadersMin = 2

interface Listener {
  readonly contract: Contract
  readonly onFinding: (finding: Finding) => void
}

/** Looks at a row of a file without a header, and reports it if the row is the header or too far below. */
export function findHeader(
  state: FileState,
  { row, cells }: { readonly row: number; readonly cells: readonly TableCell[] },
  isHeader: (text: string) => boolean,
  options: Listener,
): void {
  if (row > headerSearchRows) {
    reportHeader(state, options)
    return
  }
  const known = cells.filter((cell) => typeof cell === 'string' && isHeader(cell)).length
  if (known < Math.min(knownHeadersMin, options.contract.fields.length)) return
  const expected = `表头在第 ${row} 行，请删除其上各行 / the header is in row ${row}: remove the rows above it`
  reportHeader(state, options, { expected })
}

/** Reports that the first row is no header, if that is still to be reported. */
export function reportHeader(
  state: FileState,
  { onFinding }: Listener,
  more: Pick<Finding, 'expected'> = {},
): void {
  if (state.lostHeader !== undefined) onFinding({ ...state.lostHeader, ...more })
  delete state.lostHeader
}
