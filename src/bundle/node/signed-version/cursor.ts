/**
 * Cursors of exports: a place in the changes of one origin, and whether restricted datasets are among what was carried.
 * The mark of the change that stands there tells a history that was set back from the one that was carried before.
 */

import { readCursor, writeCursor } from '../../../platform/cursor.ts'
import { problem } from '../../../platform/problem.ts'

export interface ExportCursor {
  readonly origin: string
  readonly position: number
  readonly restricted: boolean
  /** Of the change at the position. */
  readonly mark: string
}

const kind = 'export'

export function writeExportCursor({ origin, position, restricted, mark }: ExportCursor): string {
  return writeCursor(kind, { origin, position, restricted, mark })
}

/** Reads a cursor back. Throws `cursor-invalid` for a damaged one and one of something else. */
export function readExportCursor(text: string): ExportCursor {
  const value = readCursor(kind, text)
  if (!isExportCursor(value)) throw problem('cursor-invalid', { path: 'cursor' })
  return value
}

function isExportCursor(value: unknown): value is ExportCursor {
  if (typeof value !== 'object' || value === null) return false
  const { origin, position, restricted, mark } = value as { readonly [Name in keyof ExportCursor]?: unknown }
  return (
    typeof origin === 'string' &&
    Number.isSafeInteger(position) &&
    (position as number) > 0 &&
    typeof restricted === 'boolean' &&
    typeof mark === 'string'
  )
}
