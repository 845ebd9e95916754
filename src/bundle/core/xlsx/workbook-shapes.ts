/** A workbook's parts, as the readers of sheets and styles use them. */
import type { BundleLimits } from '../bag/limits.ts'
import type { XmlHandlers } from './xml-events.ts'

/** The place of a workbook, and its limits. */
export interface WorkbookLocation {
  /** Inside the bag. */
  readonly file: string
  readonly limits: BundleLimits
}

export interface Relationship {
  readonly id: string
  /** The last segment of its type, which strict and transitional workbooks share: `worksheet`. */
  readonly type: string
  /** The part it points to; undefined if it points outside. */
  readonly target?: string
}

export interface WorkbookParts {
  /** The part of the workbook itself, usually `xl/workbook.xml`. */
  readonly main: string
  /** Parses a part that must exist. Yields after each chunk. */
  readonly parse: (path: string, handlers: XmlHandlers, tokenMax?: number) => AsyncGenerator<void>
  readonly relationshipsOf: (path: string) => Promise<readonly Relationship[]>
  readonly has: (path: string) => boolean
  readonly close: () => void
}
