/** The audit: who did what to which subject, appended and never changed. It takes no values of rows. */
import type { Runner } from '../store/database.ts'

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
