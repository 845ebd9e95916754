/** The keys of origins that a mirror trusts: registered once by whoever holds the machine, and never taken from a bag. */
import { writeAudit } from '../accounts/index.ts'
import { type PublicKeyFile, readPublicKey } from '../bundle/index.ts'
import type { House } from '../catalogue/index.ts'
import { readNote, writeNote } from '../db/settings-store.ts'

const noteName = 'mirror-keys'

export interface TrustedKey {
  readonly fingerprint: string
  readonly armored: string
  /** ISO 8601 in UTC. */
  readonly trustedAt: string
  readonly trustedBy: string
}

/** The keys that are trusted, in the order in which they were registered. */
export async function listTrusted({ database }: House): Promise<readonly TrustedKey[]> {
  return ((await readNote(database.work, noteName)) as readonly TrustedKey[] | undefined) ?? []
}

/** Trusts a public key from now on. Gives false where it was trusted before. Throws KeyFault. */
export async function trustKey(
  house: House,
  { armored, actor }: { readonly armored: string; readonly actor: string },
): Promise<{ readonly fingerprint: string; readonly isNew: boolean }> {
  const { fingerprint } = await readPublicKey(armored)
  return house.database.lock(noteName, async () => {
    const known = await listTrusted(house)
    if (known.some((key) => key.fingerprint === fingerprint)) return { fingerprint, isNew: false }
    const trustedAt = house.clock().toISOString()
    await write(house, [...known, { fingerprint, armored, trustedAt, trustedBy: actor }], {
      action: 'mirror-trust',
      fingerprint,
      actor,
    })
    return { fingerprint, isNew: true }
  })
}

/** Trusts a key no longer. Gives false where it was not trusted. What was taken before stays. */
export async function distrustKey(
  house: House,
  { fingerprint, actor }: { readonly fingerprint: string; readonly actor: string },
): Promise<boolean> {
  return house.database.lock(noteName, async () => {
    const known = await listTrusted(house)
    const rest = known.filter((key) => key.fingerprint !== fingerprint)
    if (rest.length === known.length) return false
    await write(house, rest, { action: 'mirror-distrust', fingerprint, actor })
    return true
  })
}

async function write(
  house: House,
  keys: readonly TrustedKey[],
  act: { readonly action: string; readonly fingerprint: string; readonly actor: string },
): Promise<void> {
  await house.database.work.begin(async (tx) => {
    await writeNote(
      tx,
      noteName,
      keys.map((key) => ({ ...key })),
    )
    await writeAudit(tx, {
      at: house.clock(),
      actor: act.actor,
      action: act.action,
      subject: act.fingerprint,
    })
  })
}

/** The trusted keys as what checks signatures. */
export async function openTrusted(house: House): Promise<readonly PublicKeyFile[]> {
  return Promise.all((await listTrusted(house)).map(({ armored }) => readPublicKey(armored)))
}
