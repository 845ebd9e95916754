/** The state of a file while a bundle is validated, and what the receipt says of it. */
import { defined } from '../../../platform/defined.ts'
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
  rowsRead: number
  rowsTaken: number
  /** Rows that the third pass has checked. */
  rowsChecked: number
  readonly repairs: Partial<Record<Repair, number>>
  unreadable: boolean
  /** Whether end-of-file characters of DOS were ignored. */
  hasEndMark?: boolean
}

/** What the receipt says of a file. */
export function countOf({ file, table, rowsRead, rowsTaken, unreadable, ...state }: FileState): FileCount {
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
