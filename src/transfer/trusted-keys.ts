/** Keys of origins that a mirror trusts: registered by the machine's operator, never taken from a bag. */
import { writeAudit } from '../accounts/index.ts'
import { type PublicKeyFile, readPublicKey } from '../bundle/index.ts'
import type { AppContext } from '../catalogue/index.ts'
import { readSetting, writeSetting } from '../db/settings-store.ts'

const settingName = 'mirror-keys'

interface TrustedKey {
  readonly fingerprint: string
  readonly armored: string
  /** ISO 8601 in UTC. */
  readonly trustedAt: string
  readonly trustedBy: string
}

/** The trusted keys, in order of registration. */
export async function listTrusted({ database }: AppContext): Promise<readonly TrustedKey[]> {
  return ((await readSetting(database.work, settingName)) as readonly TrustedKey[] | undefined) ?? []
}

/** Trusts a public key from now on. Returns false if it was trusted before. Throws KeyFault. */
export async function trustKey(
  context: AppContext,
  { armored, actor }: { readonly armored: string; readonly actor: string },
): Promise<{ readonly fingerprint: string; readonly isNew: boolean }> {
  const { fingerprint } = await readPublicKey(armored)
  return context.database.lock(settingName, async () => {
    const known = await listTrusted(context)
    if (known.some((key) => key.fingerprint === fingerprint)) return { fingerprint, isNew: false }
    const trustedAt = context.clock().toISOString()
    await write(context, [...known, { fingerprint, armored, trustedAt, trustedBy: actor }], {
      action: 'mirror-trust',
      fingerprint,
      actor,
    })
    return { fingerprint, isNew: true }
  })
}

/** Stops trusting a key. Returns false if it was not trusted. Earlier exports remain. */
export async function distrustKey(
  context: AppContext,
  { fingerprint, actor }: { readonly fingerprint: string; readonly actor: string },
): Promise<boolean> {
  return context.database.lock(settingName, async () => {
    const known = await listTrusted(context)
    const remaining = known.filter((key) => key.fingerprint !== fingerprint)
    if (remaining.length === known.length) return false
    await write(context, remaining, { action: 'mirror-distrust', fingerprint, actor })
    return true
  })
}

async function write(
  context: AppContext,
  keys: readonly TrustedKey[],
  act: { readonly action: string; readonly fingerprint: string; readonly actor: string },
): Promise<void> {
  await context.database.work.begin(async (tx) => {
    await writeSetting(
      tx,
      settingName,
      keys.map((key) => ({ ...key })),
    )
    await writeAudit(tx, {
      at: context.clock(),
      actor: act.actor,
      action: act.action,
      subject: act.fingerprint,
    })
  })
}

/** The trusted keys in the form that signature checks take. */
export async function openTrusted(context: AppContext): Promise<readonly PublicKeyFile[]> {
  return Promise.all((await listTrusted(context)).map(({ armored }) => readPublicKey(armored)))
}
