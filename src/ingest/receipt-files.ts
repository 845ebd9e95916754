/**
 * A receipt as files that travel back beside the bundle: `receipt.json` with its signature, and `findings.csv` for
 * whoever mends the rows. That of a bundle still under way is not signed. Files of a former receipt in the same folder give way, one after the other.
 */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findingsCsv } from '../bundle/index.ts'
import type { House } from '../catalogue/index.ts'
import { receiptBody } from './receipt-body.ts'
import { type Receipt, readFindings } from './receipts.ts'
import { getSignedReceipt, isAtRest } from './signed-receipt.ts'

/** Names of the files that a receipt is made of. */
export const receiptFileNames: readonly string[] = ['receipt.json', 'receipt.json.asc', 'findings.csv']

}
