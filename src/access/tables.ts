/**
 * Keys, the public keys of those who sign, and the audit of what was done with them. A key's secret is never kept, only
 * its digest.
 */
import { bigint, index, jsonb, text, timestamp } from 'drizzle-orm/pg-core'
import { qingdan } from '../store/tables.ts'

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
