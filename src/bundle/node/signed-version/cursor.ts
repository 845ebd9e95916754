/**
 * Cursors of exports: a position in the changes of one origin, and whether restricted datasets were included.
 * The mark of the change at that position detects a history that was reset after an earlier export.
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

/** Parses a cursor. Throws `cursor-invalid` if it is damaged or of another kind. */
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
