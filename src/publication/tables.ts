/** Requested publications: who asked, what they wait for, and how they ended. */
import { sql } from 'drizzle-orm'
import { bigint, index, jsonb, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core'
import { qingdan } from '../db/tables.ts'

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

/** An asked-for publication: the explicit act, what it waits for, and what became of it. Each asking is a row. */
export const publication = qingdan.table(
  'publication',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    versionId: bigint('version_id', { mode: 'number' }).notNull(),
    askedAt: instant('asked_at').notNull(),
    /** `key:<id>` or `cli:<user>`, as all actors here. */
    askedBy: text('asked_by').notNull(),
    /** [{provider, reason}] */
    waivers: jsonb().notNull().default([]),
    /** Why the version is made, as asked. */
    reason: text(),
    /** Not before this moment; null where it is not waited for one. */
    releaseAt: instant('release_at'),
    /** asked prepared done refused dropped */
    state: text().notNull(),
    /** Findings across parts, where refused. */
    findings: jsonb().notNull().default([]),
    preparedAt: instant('prepared_at'),
    /** SHA-256 of the plain CSV as prepared: this and nothing else is released. */
    digest: text(),
    approvedAt: instant('approved_at'),
    approvedBy: text('approved_by'),
    /** The digest that was approved. */
    approvedDigest: text('approved_digest'),
    /** When it was done, refused or dropped, and for a dropped one by whom and why. */
    endedAt: instant('ended_at'),
    endedBy: text('ended_by'),
    endedReason: text('ended_reason'),
  },
  (table) => [
    index().on(table.versionId),
    // A second wall: a draft is asked for once at a time.
    uniqueIndex('publication_open').on(table.versionId).where(sql`${table.state} IN ('asked', 'prepared')`),
  ],
)
