/** Received bundles with their receipts and findings, and the parts that are staged. */
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import type { BundleMode, FileCount } from '../bundle/index.ts'
import { qingdan } from '../db/tables.ts'
import type { Severity } from '../platform/finding.ts'
import type { DirectoryPin } from './pipeline/parts.ts'
import type { BundleState, Changes, CheckCount, Decision, ReceiptBody } from './receipts/schemas.ts'

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

export const bundle = qingdan.table(
  'bundle',
  {
    /** SHA-256 of what was received: of the ZIP's bytes, or of a folder's sorted file digests. */
    id: text().primaryKey(),
    packing: text().$type<ReceiptBody['packing']>().notNull(),
    bytes: bigint({ mode: 'number' }).notNull(),
    state: text().$type<BundleState>().notNull(),
    /** Oldest first. */
    history: jsonb().$type<ReceiptBody['history']>().notNull(),
    receivedAt: instant('received_at').notNull(),
    /** The order in which bundles arrived, whatever the clock said. A rejected one that returns gets a new one. */
    arrival: bigint({ mode: 'number' }).notNull().generatedByDefaultAsIdentity(),
    /** Whose delivery is processed, with whose rights: `key:<id>` or `cli:<user>`. All are in `bundle_bringer`. */
    broughtBy: text('brought_by').notNull(),
    /** Known once the manifest has been verified. */
    dataset: text(),
    edition: text(),
    provider: text(),
    contractVersion: integer('contract_version'),
    sequence: integer(),
    mode: text().$type<BundleMode>(),
    /** The number of the version that a delta is against. */
    against: integer(),
    /** For one of several bags: the provider's name for the group, the bag's number, and the total. */
    groupIdentifier: text('group_identifier'),
    groupNumber: integer('group_number'),
    groupCount: integer('group_count'),
    /** Of a delta, once it is validated. */
    changes: jsonb().$type<Changes>(),
    /** Whether the bundle declares its data as synthetic; shown wherever they are. */
    synthetic: boolean().notNull().default(false),
    /** Fingerprint of the OpenPGP key whose signature was good; null where there was none. */
    signer: text(),
    files: jsonb().$type<readonly FileCount[]>().notNull().default([]),
    errors: bigint({ mode: 'number' }).notNull().default(0),
    warnings: bigint({ mode: 'number' }).notNull().default(0),
    /** By check, the most frequent first. */
    summary: jsonb().$type<readonly CheckCount[]>().notNull().default([]),
    /** The exceeded bounds of the contract's tolerance: why it is, or was, in quarantine. */
    exceeded: jsonb().$type<ReceiptBody['exceeded']>().notNull().default([]),
    decision: jsonb().$type<Decision>(),
    /** Id of the bundle whose part it replaced. */
    replaces: text(),
    /** When its bytes were removed, by a decision or after their retention; null while they are stored. */
    erasedAt: instant('erased_at'),
  },
  (table) => [
    index('bundle_sequence').on(table.dataset, table.provider, table.sequence),
    index('bundle_group').on(table.provider, table.groupIdentifier),
  ],
)

/** Everyone who delivered the bytes of a bundle; each may read its receipt. */
export const bundleBringer = qingdan.table(
  'bundle_bringer',
  {
    bundleId: text('bundle_id')
      .notNull()
      .references(() => bundle.id),
    broughtBy: text('brought_by').notNull(),
    /** First delivery. */
    at: instant('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.bundleId, table.broughtBy] })],
)

export const finding = qingdan.table(
  'finding',
  {
    bundleId: text('bundle_id')
      .notNull()
      .references(() => bundle.id),
    n: integer().notNull(),
    check: text().notNull(),
    severity: text().$type<Severity>().notNull(),
    file: text(),
    row: bigint({ mode: 'number' }),
    cell: text(),
    field: text(),
    header: text(),
    expected: text(),
    message: text().notNull(),
    messageZh: text('message_zh').notNull(),
    byteOffset: bigint('byte_offset', { mode: 'number' }),
  },
  (table) => [primaryKey({ columns: [table.bundleId, table.n] })],
)

/** The share of one provider in an edition, as staged; the newest that is not replaced is current. */
export const part = qingdan.table(
  'part',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    dataset: text().notNull(),
    edition: text().notNull(),
    provider: text().notNull(),
    bundleId: text('bundle_id')
      .notNull()
      .references(() => bundle.id),
    contractVersion: integer('contract_version').notNull(),
    rows: bigint({ mode: 'number' }).notNull(),
    /** Of a delta: the bundle of the part whose rows it changes. */
    baseId: text('base_id').references(() => bundle.id),
    /** Length of the chain of deltas, this one included; 0 for a full bundle. */
    chain: integer().notNull().default(0),
    /** All bundles that the rows may come from: every bag of a group; for a delta also those of its base. */
    bundles: jsonb().notNull().default([]),
    /** The published directories that its derivation has looked up: {name, dataset, edition, version}. */
    directories: jsonb().$type<readonly DirectoryPin[]>().notNull().default([]),
    stagedAt: instant('staged_at').notNull(),
    replacedAt: instant('replaced_at'),
  },
  (table) => [
    // The database enforces it too: never two current parts of one provider.
    uniqueIndex('part_in_hand')
      .on(table.dataset, table.edition, table.provider)
      .where(sql`${table.replacedAt} IS NULL`),
  ],
)
