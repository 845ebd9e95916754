/**
 * Finds the caller of an Authorization header. A faulty key, or one used outside its networks, is refused as
 * `key-invalid`, with one answer for all reasons; it is never treated as anonymous.
 */

import { timingSafeEqual } from 'node:crypto'
import { anonymousCaller, type Caller, type Scope } from '../../platform/caller.ts'
import { defined } from '../../platform/defined.ts'
import { digestOf } from '../../platform/digest.ts'
import { problem } from '../../platform/problem.ts'
import type { AccountsContext } from '../context.ts'
import { isWithin } from '../networks.ts'
import { findKey } from './keys.ts'

/** Longest header that is parsed; a key has 65 characters, plus a prefix. */
const headerLengthMax = 200

/** Reasons by which refusals are counted; the caller does not learn which one applied. */
type Refusal = 'malformed' | 'unknown' | 'wrong-secret' | 'revoked' | 'expired' | 'address'

/**
 * The caller of a request from an address: anonymous without a header, else the holder of the key. Throws
 * `key-invalid` and emits `key-refused` with the reason.
 */
export async function findCaller(
  { database, observe }: Pick<AccountsContext, 'database' | 'observe'>,
  authorization: string | undefined,
  { sender, now }: { readonly sender: string; readonly now: Date },
): Promise<Caller> {
  if (authorization === undefined) return anonymousCaller
  const refuse = (reason: Refusal) => {
    observe('key-refused', { reason })
    return problem('key-invalid')
  }
  const parts =
    authorization.length > headerLengthMax
      ? null
      : /^Bearer +qd_([0-9a-f]{18})_([A-Za-z0-9_-]{43})$/i.exec(authorization)
  const [, id, secret] = parts ?? []
  if (id === undefined || secret === undefined) throw refuse('malformed')
  const key = await findKey(database, id)
  // Compared even for an unknown id, so that response times do not reveal which ids exist.
  const sent = Buffer.from(digestOf(secret))
  const isSame = timingSafeEqual(sent, Buffer.from(key?.digest ?? digestOf('')))
  if (key === undefined) throw refuse('unknown')
  if (!isSame) throw refuse('wrong-secret')
  if (key.revokedAt !== undefined) throw refuse('revoked')
  if (key.expiresAt !== undefined && key.expiresAt <= now) throw refuse('expired')
  if (key.addresses !== undefined && !isWithin(key.addresses, sender)) throw refuse('address')
  return Object.freeze({
    keyId: key.id,
    scopes: key.scopes,
    ...defined({ provider: key.provider, datasets: key.datasets, venues: key.venues, quota: key.quota }),
  })
}

/** Throws `key-missing` for an anonymous caller and `scope-missing` for a key without the scope. */
export function requireScope(caller: Caller, scope: Scope): void {
  if (caller.keyId === undefined) throw problem('key-missing')
  if (!caller.scopes.includes(scope)) {
    throw problem('scope-missing', { detail: `This operation needs the scope \`${scope}\`.`, scope })
  }
}
