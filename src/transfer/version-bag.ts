/**
 * One version as a complete signed bag: created on first request, stored, and byte-identical as long as key,
 * contract and code lists are the same. Callers must check read access beforehand.
 */
import { loadServiceKey } from '../accounts/index.ts'
import { exportZip } from '../bundle/index.ts'
import { type AppContext, bagFolder, type SentFile } from '../catalogue/index.ts'
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
  const stored = `${bagFolder(of)}/${inputsDigest}.zip`
  await once(context, stored, async () => {
    const signer = await openSigner(context, publishedAt)
    const facts = { name: `${dataset}-${edition}-v${number}`, purpose: selection.purpose, ...signer }
    await context.files.write(stored, exportZip(facts, payloadOf(context, selection)))
  })
  const bytes = (await context.files.find(stored))?.bytes ?? 0
  return { stored, mediaType: 'application/zip', bytes, digest: inputsDigest }
}

/** File name for saving the bag. */
export function versionBagName(of: VersionName): string {
  return fileName(of, versionBagFormat)
}

async function once(
  { database, files }: AppContext,
  stored: string,
  make: () => Promise<void>,
): Promise<void> {
  if ((await files.find(stored)) !== undefined) return
  const own = inProgress.get(database) ?? new Map<string, Promise<void>>()
  inProgress.set(database, own)
  const started = own.get(stored) ?? make().finally(() => own.delete(stored))
  own.set(stored, started)
  await started
}
