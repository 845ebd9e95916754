/**
 * Keys, what was asked with them, the public keys of those who sign, and the audit of what was done. A key's secret is never
 * kept, only its digest; nor the address that it was used from.
 */
import { bigint, date, index, integer, jsonb, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'
import { qingdan } from '../db/tables.ts'

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 })

export const key = qingdan.table('key', {
  /** Public part of the key, shown in lists and logs. */
  id: text().primaryKey(),
  /** SHA-256 of the secret part, which has 256 random bits: no slow hash is needed for it. */
  digest: text().notNull(),
  label: text().notNull(),
  scopes: text().array().notNull(),
  provider: text(),
  datasets: text().array(),
  createdAt: instant('created_at').notNull(),
  expiresAt: instant('expires_at'),
  revokedAt: instant('revoked_at'),
  /** Requests that it may send; null is without a limit of its own. */
  perMinute: integer('per_minute'),
  perDay: integer('per_day'),
  /** Networks that it may be used from, as CIDR; null is from anywhere. */
  addresses: text().array(),
})

/**
 * How many requests a key with a quota has sent in the present minute and day: a row a key, counted by all processes. What is
 * refused by the minute counts for the minute alone.
 */
export const keyCount = qingdan.table('key_count', {
  keyId: text('key_id').primaryKey(),
  /** The beginning of the minute that is counted. */
  minute: instant('minute').notNull(),
  minuteCount: integer('minute_count').notNull(),
  /** The day in Shanghai that is counted. */
  day: date().notNull(),
  dayCount: integer('day_count').notNull(),
})

/** What was asked with a key: by day in Shanghai and dataset. Gone after the days that the settings say. */
export const keyUsage = qingdan.table(
  'key_usage',
  {
    keyId: text('key_id').notNull(),
    day: date().notNull(),
    /** Empty for requests that concern no dataset, or several. */
    dataset: text().notNull(),
    requests: bigint({ mode: 'number' }).notNull(),
    /** Those of them that were refused. */
    refused: bigint({ mode: 'number' }).notNull(),
    /** Of bodies, as they were sent. */
    bytes: bigint({ mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.keyId, table.day, table.dataset] }), index().on(table.day)],
)

/** How far the holder of a key has come in the feed: the cursor that it presented last. */
export const keyCursor = qingdan.table('key_cursor', {
  keyId: text('key_id').primaryKey(),
  cursor: text().notNull(),
  /** Its place in the changes. */
  position: bigint({ mode: 'number' }).notNull(),
  /** The types and datasets that the feed was asked for; null is all. */
  types: text().array(),
  datasets: text().array(),
  seenAt: instant('seen_at').notNull(),
})

/** OpenPGP keys whose signatures count, each for one provider. */
export const signer = qingdan.table('signer', {
  /** Of the primary key, in upper-case hexadecimal digits. */
  fingerprint: text().primaryKey(),
  /** Armoured, as it was given. */
  publicKey: text('public_key').notNull(),
  userIds: text('user_ids').array().notNull(),
  provider: text().notNull(),
  /** Null where it is for all that the provider brings. */
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
