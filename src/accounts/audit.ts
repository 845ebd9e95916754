/** The audit log: who did what to which subject. Append-only; it holds no values of rows. */

import type { Runner } from '../db/database.ts'
import type { ReadBy } from '../http/index.ts'
import type { DataRead } from '../platform/caller.ts'

/** Most entries in one page. */
export const auditLimitMax = 1_000

interface AuditEntry {
  readonly at: Date
  /** `key:<id>` or `cli:<user>`. */
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly detail?: Readonly<Record<string, string | number | boolean | null | readonly string[]>>
}

/** Appends one entry in the transaction of the act it records, so that both are committed or neither is. */
export async function writeAudit(runner: Runner, entry: AuditEntry): Promise<void> {
  const { at, actor, action, subject, detail = {} } = entry
  // The cast through ::text makes the driver send it as JSON text instead of quoting it a second time.
  await runner`
    insert into qingdan.audit (at, actor, action, subject, detail)
    values (${at}, ${actor}, ${action}, ${subject}, ${JSON.stringify(detail)}::text::jsonb)`
}

/** An entry as stored. Ids grow with time. */
export interface StoredAuditEntry extends AuditEntry {
  readonly id: number
  readonly detail: NonNullable<AuditEntry['detail']>
}

interface AuditPage {
  readonly since?: Date | undefined
  /** The id of the last entry seen. */
  readonly before?: number | undefined
  readonly limit: number
}

/**
 * Entries, the newest first: a walk visits each once, whatever is added meanwhile. Details hold names, counts
 * and reasons, never values of rows.
 */
export async function listAudit(
  runner: Runner,
  { since, before, limit }: AuditPage,
): Promise<readonly StoredAuditEntry[]> {
  const rows = await runner<StoredAuditEntry[]>`
    select id::float8 as id, at, actor, action, subject, detail from qingdan.audit
    where (${since ?? null}::timestamptz is null or at >= ${since ?? null})
      and (${before ?? null}::bigint is null or id < ${before ?? null})
    order by id desc limit ${limit}`
  return [...rows]
}

/**
 * Appends an entry for each restricted dataset before its data is sent to the holder of a key. Await it
 * before the first byte is sent: a read that can't be recorded must not be served.
 */
export async function writeReads(
  runner: Runner,
  reads: readonly DataRead[],
  { caller, requestId, parameters }: ReadBy,
  at: Date,
): Promise<void> {
  const action = caller.scopes.includes('read-restricted') ? 'restricted-data-read' : 'shared-data-read'
  for (const { dataset, versions, operation, open } of reads) {
    if (open) continue
    const names = versions.map(([edition, version]) => `${edition}/v${version}`)
    const [only, ...others] = names
    const isOne = only !== undefined && others.length === 0
    const detail = { operation, parameters, requestId, ...(isOne ? {} : { versions: names }) }
    const subject = isOne ? `${dataset}/${only}` : dataset
    await writeAudit(runner, { at, actor: `key:${caller.keyId}`, action, subject, detail })
  }
}
