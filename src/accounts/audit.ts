/** The audit: who did what to which subject, appended and never changed. It takes no values of rows. */

import type { Runner } from '../db/database.ts'
import type { ReadBy } from '../http/index.ts'
import type { DataRead } from '../platform/caller.ts'

export interface AuditEntry {
  readonly at: Date
  /** `key:<id>` or `cli:<user>`. */
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly detail?: Readonly<Record<string, string | number | boolean | null | readonly string[]>>
}

/** Appends one entry, in the transaction that does what it tells, so that neither stands without the other. */
export async function writeAudit(runner: Runner, entry: AuditEntry): Promise<void> {
  const { at, actor, action, subject, detail = {} } = entry
  // The text goes through ::text first, so that the driver takes it as JSON text and does not quote it once more.
  await runner`
    insert into qingdan.audit (at, actor, action, subject, detail)
    values (${at}, ${actor}, ${action}, ${subject}, ${JSON.stringify(detail)}::text::jsonb)`
}

/**
 * Appends an entry for each dataset that is not open and is about to be given to the holder of a key. Await it before the first
 * byte goes out: what can't be written down is not given.
 */
export async function writeReads(
  runner: Runner,
  reads: readonly DataRead[],
  { reader, requestId, parameters }: ReadBy,
  at: Date,
): Promise<void> {
  const action = reader.scopes.includes('read-restricted') ? 'restricted-data-read' : 'shared-data-read'
  for (const { dataset, versions, operation, open } of reads) {
    if (open) continue
    const names = versions.map(([edition, version]) => `${edition}/v${version}`)
    const [only, ...others] = names
    const isOne = only !== undefined && others.length === 0
    const detail = { operation, parameters, requestId, ...(isOne ? {} : { versions: names }) }
    const subject = isOne ? `${dataset}/${only}` : dataset
    await writeAudit(runner, { at, actor: `key:${reader.keyId}`, action, subject, detail })
  }
}
