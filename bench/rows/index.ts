/** The rows of the bench, one line each, in the order of the table: adding one is a file and a line here. */
import type { Row } from './row.ts'

export { LeftOut, type Pair, type Row } from './row.ts'

export const rows: readonly Row[] = []
