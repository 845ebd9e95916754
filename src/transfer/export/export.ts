/**
 * Export: published versions, contracts and changes as a signed bag for platforms that can't connect. It
 * reads one snapshot and refuses only invalid requests; a damaged stored file is an internal error.
 */

import { loadServiceKey, writeAudit } from '../../accounts/index.ts'
import type { ExchangeProgress } from '../../bundle/index.ts'
import {
  exportName,
  openPrivateKey,
  readExportCursor,
  signBytes,
  writeExportBag,
} from '../../bundle/index.ts'
import type { AppContext } from '../../catalogue/index.ts'
import { fileExists } from '../../platform/file-exists.ts'
import { payloadOf } from './files.ts'
import { type ExportRequest, selectExport } from './selection.ts'

interface ExportOrder {
  readonly request: ExportRequest
  /** Path of the bag, given the export's name: a ZIP if it ends in `.zip`, else a folder. */
  readonly out: (name: string) => string
  readonly actor: string
  readonly progress?: ExchangeProgress
}

export interface Exported {
  readonly name: string
  readonly out: string
  readonly origin: string
  /** The cursor from which the next export starts; null for chosen versions. */
  readonly cursor: string | null
  readonly changes: number
  readonly versions: number
  readonly bytes: number
  /** Datasets left out because they are restricted. */
  readonly left: readonly string[]
  /** Fingerprint of the key that signed. */
  readonly signedBy: string
}

/** The target path of the bag exists already. */
export class ExportTargetTaken extends Error {
  override readonly name = 'ExportTargetTaken'
}

/**
 * Writes an export; undefined if nothing has changed since the cursor. Throws ExportTargetTaken, and the
 * errors of `selectExport`.
 */
export async function writeExport(context: AppContext, order: ExportOrder): Promise<Exported | undefined> {
  const { request, actor, progress = () => {} } = order
  const selection = await selectExport(context, request)
  if (selection === undefined) return undefined
  const { purpose, changes, versions, left } = selection
  const cursor = purpose.until
  const name = exportName(purpose, cursor === null ? undefined : readExportCursor(cursor).position)
  const out = order.out(name)
  if (await fileExists(out))
    throw new ExportTargetTaken(`${out} already exists; choose another path with --out.`)
  context.observe('checkpoint-reached', { step: 'export', point: 'selected' })
  const signer = await openSigner(context)
  const payload = payloadOf(context, selection)
  const total = payload.reduce((sum, { expected }) => sum + (expected?.bytes ?? 0), 0)
  let bytes = 0
  const reportProgress = quarters(context, total)
  await writeExportBag(out, { name, purpose, at: context.clock(), sign: signer.sign }, payload, (more) => {
    bytes += more
    progress('write', Math.min(bytes, total), total)
    reportProgress(bytes)
  })
  context.observe('checkpoint-reached', { step: 'export', point: 'written' })
  await context.database.work.begin((tx) =>
    writeAudit(tx, {
      at: context.clock(),
      actor,
      action: 'export',
      subject: name,
      detail: { changes: changes.length, versions: versions.length, restricted: purpose.restricted },
    }),
  )
  return {
    name,
    out,
    origin: purpose.origin,
    cursor,
    changes: changes.length,
    versions: versions.length,
    bytes,
    left,
    signedBy: signer.fingerprint,
  }
}

/** Emits a checkpoint at each quarter of the bytes but the last, where a crash would leave half a bag. */
function quarters(context: AppContext, total: number): (bytes: number) => void {
  let reported = 0
  return (bytes) => {
    const reached = Math.min(3, Math.floor((4 * bytes) / Math.max(total, 1)))
    for (; reported < reached; reported += 1)
      context.observe('checkpoint-reached', { step: 'export', point: 'writing' })
  }
}

/**
 * Signs tag manifests with the service's own key, dated now. With `notBefore`, the date is that or the key's
 * creation, whichever is later, and the same bytes get the same signature.
 */
export async function openSigner({ config, clock }: AppContext, notBefore?: Date) {
  const { fingerprint, privateKey } = await loadServiceKey({ config, clock })
  const { key, createdAt } = await openPrivateKey(privateKey)
  const at = notBefore === undefined ? clock() : new Date(Math.max(Number(notBefore), Number(createdAt)))
  const options = { at, isRepeatable: notBefore !== undefined }
  return { fingerprint, at, sign: (text: string) => signBytes(Buffer.from(text), key, options) }
}
