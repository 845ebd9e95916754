/**
 * The reader that an Authorization header stands for. A key that is wrong in any way is refused as `key-invalid`,
 * with one answer for all reasons, and is never taken for no key; so is a good one at an address that it is not for.
 */
import { timingSafeEqual } from 'node:crypto'
import { anonymousCaller, type Caller, type Scope } from '../../platform/caller.ts'
import { digestOf } from '../../platform/digest.ts'
import { problem } from '../../platform/problem.ts'
import type { AccountsContext } from '../context.ts'
import { isWithin } from '../networks.ts'
import { findKey } from './keys.ts'

/** The longest header that is looked at; a key of ours has 65 characters, and a prefix. */
const headerLengthMax = 200

/** The reasons under which refusals are counted; the caller is not told which one it was. */
type Refusal = 'malformed' | 'unknown' | 'wrong-secret' | 'revoked' | 'expired' | 'address'

/**
 * The reader of a request from an address: anonymous without a header, else the holder of the key.
 * Throws `key-invalid` and observes `key-refused` with its reason.
 */
export async function findReader(
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
  // Compared even for an unknown id, so that the time of the answer tells less.
  const given = Buffer.from(digestOf(secret))
  const same = timingSafeEqual(given, Buffer.from(key?.digest ?? digestOf('')))
  if (key === undefined) throw refuse('unknown')
  if (!same) throw refuse('wrong-secret')
  if (key.revokedAt !== undefined) throw refuse('revoked')
  if (key.expiresAt !== undefined && key.expiresAt <= now) throw refuse('expired')
  if (key.addresses !== undefined && !isWithin(key.addresses, sender)) throw refuse('address')
  return Object.freeze({
    keyId: key.id,
    scopes: key.scopes,
    ...(key.provider === undefined ? {} : { provider: key.provider }),
    ...(key.datasets === undefined ? {} : { datasets: key.datasets }),
    ...(key.quota === undefined ? {} : { quota: key.quota }),
  })
}

/** Throws `key-missing` for an anonymous reader and `scope-missing` for a key without the scope. */
export function requireScope(reader: Caller, scope: Scope): void {
  if (reader.keyId === undefined) throw problem('key-missing')
  if (!reader.scopes.includes(scope)) {
    throw problem('scope-missing', { detail: `The scope \`${scope}\` is needed.`, scope })
  }
}
