/** What the strict path knows about each file of a bundle, and when more findings would change nothing. */
import { type Contract, exceededBounds } from '../../../contract/index.ts'
import { defined } from '../../../platform/defined.ts'
import type { Finding } from '../../../platform/finding.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import type { BundleFile } from '../../core/bag/verify.ts'
import type { HeaderMap } from '../../core/cells/map-headers.ts'
import type { Repair } from '../../core/cells/read-code.ts'
import type { FileCount } from '../../core/findings/file-count.ts'
import type { OpenTable } from './table.ts'

/** The state of a file during validation. */
export interface FileState {
  readonly file: BundleFile
  readonly index: number
  /** Ordinal of its first row, the one below the header, among the rows of the bundle, from 0. */
  first: number
  table?: OpenTable
  map?: HeaderMap
  /** Rows up to the last of the header. */
  headerRows: number
  /** Why the first row is no header, until it is known where the header is. */
  lostHeader?: Finding
  rowsRead: number
  rowsTaken: number
  /** Rows between others that are notes and no records. */
  notes: number
  /** Rows that the third pass has checked. */
  rowsChecked: number
  readonly repairs: Partial<Record<Repair, number>>
  unreadable: boolean
  /** Whether end-of-file characters of DOS were ignored. */
  hasEndMark?: boolean
}

interface Counted {
  readonly contract: Pick<Contract, 'tolerance'>
  readonly limits: Pick<BundleLimits, 'findingsCountedMax'>
  readonly onFinding: (finding: Finding) => void
}

/** Findings between two comparisons with the tolerance. */
const compareRows = 1000

interface FindingCounter {
  readonly onFinding: (finding: Finding) => void
  /** Whether more findings would change nothing. */
  readonly isEnough: () => boolean
}

/** Counts findings. They are enough when they reach the limit and exceed the tolerance, whatever follows. */
export function countFindings(
  { onFinding, limits, contract }: Counted,
  states: readonly FileState[],
): FindingCounter {
  const found = { errors: 0, warnings: 0 }
  let compareAt = limits.findingsCountedMax
  return {
    onFinding: (finding) => {
      found[finding.severity === 'error' ? 'errors' : 'warnings'] += 1
      onFinding(finding)
    },
    isEnough: () => {
      const count = found.errors + found.warnings
      if (count < compareAt) return false
      // Tolerated so far: comparing again at every row would cost more than the row.
      compareAt = count + compareRows
      const sum = (of: (state: FileState) => number) => states.reduce((total, state) => total + of(state), 0)
      // Refused so far, of all rows: reading on can only increase the share.
      const rowsRefused = sum(({ rowsChecked, rowsTaken, notes }) => rowsChecked - rowsTaken - notes)
      const counts = { rowsRead: sum(({ rowsRead }) => rowsRead), rowsRefused }
      const isExceeded = exceededBounds(contract.tolerance, { ...found, ...counts }).length > 0
      if (isExceeded) compareAt = 0
      return isExceeded
    },
  }
}

/** What the receipt says of a file. */
export function countOf({ file, table, rowsTaken, unreadable, ...state }: FileState): FileCount {
  const rowsRead = state.rowsRead - state.notes
  const rowsRefused = rowsRead - rowsTaken
  const repairs = state.hasEndMark === true ? { ...state.repairs, 'end-mark': 1 } : { ...state.repairs }
  return {
    file: file.path,
    digest: file.digest,
    ...defined({ encoding: table?.encoding }),
    rowsRead,
    rowsTaken,
    rowsRefused,
    repairs: unreadable ? {} : repairs,
    unreadable,
  }
}
