/**
 * One version as a complete signed bag: created on first request, stored, and byte-identical as long as key,
 * contract and code lists are the same. Callers must check read access beforehand. Its name has the digests
 * of what it was made from and of its bytes; a stored bag that no longer has this digest is made again.
 */
import { loadServiceKey } from '../accounts/index.ts'
import { exportZip } from '../bundle/index.ts'
import { type AppContext, bagFolder, requireIntact, type SentFile, storedName } from '../catalogue/index.ts'
import { codeFileText, codeListsOf, fileName, isOpen, type VersionName } from '../contract/index.ts'
import { canonicalJson, digestOf } from '../platform/digest.ts'
import { openSigner } from './export/export.ts'
import { payloadOf } from './export/files.ts'
import { selectExport } from './export/selection.ts'

export const versionBagFormat = 'bag.zip'

/** Bags being created, so that concurrent requests wait for one. */
const inProgress = new WeakMap<AppContext['database'], Map<string, Promise<void>>>()

/** The bag of a published version as a stored file. Throws the problems of a version that is not served. */
export async function storeVersionBag(
  context: AppContext,
  of: VersionName,
  publishedAt: Date,
): Promise<SentFile> {
  const { dataset, edition, number } = of
  const restricted = !isOpen(context.contracts.get(dataset).contract)
  const selection = await selectExport(context, { dataset, edition, version: number, restricted })
  if (selection === undefined) throw new Error('a selection by version is never empty')
  const { fingerprint } = await loadServiceKey(context)
  const lists = codeListsOf(selection.contracts)
  const inputsDigest = digestOf(
    canonicalJson({
      ...selection,
      contracts: selection.contracts.map(({ digest }) => digest),
      codes: lists.map((name) => codeFileText(context.contracts.codes(name))),
      signer: fingerprint,
    }),
  )
  const folder = bagFolder(of)
  const bag = await once(context, folder, inputsDigest, async () => {
    for (const version of selection.versions) {
      for (const file of version.distributions)
        await requireIntact(context, storedName(version, file.format), file)
    }
    const signer = await openSigner(context, publishedAt)
    const facts = { name: `${dataset}-${edition}-v${number}`, purpose: selection.purpose, ...signer }
    // Earlier releases named bags without the digest of their bytes.
    await context.files.remove(`${folder}/${inputsDigest}.zip`)
    await context.files.write(
      ({ digest }) => `${folder}/${inputsDigest}-${digest}.zip`,
      exportZip(facts, payloadOf(context, selection)),
    )
  })
  return { ...bag, mediaType: 'application/zip', digest: inputsDigest }
}

/** The digest of a bag's bytes, from its name; undefined for any other file. */
export function digestOfBag(stored: string): string | undefined {
  return /\/[0-9a-f]{64}-([0-9a-f]{64})\.zip$/.exec(stored)?.[1]
}

/** File name for saving the bag. */
export function versionBagName(of: VersionName): string {
  return fileName(of, versionBagFormat)
}

type StoredBag = Pick<SentFile, 'stored' | 'bytes' | 'sha256'>

async function once(
  context: AppContext,
  folder: string,
  inputsDigest: string,
  make: () => Promise<void>,
): Promise<StoredBag> {
  const existing = await findIntact(context, folder, inputsDigest)
  if (existing !== undefined) return existing
  const name = `${folder}/${inputsDigest}`
  const own = inProgress.get(context.database) ?? new Map<string, Promise<void>>()
  inProgress.set(context.database, own)
  const started = own.get(name) ?? make().finally(() => own.delete(name))
  own.set(name, started)
  await started
  const made = await findIntact(context, folder, inputsDigest)
  if (made === undefined) throw new Error('a bag that was just stored is missing')
  return made
}

/** The stored bag with these inputs. Removes a damaged one, because it can be made again. */
async function findIntact(
  { files }: AppContext,
  folder: string,
  inputsDigest: string,
): Promise<StoredBag | undefined> {
  for (const stored of await files.list(folder)) {
    const sha256 = digestOfBag(stored)
    if (sha256 === undefined || !stored.startsWith(`${folder}/${inputsDigest}-`)) continue
    const bytes = (await files.find(stored))?.bytes ?? 0
    if ((await files.check(stored, { bytes, digest: sha256 })) === undefined) return { stored, bytes, sha256 }
    await files.remove(stored)
  }
  return undefined
}
