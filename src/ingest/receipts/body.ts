/**
 * A receipt as published over HTTP, as a file beside the bundle, and as the CLI's JSON. It contains counts,
 * never who decided: account names stay in the audit log.
 */
import type { Config } from '../../platform/config.ts'
import type { Receipt } from './receipts.ts'
import type { ReceiptBody } from './schemas.ts'

/** The full receipt as an API body. */
export function receiptBody({ config }: { readonly config: Config }, receipt: Receipt): ReceiptBody {
  const { broughtBy: _broughtBy, decision, changes, group, ...fields } = receipt
  const self = `${config.QINGDAN_PUBLIC_URL}/v1/bundles/${receipt.id}`
  return {
    ...fields,
    receivedAt: receipt.receivedAt.toISOString(),
    erasedAt: receipt.erasedAt?.toISOString() ?? null,
    files: receipt.files.map((file) => ({
      ...file,
      repaired: Object.values(file.repairs).reduce((sum, count) => sum + count, 0),
    })),
    changes,
    group,
    decision: decision === null ? null : { act: decision.act, at: decision.at, reason: decision.reason },
    links: { self, findings: `${self}/findings`, findingsCsv: `${self}/findings.csv` },
  }
}
