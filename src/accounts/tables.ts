/**
 * Keys, their usage, the public keys of signers, and the audit log. Of a key's secret only the digest is
 * stored; the addresses that a key was used from are not stored.
 */
import { bigint, date, index, integer, jsonb, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'
import { qingdan } from '../db/tables.ts'
import type { Scope } from '../platform/caller.ts'
import type { Digest } from '../platform/digest.ts'

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

export const key = qingdan.table('key', {
  /** Public part of the key, shown in lists and logs. */
  id: text().primaryKey(),
  /** SHA-256 of the secret part, which has 256 random bits: no slow hash is needed for it. */
  digest: text().$type<Digest>().notNull(),
  label: text().notNull(),
  scopes: text().array().$type<readonly Scope[]>().notNull(),
  provider: text(),
  datasets: text().array(),
  /** Venues that it may close: codes or their beginnings; null means any. */
  venues: text().array(),
  createdAt: instant('created_at').notNull(),
  expiresAt: instant('expires_at'),
  revokedAt: instant('revoked_at'),
  /** Requests it may send; null means no limit of its own. */
  perMinute: integer('per_minute'),
  perDay: integer('per_day'),
  /** Networks that it may be used from, as CIDR; null means any. */
  addresses: text().array(),
})

/**
 * Requests that a key with a quota has sent in the current minute and day: one row per key, shared by all
 * processes. A request refused by the minute's limit counts for the minute only.
 */
export const keyCount = qingdan.table('key_count', {
  keyId: text('key_id').primaryKey(),
  /** Start of the counted minute. */
  minute: instant('minute').notNull(),
  minuteCount: integer('minute_count').notNull(),
  /** The counted day, in Shanghai. */
  day: date().notNull(),
  dayCount: integer('day_count').notNull(),
})

/** Usage of a key by day (Shanghai) and dataset, deleted after the configured number of days. */
export const keyUsage = qingdan.table(
  'key_usage',
  {
    keyId: text('key_id').notNull(),
    day: date().notNull(),
    /** Empty for requests that concern no dataset or several. */
    dataset: text().notNull(),
    requests: bigint({ mode: 'number' }).notNull(),
    /** How many of them were refused. */
    refused: bigint({ mode: 'number' }).notNull(),
    /** Bytes of response bodies as sent. */
    bytes: bigint({ mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.keyId, table.day, table.dataset] }), index().on(table.day)],
)

/** How far the holder of a key has read the feed: the cursor that it presented last. */
export const keyCursor = qingdan.table('key_cursor', {
  keyId: text('key_id').primaryKey(),
  cursor: text().notNull(),
  /** The cursor's position in the change log. */
  position: bigint({ mode: 'number' }).notNull(),
  /** The types and datasets requested from the feed; null means all. */
  types: text().array(),
  datasets: text().array(),
  seenAt: instant('seen_at').notNull(),
})

/** Requests of the current minute by caller, over all services. Rows are deleted after two minutes. */
export const rateCount = qingdan.table('rate_count', {
  /** A keyed digest of the caller. */
  caller: text().primaryKey(),
  minute: instant('minute').notNull(),
  count: integer().notNull(),
})

/** OpenPGP keys whose signatures count, each for one provider. */
export const signer = qingdan.table('signer', {
  /** Of the primary key, in upper-case hexadecimal digits. */
  fingerprint: text().primaryKey(),
  /** Armoured, as registered. */
  publicKey: text('public_key').notNull(),
  userIds: text('user_ids').array().notNull(),
  provider: text().notNull(),
  /** Null for all datasets of the provider. */
  datasets: text().array(),
  validFrom: instant('valid_from'),
  validUntil: instant('valid_until'),
  addedAt: instant('added_at').notNull(),
  revokedAt: instant('revoked_at'),
  revokedReason: text('revoked_reason'),
})

export const audit = qingdan.table(
  'audit',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: instant('at').notNull(),
    /** `key:<id>` or `cli:<user>`. */
    actor: text().notNull(),
    action: text().notNull(),
    subject: text().notNull(),
    detail: jsonb().notNull().default({}),
  },
  (table) => [index().on(table.at)],
)
