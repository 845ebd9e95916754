/**
 * The registry of OpenPGP keys: whose signatures count, for which provider and datasets, and in which period.
 * Keys are parsed beforehand (bundle/openpgp-keys.ts). Refuses an empty validity period and a key that was
 * revoked here: its owner needs a new key.
 */

import type { Database } from '../db/database.ts'
import { problem } from '../platform/problem.ts'
import { writeAudit } from './audit.ts'
import type { By } from './keys/keys.ts'

interface SignerRequest {
  /** Of the primary key, in upper-case hexadecimal digits. */
  readonly fingerprint: string
  /** Armoured, and only public. */
  readonly publicKey: string
  readonly userIds: readonly string[]
  /** The provider whose bundles it may sign. */
  readonly provider: string
  /** Restricts it to these datasets. */
  readonly datasets?: readonly string[]
  /** Signatures made earlier are refused. */
  readonly validFrom?: Date
  /** Signatures made or received from then on are refused. */
  readonly validUntil?: Date
}

export interface Signer extends SignerRequest {
  readonly addedAt: Date
  /** Signatures made or received from then on are refused. */
  readonly revokedAt?: Date
  readonly revokedReason?: string
}

/** Longest reason, in characters: it must fit a line of a list. */
const reasonLengthMax = 200

/**
 * Registers a key, or updates packets, scope and validity of a registered one. Returns whether it is new.
 * Throws `parameter-invalid`, and `signer-revoked` where it was revoked here.
 */
export async function addSigner(
  database: Pick<Database, 'work'>,
  request: SignerRequest,
  { clock, actor }: By,
): Promise<{ readonly isNew: boolean }> {
  checkRequest(request)
  const at = clock()
  const { fingerprint, publicKey, userIds, provider, datasets = null } = request
  const { validFrom = null, validUntil = null } = request
  return database.work.begin(async (tx) => {
    const [stored] = await tx`
      insert into qingdan.signer
        (fingerprint, public_key, user_ids, provider, datasets, valid_from, valid_until, added_at)
      values (${fingerprint}, ${publicKey}, ${[...userIds]}, ${provider},
        ${datasets === null ? null : [...datasets]}, ${validFrom}, ${validUntil}, ${at})
      on conflict (fingerprint) do update set public_key = excluded.public_key, user_ids = excluded.user_ids,
        provider = excluded.provider, datasets = excluded.datasets, valid_from = excluded.valid_from,
        valid_until = excluded.valid_until
      where qingdan.signer.revoked_at is null
      returning (xmax = 0) as "isNew"`
    if (stored === undefined) throw problem('signer-revoked', { fingerprint })
    const detail = {
      provider,
      datasets,
      validFrom: validFrom?.toISOString() ?? null,
      validUntil: validUntil?.toISOString() ?? null,
    }
    const isNew = stored['isNew'] === true
    const action = isNew ? 'signer-added' : 'signer-changed'
    await writeAudit(tx, { at, actor, action, subject: `signer:${fingerprint}`, detail })
    return { isNew }
  })
}

/** Revokes a key from this moment; a second call changes nothing. Returns whether the key exists. */
export async function revokeSigner(
  database: Pick<Database, 'work'>,
  { fingerprint, reason }: { readonly fingerprint: string; readonly reason: string },
  { clock, actor }: By,
): Promise<boolean> {
  if (reason.trim() === '' || reason.length > reasonLengthMax) {
    throw problem('parameter-invalid', {
      path: 'reason',
      detail: `A reason has 1 to ${reasonLengthMax} characters.`,
    })
  }
  return database.work.begin(async (tx) => {
    const [found] = await tx`
      select revoked_at from qingdan.signer where fingerprint = ${fingerprint} for update`
    if (found === undefined) return false
    if (found['revoked_at'] === null) {
      const at = clock()
      await tx`
        update qingdan.signer set revoked_at = ${at}, revoked_reason = ${reason}
        where fingerprint = ${fingerprint}`
      const subject = `signer:${fingerprint}`
      await writeAudit(tx, { at, actor, action: 'signer-revoked', subject, detail: { reason } })
    }
    return true
  })
}

/** All registered keys, newest first, including revoked and expired ones. */
export async function listSigners(database: Pick<Database, 'work'>): Promise<readonly Signer[]> {
  const rows = await database.work<SignerRow[]>`
    select fingerprint, public_key, user_ids, provider, datasets, valid_from, valid_until, added_at, revoked_at,
      revoked_reason
    from qingdan.signer order by added_at desc, fingerprint`
  return rows.map(signerOf)
}

/** A registered key by its fingerprint or its last 16+ digits. Undefined if none or several match. */
export async function findSigner(
  database: Pick<Database, 'work'>,
  name: string,
): Promise<Signer | undefined> {
  const wanted = name.replaceAll(/[\s:]/g, '').toUpperCase()
  if (!/^[0-9A-F]{16,64}$/.test(wanted)) return undefined
  const matching = (await listSigners(database)).filter(({ fingerprint }) => fingerprint.endsWith(wanted))
  return matching.length === 1 ? matching[0] : undefined
}

interface SignerRow {
  readonly fingerprint: string
  readonly public_key: string
  readonly user_ids: readonly string[]
  readonly provider: string
  readonly datasets: readonly string[] | null
  readonly valid_from: Date | null
  readonly valid_until: Date | null
  readonly added_at: Date
  readonly revoked_at: Date | null
  readonly revoked_reason: string | null
}

function signerOf(row: SignerRow): Signer {
  return {
    fingerprint: row.fingerprint,
    publicKey: row.public_key,
    userIds: row.user_ids,
    provider: row.provider,
    addedAt: row.added_at,
    ...(row.datasets === null ? {} : { datasets: row.datasets }),
    ...(row.valid_from === null ? {} : { validFrom: row.valid_from }),
    ...(row.valid_until === null ? {} : { validUntil: row.valid_until }),
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
    ...(row.revoked_reason === null ? {} : { revokedReason: row.revoked_reason }),
  }
}

function checkRequest({ datasets, validFrom, validUntil }: SignerRequest): void {
  if (datasets?.length === 0) {
    throw problem('parameter-invalid', {
      path: 'datasets',
      detail: 'Name at least one dataset, or leave the datasets out.',
    })
  }
  if (validFrom !== undefined && validUntil !== undefined && validFrom >= validUntil) {
    throw problem('parameter-invalid', {
      path: 'validUntil',
      detail: 'The end of the validity must be after its start.',
    })
  }
}
