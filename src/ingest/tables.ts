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
import { qingdan } from '../db/tables.ts'

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

export const bundle = qingdan.table(
  'bundle',
  {
    /** SHA-256 of what was received: of the ZIP's bytes, or of a folder's sorted file digests. */
    id: text().primaryKey(),
    /** `zip` or `folder`. */
    packing: text().notNull(),
    bytes: bigint({ mode: 'number' }).notNull(),
    /** received verified waiting validated staged; refused failed; quarantined, then released or dropped */
    state: text().notNull(),
    /** [{state, at}], oldest first. */
    history: jsonb().notNull(),
    receivedAt: instant('received_at').notNull(),
    /** Who brought it: `key:<id>` or `cli:<user>`. */
    broughtBy: text('brought_by').notNull(),
    /** Known once the manifest has been verified. */
    dataset: text(),
    edition: text(),
    provider: text(),
    contractVersion: integer('contract_version'),
    sequence: integer(),
    /** `full` or `delta`. */
    mode: text(),
    /** The number of the version that a delta is against. */
    against: integer(),
    /** Where it is one of several bags that make a bundle together: the provider's name for them, and which of how many. */
    groupIdentifier: text('group_identifier'),
    groupNumber: integer('group_number'),
    groupCount: integer('group_count'),
    /** What a delta did to its base: {added, changed, deleted, unchanged}, in rows. */
    changes: jsonb(),
    /** Whether the bundle says of itself that its data are made up; shown wherever they are. */
    synthetic: boolean().notNull().default(false),
    /** Fingerprint of the OpenPGP key whose signature was good; null where there was none. */
    signer: text(),
    /** Counts per file: [{file, digest, rowsRead, rowsTaken, rowsRefused, repairs}]. */
    files: jsonb().notNull().default([]),
    errors: bigint({ mode: 'number' }).notNull().default(0),
    warnings: bigint({ mode: 'number' }).notNull().default(0),
    /** All findings by check: [{check, errors, warnings}]. */
    summary: jsonb().notNull().default([]),
    /** The bounds of the contract's tolerance that do not hold: [{bound, allowed, found}]. */
    exceeded: jsonb().notNull().default([]),
    /** What was decided about it in quarantine: {act, by, at, reason}; `act` is `release` or `drop`. */
    decision: jsonb(),
    /** Id of the bundle whose part it replaced. */
    replaces: text(),
  },
  (table) => [
    index('bundle_sequence').on(table.dataset, table.provider, table.sequence),
    index('bundle_group').on(table.provider, table.groupIdentifier),
  ],
)

export const finding = qingdan.table(
  'finding',
  {
    bundleId: text('bundle_id')
      .notNull()
      .references(() => bundle.id),
    n: integer().notNull(),
    check: text().notNull(),
    severity: text().notNull(),
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

/** The share of one provider in an edition, as staged; the newest one that is not replaced counts. */
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
    /** How many deltas rest on each other, this one included; 0 for a full bundle. */
    chain: integer().notNull().default(0),
    /** All bundles that the rows may come from: of a group each bag, of a delta those of its base as well. */
    bundles: jsonb().notNull().default([]),
    stagedAt: instant('staged_at').notNull(),
    replacedAt: instant('replaced_at'),
  },
  (table) => [
    // A second wall: never two parts of one provider in hand.
    uniqueIndex('part_in_hand')
      .on(table.dataset, table.edition, table.provider)
      .where(sql`${table.replacedAt} IS NULL`),
  ],
)
