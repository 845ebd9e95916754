/**
 * Opens an export from another site and verifies it: its kind, its signer, and that every byte is the one
 * signed. Anything else is rejected with findings before any of it is used.
 */
import { lstat } from 'node:fs/promises'
import type { Bag } from '../../core/bag/bag.ts'
import type { BundleLimits } from '../../core/bag/limits.ts'
import { BundleRefusal, faultAt } from '../../core/findings/checks.ts'
import type { PublicKeyFile } from '../../core/openpgp/keys.ts'
import { checkSignatures, signatureBytesMax } from '../../core/openpgp/signature.ts'
import { openBag } from '../bag/open-bag.ts'
import { verifyWhole } from '../bag/verify-bag.ts'
import { type ExportContent, readContent, refuseExport, textOf } from './content.ts'
import { type ExportCursor, readExportCursor } from './cursor.ts'
import { type ExportPurpose, exportDescriptorPath, parseExportDescriptor } from './descriptor.ts'
import type { ExchangeProgress } from './paths.ts'
import { exportSignaturePath, tagManifestPath } from './write.ts'

/**
 * Exports are signed by a trusted origin, so only the machine limits them: a full export of many years has
 * more files and bytes than any provider may bring. No ZIP inflates more than 1032 times.
 */
export const exportLimits: BundleLimits = {
  filesMax: 1_000_000,
  bagsMax: 1,
  bytesMax: 2 ** 44,
  inflationMax: 1_032,
  rowsMax: Number.MAX_SAFE_INTEGER,
  fieldBytesMax: Number.MAX_SAFE_INTEGER,
  findingsMax: 1_000,
  findingsCountedMax: 1_000,
}

/** datapackage.json names every file, at some 300 bytes each. */
const descriptorBytesMax = 512 << 20
/** A tag manifest names the few files beside `data/`. */
const tagManifestBytesMax = 1 << 20

export interface OpenedExport extends ExportContent {
  readonly bag: Bag
  readonly purpose: ExportPurpose
  readonly since: ExportCursor | undefined
  readonly until: ExportCursor
  /** The cursors in their text form. */
  readonly cursors: { readonly since: string | null; readonly until: string }
  readonly digests: ReadonlyMap<string, string>
  /** Fingerprint of the signing key. */
  readonly signedBy: string
  /** Digest of the tag manifest, which covers every byte of the bag. */
  readonly digest: string
}

/** What an export is verified with, and the progress callback. */
interface Trust {
  readonly keys: readonly PublicKeyFile[]
  readonly at: Date
  readonly progress: ExchangeProgress
}

/** Opens and verifies what is at a path, passes it to `take`, and closes it. Throws BundleRefusal. */
export async function withExport<T>(
  path: string,
  trust: Trust,
  take: (opened: OpenedExport) => Promise<T>,
): Promise<T> {
  const packing = (await lstat(path)).isDirectory() ? 'folder' : 'zip'
  const bag = await openBag(path, packing, exportLimits)
  try {
    return await take(await prove(bag, trust))
  } finally {
    await bag.close()
  }
}

/** What is verified of an export's bag: its purpose, its signer, and every digest. */
interface ProvenBag {
  readonly purpose: ExportPurpose
  readonly signedBy: string
  readonly digests: ReadonlyMap<string, string>
}

/** Verifies a bag of any purpose: descriptor, trusted signature, every byte. Throws BundleRefusal. */
export async function proveBag(bag: Bag, trust: Trust): Promise<ProvenBag> {
  // The purpose comes first: whoever confuses two kinds of bags should not get a finding about the signature.
  const purpose = await readPurpose(bag)
  const signedBy = await checkSigned(bag, trust)
  const { digests, findings } = await verifyWhole(withProgress(bag, trust.progress))
  refuseExport(findings.filter(({ severity }) => severity === 'error').slice(0, exportLimits.findingsMax))
  await checkTagged(bag)
  return { purpose, signedBy, digests }
}

async function prove(bag: Bag, trust: Trust): Promise<OpenedExport> {
  const { purpose, signedBy, digests } = await proveBag(bag, trust)
  const { since, until, excerpt } = purpose
  if (excerpt !== undefined || until === null) {
    throw new BundleRefusal([faultAt('export-excerpt', { file: exportDescriptorPath })])
  }
  const [from, to] = [since === null ? undefined : cursorOf(since), cursorOf(until)]
  const isOne = [from, to].every((cursor) => cursor === undefined || isOf(cursor, purpose))
  if (!isOne || (from?.position ?? 0) > to.position) throw malformedCursor()
  return {
    bag,
    purpose,
    since: from,
    until: to,
    cursors: { since, until },
    digests,
    signedBy,
    digest: digests.get(tagManifestPath) ?? '',
    ...(await readContent(bag, digests, to.position)),
  }
}

/** Wraps the bag so that reading reports progress. */
function withProgress(bag: Bag, progress: ExchangeProgress): Bag {
  const total = bag.entries.reduce((sum, { bytes }) => sum + bytes, 0)
  let done = 0
  return {
    ...bag,
    read: async function* (path) {
      for await (const chunk of bag.read(path)) {
        done += chunk.byteLength
        progress('verify', Math.min(done, total), total)
        yield chunk
      }
    },
  }
}

async function readPurpose(bag: Bag): Promise<ExportPurpose> {
  const { purpose, findings } = parseExportDescriptor(
    await textOf(bag, exportDescriptorPath, descriptorBytesMax),
  )
  if (purpose === undefined) throw new BundleRefusal(findings)
  return purpose
}

/** The fingerprint of the trusted key that signed. One good signature is enough. */
async function checkSigned(bag: Bag, { keys, at }: Trust): Promise<string> {
  const held = new Set(bag.entries.map(({ path }) => path))
  if (!held.has(exportSignaturePath) || !held.has(tagManifestPath)) {
    throw new BundleRefusal([faultAt('export-unsigned', { file: exportSignaturePath })])
  }
  const signed = await textOf(bag, tagManifestPath, tagManifestBytesMax)
  const armored = await textOf(bag, exportSignaturePath, signatureBytesMax)
  const outcomes = await checkSignatures(Buffer.from(signed), armored, keys, at)
  const good = outcomes.find((outcome) => outcome.good)
  if (good !== undefined) return good.fingerprint
  throw new BundleRefusal(
    outcomes.map((outcome) =>
      faultAt('export-signature', {
        file: exportSignaturePath,
        ...(outcome.good ? {} : { expected: reasonOf(outcome.fault, keys) }),
      }),
    ),
  )
}

function reasonOf(fault: string, keys: readonly PublicKeyFile[]): string {
  if (keys.length === 0) return `${fault}; no key is trusted yet: qingdan mirror trust <key.asc>`
  return `${fault}; trusted: ${keys.map(({ fingerprint }) => fingerprint).join(', ')}`
}

/** Only the tag manifest is signed: every other file is trusted only if the tag manifest leads to it. */
const tagged = [exportDescriptorPath, 'manifest-sha256.txt', 'bagit.txt', 'bag-info.txt']

async function checkTagged(bag: Bag): Promise<void> {
  const lines = (await textOf(bag, tagManifestPath, tagManifestBytesMax)).split(/\r\n|\n|\r/)
  const listed = new Set(lines.map((line) => line.replace(/^[0-9a-fA-F]{64}[ \t]+(?:\.\/)?/, '')))
  refuseExport(
    tagged.flatMap((path) => (listed.has(path) ? [] : [faultAt('export-content', { file: path })])),
  )
}

function cursorOf(text: string): ExportCursor {
  try {
    return readExportCursor(text)
  } catch {
    throw malformedCursor()
  }
}

function malformedCursor(): BundleRefusal {
  return new BundleRefusal([
    faultAt('descriptor', {
      file: exportDescriptorPath,
      expected: '/qingdan/until is a cursor of this origin',
    }),
  ])
}

function isOf(cursor: ExportCursor, { origin, restricted }: ExportPurpose): boolean {
  return cursor.origin === origin && cursor.restricted === restricted
}
