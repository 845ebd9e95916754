/** `qingdan audit`: the audit log, newest first. */
import { auditLimitMax, listAudit, type StoredAuditEntry } from '../../accounts/index.ts'
import { parseMoment, parseSpan } from '../../platform/time.ts'
import { type Common, UsageError } from '../command.ts'
import { print, table } from '../output.ts'
import { withService } from '../with-context.ts'

export interface AuditOptions extends Common {
  readonly since?: string
  readonly limit: string
}

export async function audit({ since, limit, ...options }: AuditOptions): Promise<void> {
  const most = Number(limit)
  if (!/^[1-9]\d{0,6}$/.test(limit)) throw new UsageError('--limit must be a number from 1 to 9999999.')
  const from = since === undefined ? undefined : startOf(since)
  await withService(async ({ database }) => {
    const entries: StoredAuditEntry[] = []
    for (let before: number | undefined; entries.length < most; ) {
      const page = Math.min(auditLimitMax, most - entries.length)
      const found = await listAudit(database.work, { since: from, before, limit: page })
      entries.push(...found)
      before = found.at(-1)?.id
      if (found.length < page) break
    }
    print.result(options, entries, () => {
      const rows = entries.map((entry) => ({ ...entry, detail: JSON.stringify(entry.detail) }))
      table(rows, ['at', 'actor', 'action', 'subject', 'detail'])
    })
  })
}

/** A moment, or one so long ago. Throws UsageError for anything else. */
function startOf(text: string): Date {
  const span = parseSpan(text)
  const moment = span === undefined ? parseMoment(text) : new Date(Date.now() - span)
  if (moment !== undefined) return moment
  throw new UsageError('--since must be a span such as 12h or 7d, a day such as 2026-03-01, or a time.')
}
