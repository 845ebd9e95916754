/** The rows of the bench in the order of the table: a new one needs a file and a line here. */
import { diffRow } from './diff.ts'
import { fileRow } from './file.ts'
import { file304Row } from './file-304.ts'
import { fitnessRow } from './fitness.ts'
import { ingestBareRow, ingestPublishedRow, ingestRow } from './ingest.ts'
import { lastPageRow } from './last-page.ts'
import { memoryRow } from './memory.ts'
import { offlineMemoryRow, offlineRow } from './offline.ts'
import { pageRow, sortedPageRow } from './page.ts'
import { gzipPageRow, pageAgainRow } from './page-again.ts'
import type { Row } from './row.ts'
import { searchHitsRow, searchRow } from './search.ts'
import { streamRow } from './stream.ts'
import { nearRow, openVenuesRow } from './venues.ts'

export { LeftOut, type Pair, type Row } from './row.ts'

export const rows: readonly Row[] = [
  fileRow,
  file304Row,
  pageRow,
  sortedPageRow,
  pageAgainRow,
  gzipPageRow,
  lastPageRow,
  searchRow,
  searchHitsRow,
  streamRow,
  ingestRow,
  ingestBareRow,
  ingestPublishedRow,
  diffRow,
  memoryRow,
  offlineRow,
  offlineMemoryRow,
  fitnessRow,
  openVenuesRow,
  nearRow,
]
