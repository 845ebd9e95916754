/** The catalogue's tables: pinned contracts, editions, versions, distributions, and the change log. */
import { bigint, date, index, integer, jsonb, primaryKey, text, timestamp, unique } from 'drizzle-orm/pg-core'
import type { ChangeKind, RecordDifference, VersionFacts } from '../contract/index.ts'
import { qingdan } from '../db/tables.ts'

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

/** A contract as first loaded. A contract file that no longer has the pinned digest is refused at start. */
export const contract = qingdan.table(
  'contract',
  {
    dataset: text().notNull(),
    contractVersion: integer('contract_version').notNull(),
    digest: text().notNull(),
    body: jsonb().notNull(),
    /** compatible, additive or breaking, compared with the previous contract; null for the first. */
    verdict: text(),
    loadedAt: instant('loaded_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.dataset, table.contractVersion] })],
)

export const edition = qingdan.table(
  'edition',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    dataset: text().notNull(),
    edition: text().notNull(),
    periodStart: date('period_start').notNull(),
    periodEnd: date('period_end').notNull(),
  },
  (table) => [unique().on(table.dataset, table.edition)],
)

export const version = qingdan.table(
  'version',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    editionId: bigint('edition_id', { mode: 'number' })
      .notNull()
      .references(() => edition.id),
    number: integer().notNull(),
    contractVersion: integer('contract_version').notNull(),
    /** draft assembled derived controlled published superseded withdrawn */
    state: text().notNull(),
    /** Why this version was published; null only for the first. Public. */
    reason: text(),
    /**
     * Table in the schema `published` that holds the records; null until the version is prepared, like the
     * next columns.
     */
    recordsTable: text('records_table'),
    records: bigint({ mode: 'number' }),
    /** SHA-256 of the plain CSV distribution. */
    digest: text(),
    /** Difference from the previous version, by key; null if not counted. */
    difference: jsonb().$type<RecordDifference>(),
    parts: jsonb().$type<VersionFacts['parts']>().notNull().default([]),
    /** Missing parts that were waived. Public. */
    waivers: jsonb().$type<VersionFacts['waivers']>().notNull().default([]),
    warnings: jsonb().$type<VersionFacts['warnings']>().notNull().default([]),
    /** What disclosure control withheld: {rule, cells, records, byReason}. */
    suppressions: jsonb().$type<VersionFacts['suppressions']>().notNull().default({}),
    /** Formats of the contract that the version does not have. Public. */
    omitted: jsonb().$type<VersionFacts['omitted']>().notNull().default([]),
    publishedAt: instant('published_at'),
    withdrawnAt: instant('withdrawn_at'),
    withdrawnReason: text('withdrawn_reason'),
    /** When its erasure was decided; the records are gone once `records_table` is null. */
    erasedAt: instant('erased_at'),
  },
  (table) => [unique().on(table.editionId, table.number)],
)

export const distribution = qingdan.table(
  'distribution',
  {
    versionId: bigint('version_id', { mode: 'number' })
      .notNull()
      .references(() => version.id),
    /** File name, `{slug}-{edition}-v{n}.{extension}`. */
    name: text().notNull(),
    format: text().notNull(),
    mediaType: text('media_type').notNull(),
    bytes: bigint({ mode: 'number' }).notNull(),
    digest: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.versionId, table.name] })],
)

/** Tokens that show a prepared draft before its release. Only the digest of a token is stored. */
export const preview = qingdan.table(
  'preview',
  {
    /** Public part of the token, shown in lists. */
    id: text().primaryKey(),
    /** SHA-256 of the secret part, which has 256 random bits. */
    digest: text().notNull(),
    versionId: bigint('version_id', { mode: 'number' })
      .notNull()
      .references(() => version.id),
    /** SHA-256 of the plain CSV that it shows, so that the token does not show later records of the draft. */
    sha256: text().notNull(),
    createdAt: instant('created_at').notNull(),
    createdBy: text('created_by').notNull(),
    expiresAt: instant('expires_at').notNull(),
    revokedAt: instant('revoked_at'),
  },
  (table) => [index().on(table.versionId)],
)

export const change = qingdan.table('change', {
  position: bigint({ mode: 'number' }).primaryKey(),
  at: instant('at').notNull(),
  kind: text().$type<ChangeKind>().notNull(),
  dataset: text().notNull(),
  edition: text(),
  version: integer(),
  body: jsonb().$type<object>().notNull().default({}),
})

/** One row, locked last in the publishing transaction, so that positions appear in the order of commits. */
export const changeCounter = qingdan.table('change_counter', {
  id: integer().primaryKey(),
  position: bigint({ mode: 'number' }).notNull(),
})
