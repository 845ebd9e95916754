/**
 * Verify: is the bag complete, is it what it claims to be, and may its sender deliver it? Checks manifest,
 * digests, contract, edition, provider, the key's grants and the signature. Rows are not read yet.
 */

import { findKey, loadServiceKey } from '../../accounts/index.ts'
import {
  type Bag,
  type BundleManifest,
  decryptBag,
  type GroupBag,
  type GroupManifest,
  holdsEncrypted,
  inBag,
  isGrouped,
  joinBags,
  joinManifests,
  limitsOf,
  openBag,
  openPrivateKey,
  verifyBag,
  verifyManifest,
} from '../../bundle/index.ts'
import type { AppContext } from '../../catalogue/index.ts'
import type { LoadedContract } from '../../contract/index.ts'
import { defined } from '../../platform/defined.ts'
import type { Finding } from '../../platform/finding.ts'
import { writeState } from '../receipts/receipts.ts'
import type { Received } from '../receive/receive.ts'
import type { DirectoryPin, StagedPart } from './parts.ts'
import { bytesOf, type Progress, watchBag } from './progress.ts'
import { Refusal } from './refusal.ts'
import { findSequencePosition } from './sequence.ts'
import { verifySignature } from './signatures.ts'

export interface Verified extends Received {
  readonly manifest: BundleManifest
  readonly loaded: LoadedContract
  /** Findings that refuse nothing, such as a manifest of an algorithm that is not checked. */
  readonly warnings: readonly Finding[]
  /** Of a delta: the part whose rows it changes. */
  readonly base?: StagedPart
  /** Of a part that is staged again: the directories that it looks up. */
  readonly directories?: readonly DirectoryPin[]
  /** Where several bags were joined: each of them. The bundle has the id of the first. */
  readonly bags?: readonly GroupBagVerified[]
  /** Fingerprint of the key that signed it, where the signature was good. */
  readonly signer?: string
}

type GroupBagVerified = Verified & { readonly manifest: GroupManifest }

/** Verifies a bundle and writes the state `verified`. Throws Refusal with all findings at once. */
export async function verify(context: AppContext, received: Received, progress: Progress): Promise<Verified> {
  const verified = await withPosition(context, await verifyStored(context, received, progress))
  context.observe('checkpoint-reached', { step: 'verify', point: 'checked' })
  const { dataset, edition, provider, contractVersion, sequence, synthetic, mode, against } =
    verified.manifest
  await writeState(context.database.work, received.bundleId, 'verified', context.clock(), {
    dataset,
    edition,
    provider,
    contractVersion,
    synthetic: synthetic === true,
    mode,
    ...(against === undefined ? {} : { against: against.version }),
    ...defined({ signer: verified.signer, sequence }),
  })
  context.observe('bundle-state-changed', { bundle: received.bundleId, dataset, state: 'verified' })
  return verified
}

/** Adds the position of a bundle among those staged. Throws Refusal where it has none. */
export async function withPosition(context: AppContext, verified: Verified): Promise<Verified> {
  const { warnings, ...place } = await findSequencePosition(context, context.database.work, verified.manifest)
  return { ...verified, ...place, warnings: [...verified.warnings, ...warnings] }
}

/** As `verify`, but without the position, and nothing is written. */
export async function verifyStored(
  context: AppContext,
  received: Received,
  progress?: Progress,
): Promise<Verified> {
  const verifyOpened = async (bag: Bag): Promise<Verified> => {
    const verified = await verifyContent(context, received, bag)
    const { manifest } = verified
    const forbidden = await checkGrants(context, received, manifest)
    if (forbidden.length > 0) throw new Refusal({ findings: forbidden })
    const { findings, signer } = await verifySignature(context, received, { bag, manifest })
    const warnings = [...verified.warnings, ...findings]
    if (warnings.some(({ severity }) => severity === 'error')) throw new Refusal({ findings: warnings })
    return { ...verified, warnings, ...defined({ signer }) }
  }
  return withBag(context, received, verifyOpened, progress)
}

/**
 * Checks again that the stored bundle of a staged part is complete and fits a contract. Grants and signature
 * were checked when it was received; a key that ends later does not undo that.
 */
export async function verifyStagedAgain(context: AppContext, received: Received): Promise<Verified> {
  return withBag(context, received, (bag) => verifyContent(context, received, bag))
}

async function withBag<T>(
  context: AppContext,
  { path, packing }: Received,
  use: (bag: Bag) => Promise<T>,
  progress: Progress = () => {},
): Promise<T> {
  const opened = await openBag(path, packing, limitsOf(context.config))
  const total = bytesOf(opened)
  const bag = watchBag(opened, (bytes) => progress('verify', Math.min(bytes, total), total))
  progress('verify', 0, total)
  try {
    return await use(bag)
  } finally {
    await bag.close()
  }
}

/** Checks that a bag is complete and that its manifest fits a contract. Throws Refusal. */
async function verifyContent(context: AppContext, received: Received, bag: Bag): Promise<Verified> {
  const { manifest, findings } = await verifyBag(bag, limitsOf(context.config))
  if (manifest === undefined) throw new Refusal({ findings })
  const wrong = verifyManifest(manifest, context.contracts)
  if (wrong.length > 0) throw new Refusal({ findings: wrong })
  const loaded = context.contracts.get(manifest.dataset, manifest.contractVersion)
  return { ...received, manifest, loaded, warnings: findings }
}

/** Opens a verified bundle to read its rows: one bag, or several joined into one, decrypted. */
export async function openVerified(context: AppContext, verified: Verified): Promise<Bag> {
  const { bags } = verified
  if (bags === undefined) return openPlain(context, verified)
  const opened: GroupBag[] = []
  try {
    for (const each of bags) {
      opened.push({ bag: await openPlain(context, each), manifest: each.manifest })
    }
    return joinBags(opened)
  } catch (error) {
    for (const { bag } of opened) await bag.close()
    throw error
  }
}

/** A stored bag with readable rows. Throws BundleRefusal where encrypted files can't be decrypted. */
async function openPlain(context: AppContext, { path, packing }: Received): Promise<Bag> {
  const limits = limitsOf(context.config)
  const bag = await openBag(path, packing, limits)
  try {
    if (!holdsEncrypted(bag)) return bag
    const key = await openPrivateKey((await loadServiceKey(context)).privateKey)
    return await decryptBag(bag, { key, scratch: await context.files.localPath('scratch/sealed'), limits })
  } catch (error) {
    await bag.close()
    throw error
  }
}

/** Joins verified bags of one group into one bundle, under the id of the first. */
export function joinVerified(each: readonly Verified[]): Verified {
  const bags = each
    .filter((one): one is GroupBagVerified => isGrouped(one.manifest))
    .sort((a, b) => a.manifest.group.number - b.manifest.group.number)
  const [first] = bags
  if (first === undefined) throw new Error('a group has at least one bag')
  const manifest = joinManifests(bags.map((bag) => bag.manifest))
  const warnings = bags.flatMap((bag) => inBag(bag.manifest.group.number, bag.warnings))
  return { ...first, manifest, warnings, bags }
}

/** A key may be limited to a provider and datasets. The CLI has full rights: it has the data folder. */
async function checkGrants(
  context: AppContext,
  received: Received,
  manifest: BundleManifest,
): Promise<readonly Finding[]> {
  const [kind, keyId = ''] = received.broughtBy.split(':')
  if (kind !== 'key') return []
  const grants = await findKey(context.database, keyId)
  const allowed =
    grants !== undefined &&
    (grants.provider === undefined || grants.provider === manifest.provider) &&
    (grants.datasets === undefined || grants.datasets.includes(manifest.dataset))
  if (allowed) return []
  return [
    {
      check: 'key-scope',
      severity: 'error',
      file: 'datapackage.json',
      message:
        'The key is not allowed to deliver bundles of this provider or dataset. ' +
        'Ask the publisher for a key that is.',
      messageZh: '所用密钥无权提交该提供方或该数据集的数据包，请向发布方申请相应密钥。',
    },
  ]
}
