/**
 * Creates, lists and revokes keys. The full key `qd_<id>_<secret>` is shown once; only a digest of the secret
 * is stored. Refuses keys without label or scopes, an expiry before the start, and implausible limits.
 */
import { randomBytes } from 'node:crypto'
import type { Database } from '../../db/database.ts'
import { selectList } from '../../db/select-list.ts'
import { type Quota, scopes } from '../../platform/caller.ts'
import { type Digest, digestOf } from '../../platform/digest.ts'
import { problem } from '../../platform/problem.ts'
import type { Clock } from '../../platform/time.ts'
import { writeAudit } from '../audit.ts'
import { isNetwork, networksMax } from '../networks.ts'
import { key } from '../tables.ts'
import { perDayMax, perMinuteMax } from './quota.ts'
import type { KeyRequest, KeySummary } from './schemas.ts'

/** Who acts and when, for the audit log. */
export interface By {
  readonly clock: Clock
  readonly actor: string
}

/** Longest label, in characters: it must fit a line of a list. */
const labelLengthMax = 200

/**
 * Creates a key and returns its id and the full secret, which can't be retrieved later. Throws
 * `parameter-invalid` with the path of the invalid parameter.
 */
export async function createKey(
  database: Pick<Database, 'work'>,
  request: KeyRequest,
  { clock, actor }: By,
): Promise<{ readonly id: string; readonly secret: string }> {
  checkRequest(request, clock())
  // 72 random bits make ids unique; 256 bits of secret make a slow hash unnecessary.
  const id = randomBytes(9).toString('hex')
  const secret = randomBytes(32).toString('base64url')
  const at = clock()
  const {
    label,
    provider = null,
    datasets = null,
    venues = null,
    expiresAt = null,
    addresses = null,
  } = request
  const { perMinute = null, perDay = null } = request.quota ?? {}
  await database.work.begin(async (tx) => {
    await tx`
      insert into qingdan.key (id, digest, label, scopes, provider, datasets, created_at, expires_at,
        per_minute, per_day, addresses, venues)
      values (${id}, ${digestOf(secret)}, ${label}, ${[...request.scopes]}, ${provider},
        ${datasets === null ? null : [...datasets]}, ${at}, ${expiresAt},
        ${perMinute}, ${perDay}, ${addresses === null ? null : [...addresses]},
        ${venues === null ? null : [...venues]})`
    const limits = { perMinute, perDay, addresses, expiresAt: expiresAt?.toISOString() ?? null }
    const detail = {
      label,
      scopes: request.scopes,
      provider,
      datasets,
      ...(venues === null ? {} : { venues }),
      ...limits,
    }
    await writeAudit(tx, { at, actor, action: 'key-created', subject: `key:${id}`, detail })
  })
  return { id, secret: `qd_${id}_${secret}` }
}

/** All keys, newest first, including revoked and expired ones; never a secret or its digest. */
export async function listKeys(database: Pick<Database, 'work'>): Promise<readonly KeySummary[]> {
  const rows = await database.work<KeyRow[]>`
    select ${database.work.unsafe(keyColumns)} from qingdan.key order by created_at desc, id`
  return rows.map(summaryOf)
}

/** Revokes a key from this moment; a second call changes nothing. Returns whether the key exists. */
export async function revokeKey(
  database: Pick<Database, 'work'>,
  id: string,
  { clock, actor }: By,
): Promise<boolean> {
  return database.work.begin(async (tx) => {
    const [found] = await tx`select revoked_at from qingdan.key where id = ${id} for update`
    if (found === undefined) return false
    if (found['revoked_at'] === null) {
      const at = clock()
      await tx`update qingdan.key set revoked_at = ${at} where id = ${id}`
      await writeAudit(tx, { at, actor, action: 'key-revoked', subject: `key:${id}` })
    }
    return true
  })
}

/** A stored key by its id, read under the serving role: each request with a key runs this query. */
export async function findKey(
  database: Pick<Database, 'serve'>,
  id: string,
): Promise<(KeySummary & { readonly digest: Digest }) | undefined> {
  const [row] = await database.serve<KeyRow[]>`
    select ${database.serve.unsafe(keyColumns)} from qingdan.key where id = ${id}`
  return row === undefined ? undefined : { ...summaryOf(row), digest: row.digest }
}

type KeyRow = typeof key.$inferSelect

const keyColumns = selectList(key)

function summaryOf(row: KeyRow): KeySummary {
  return {
    id: row.id,
    label: row.label,
    scopes: row.scopes,
    createdAt: row.createdAt,
    ...(row.provider === null ? {} : { provider: row.provider }),
    ...(row.datasets === null ? {} : { datasets: row.datasets }),
    ...(row.venues === null ? {} : { venues: row.venues }),
    ...quotaOf(row),
    ...(row.addresses === null ? {} : { addresses: row.addresses }),
    ...(row.expiresAt === null ? {} : { expiresAt: row.expiresAt }),
    ...(row.revokedAt === null ? {} : { revokedAt: row.revokedAt }),
  }
}

function quotaOf({ perMinute, perDay }: KeyRow): { readonly quota?: Quota } {
  if (perMinute === null && perDay === null) return {}
  return {
    quota: { ...(perMinute === null ? {} : { perMinute }), ...(perDay === null ? {} : { perDay }) },
  }
}

function checkRequest(request: KeyRequest, now: Date): void {
  const refuse = (path: string, detail: string) => problem('parameter-invalid', { path, detail })
  if (request.label.trim() === '' || request.label.length > labelLengthMax) {
    throw refuse('label', `A key needs a label of 1 to ${labelLengthMax} characters.`)
  }
  const known: readonly string[] = scopes
  if (request.scopes.length === 0 || request.scopes.some((scope) => !known.includes(scope))) {
    throw refuse('scopes', `A key needs at least one scope of ${scopes.join(', ')}.`)
  }
  if (request.datasets?.length === 0) {
    throw refuse('datasets', 'Name at least one dataset, or leave the datasets out.')
  }
  if (request.venues?.length === 0)
    throw refuse('venues', 'Name at least one venue, or leave the venues out.')
  if (request.expiresAt !== undefined && !(request.expiresAt > now)) {
    throw refuse('expiresAt', 'The expiry must be in the future.')
  }
  if (request.scopes.includes('read-shared') && request.scopes.includes('read-restricted')) {
    throw refuse('scopes', 'read-restricted includes what read-shared reads: choose one of them.')
  }
  checkLimits(request)
}

function checkLimits({ quota = {}, addresses }: KeyRequest): void {
  const refuse = (path: string, detail: string) => problem('parameter-invalid', { path, detail })
  const bounds = { perMinute: perMinuteMax, perDay: perDayMax } as const
  for (const name of ['perMinute', 'perDay'] as const) {
    const value = quota[name]
    if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= bounds[name])) continue
    throw refuse(name, `Expected a whole number from 1 to ${bounds[name]}.`)
  }
  if (addresses === undefined) return
  if (addresses.length === 0 || addresses.length > networksMax) {
    throw refuse('addresses', `Name 1 to ${networksMax} networks, or leave them out.`)
  }
  if (!addresses.every(isNetwork)) {
    throw refuse('addresses', 'Expected an address or a network such as 192.0.2.0/24 or 2001:db8::/32.')
  }
}
