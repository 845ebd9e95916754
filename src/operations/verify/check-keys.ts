/** Checks that the keys can be read and have their fingerprints: the service's, its signers', its origins'. */
import { findServiceKey, listSigners } from '../../accounts/index.ts'
import { openPrivateKey, readPublicKey } from '../../bundle/index.ts'
import { listTrusted } from '../../transfer/index.ts'
import type { Verification } from './verification.ts'

const serviceKeyFile = 'keys/service.asc'

/** Returns the public key of the service, unless it is missing or damaged. */
export async function checkKeys(verification: Verification): Promise<string | undefined> {
  const { context, counts, report, progress } = verification
  progress('keys', 0)
  const published = [
    ...(await listSigners(context.database)).map(({ fingerprint, publicKey }) => ({
      fingerprint,
      publicKey,
    })),
    ...(await listTrusted(context)).map(({ fingerprint, armored }) => ({ fingerprint, publicKey: armored })),
  ]
  for (const { fingerprint, publicKey } of published) {
    counts.keys += 1
    if ((await fingerprintIn(publicKey)) !== fingerprint) report('key-damaged', fingerprint)
  }
  return checkServiceKey(verification)
}

async function checkServiceKey({ context, counts, report }: Verification): Promise<string | undefined> {
  const key = await findServiceKey(context).catch(() => null)
  if (key === undefined) {
    // A service that has signed nothing yet has no key.
    if ((await context.files.list('receipts')).length > 0) report('key-missing', serviceKeyFile)
    return undefined
  }
  counts.keys += 1
  const { fingerprint } = key ?? {}
  const opened = key === null ? undefined : await openPrivateKey(key.privateKey).catch(() => undefined)
  const isWhole = opened?.fingerprint === fingerprint && (await fingerprintIn(key?.publicKey)) === fingerprint
  if (key !== null && fingerprint !== undefined && isWhole) return key.publicKey
  report('key-damaged', serviceKeyFile)
  return undefined
}

async function fingerprintIn(publicKey: string | undefined): Promise<string | undefined> {
  if (publicKey === undefined) return undefined
  return readPublicKey(publicKey).then(
    ({ fingerprint }) => fingerprint,
    () => undefined,
  )
}
