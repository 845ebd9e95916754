/** A workbook's parts, as the readers of sheets and styles use them. */
import type { BundleLimits } from '../bag/limits.ts'
import type { XmlHandlers } from './xml-events.ts'

/** Where a workbook stands, and what it is held to. */
export interface WorkbookLocation {
  /** Inside the bag. */
  readonly file: string
  readonly limits: BundleLimits
}

export interface Relationship {
  readonly id: string
  /** The last segment of its type, which strict and transitional workbooks share: `worksheet`. */
  readonly type: string
  /** The part it leads to; undefined where it leads outside. */
  readonly target?: string
}

export interface WorkbookParts {
  /** The part of the workbook itself, `xl/workbook.xml` as a rule. */
  readonly main: string
  /** Parses a part that must be there. Yields after each chunk. */
  readonly parse: (path: string, handlers: XmlHandlers, tokenMax?: number) => AsyncGenerator<void>
  readonly relationshipsOf: (path: string) => Promise<readonly Relationship[]>
  readonly has: (path: string) => boolean
  readonly close: () => void
}
