/** Requested publications: who requested them, what they wait for, and how they ended. */
import { sql } from 'drizzle-orm'
import { bigint, index, jsonb, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core'
import type { Waiver } from '../contract/index.ts'
import { qingdan } from '../db/tables.ts'
import type { Finding } from '../platform/finding.ts'
import type { PublicationBody } from './schemas.ts'

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

/** A requested publication: the explicit act, what it waits for, and its outcome. One row per request. */
export const publication = qingdan.table(
  'publication',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    versionId: bigint('version_id', { mode: 'number' }).notNull(),
    askedAt: instant('asked_at').notNull(),
    /** `key:<id>` or `cli:<user>`, as all actors here. */
    askedBy: text('asked_by').notNull(),
    /** Why the version is made, as requested. */
    reason: text(),
    waivers: jsonb().$type<readonly Waiver[]>().notNull().default([]),
    /** Not before this moment; null for no such condition. */
    releaseAt: instant('release_at'),
    /** `asked`, then `prepared` while it waits; `done`, `refused` and `dropped` are terminal. */
    state: text().$type<PublicationBody['state']>().notNull(),
    /** Findings across parts: why it was refused, or warnings that hold it until it is approved. */
    findings: jsonb().$type<readonly Finding[]>().notNull().default([]),
    preparedAt: instant('prepared_at'),
    /** SHA-256 of the plain CSV as prepared: only this may be released. */
    digest: text(),
    approvedAt: instant('approved_at'),
    approvedBy: text('approved_by'),
    /** The digest that was approved. */
    approvedDigest: text('approved_digest'),
    /** When it was done, refused or dropped; for a dropped one also by whom and why. */
    endedAt: instant('ended_at'),
    endedBy: text('ended_by'),
    endedReason: text('ended_reason'),
  },
  (table) => [
    index().on(table.versionId),
    // The database enforces it too: one open request per draft.
    uniqueIndex('publication_open').on(table.versionId).where(sql`${table.state} IN ('asked', 'prepared')`),
  ],
)
