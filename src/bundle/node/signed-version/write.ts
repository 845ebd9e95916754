/**
 * Writes a bag (BagIt 1.0, RFC 8493) as a stream, to a folder or into a ZIP. Digests are computed on the way
 * and manifests come last, so nothing is read twice or buffered. The bag appears whole or not at all.
 */

import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type ZipEntry, zipArchive } from '../../../formats/index.ts'
import { type Digest, digestOf } from '../../../platform/digest.ts'
import { syncFolder } from '../../../platform/sync-folder.ts'
import { dayInShanghai } from '../../../platform/time.ts'
import { manifestLine } from '../../core/bag/manifest-file.ts'
import {
  type ExportedFile,
  type ExportPurpose,
  exportDescriptor,
  exportDescriptorPath,
} from './descriptor.ts'
import type { PayloadFile } from './paths.ts'

/** The description of an export's bag, and its signer. */
interface BagFacts {
  /** Name of the Data Package, and of the top folder in the ZIP. */
  readonly name: string
  readonly purpose: ExportPurpose
  readonly at: Date
  readonly sign: (tagManifest: string) => Promise<string>
}

type OnBytes = (bytes: number) => void

/** The signature of the tag manifest; no manifest names it. */
export const tagManifestPath = 'tagmanifest-sha256.txt'
export const exportSignaturePath = `${tagManifestPath}.asc`

/** A file of the bag, requested when it is written. */
interface BagFile {
  readonly path: string
  readonly isPacked: boolean
  readonly data: () => AsyncIterable<Uint8Array | string>
}

/** Writes the bag to a path: a ZIP if the name says so, else a folder. Existing files stay. */
export async function writeExportBag(
  out: string,
  facts: BagFacts,
  payload: readonly PayloadFile[],
  onBytes: OnBytes,
): Promise<void> {
  const part = `${out}.part`
  await mkdir(dirname(out), { recursive: true })
  // Remove what an aborted run left.
  await rm(part, { recursive: true, force: true })
  const files = bagFiles(facts, payload, onBytes)
  try {
    if (extname(out).toLowerCase() === '.zip') await writeWhole(part, zipOf(facts.name, files))
    else for (const file of files) await writeWhole(join(part, file.path), file.data())
    await rename(part, out)
    await syncFolder(dirname(out))
  } catch (error) {
    await rm(part, { recursive: true, force: true })
    throw error
  }
}

/** The bag as the bytes of a ZIP; equal files and an equal signature give equal bytes. */
export function exportZip(facts: BagFacts, payload: readonly PayloadFile[]): AsyncIterable<Uint8Array> {
  return zipOf(
    facts.name,
    bagFiles(facts, payload, () => undefined),
  )
}

/** The files of the bag in writing order: each tag file needs those before it. */
function bagFiles(facts: BagFacts, payload: readonly PayloadFile[], onBytes: OnBytes): readonly BagFile[] {
  const written: ExportedFile[] = []
  const tagLines: string[] = []
  const tag = (path: string, build: () => string): BagFile => ({
    path,
    isPacked: true,
    data: async function* () {
      const text = build()
      tagLines.push(manifestLine(digestOf(text), path))
      yield text
    },
  })
  const tagManifest = () => tagLines.join('')
  const last = (path: string, build: () => Promise<string>): BagFile => ({
    path,
    isPacked: true,
    data: async function* () {
      yield await build()
    },
  })
  return [
    ...payload.map((file) => ({ ...file, data: () => counted(file, written, onBytes) })),
    tag('bag-info.txt', () => bagInfo(facts, written)),
    tag('bagit.txt', () => 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n'),
    tag(exportDescriptorPath, () => exportDescriptor(facts.name, facts.purpose, written)),
    tag('manifest-sha256.txt', () =>
      written.map(({ digest, path }) => manifestLine(digest as Digest, path)).join(''),
    ),
    last(tagManifestPath, async () => tagManifest()),
    last(exportSignaturePath, () => facts.sign(tagManifest())),
  ]
}

/** Streams and digests a payload file. Throws a plain Error if it differs from the published file. */
async function* counted(
  { path, data, expected }: PayloadFile,
  written: ExportedFile[],
  onBytes: OnBytes,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of data()) {
    const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece
    hash.update(chunk)
    bytes += chunk.byteLength
    onBytes(chunk.byteLength)
    yield chunk
  }
  const digest = hash.digest('hex')
  if (expected !== undefined && (expected.digest !== digest || expected.bytes !== bytes)) {
    throw new Error(
      `The stored file ${path} differs from the one that was published. Restore it from a backup.`,
    )
  }
  written.push({ path, bytes, digest })
}

function bagInfo({ purpose, at }: BagFacts, written: readonly ExportedFile[]): string {
  const bytes = written.reduce((sum, file) => sum + file.bytes, 0)
  const { origin, since, until, excerpt } = purpose
  const lines = [
    ['Bagging-Date', dayInShanghai(at)],
    ['External-Identifier', excerpt?.join(' ') ?? `${origin}/${until}`],
    ['Payload-Oxum', `${bytes}.${written.length}`],
    ['Bag-Software-Agent', 'qingdan'],
    ['Qingdan-Origin', origin],
    ...(since === null ? [] : [['Qingdan-Since', since]]),
    ...(until === null ? [] : [['Qingdan-Cursor', until]]),
  ]
  return lines.map(([label, value]) => `${label}: ${value}\n`).join('')
}

/** Compresses texts; stores files that are compressed already. */
const levels = { text: 6, packed: 1 } as const

/** BagIt serialisations have one top-level folder (RFC 8493, section 4). */
function zipOf(name: string, files: readonly BagFile[]): AsyncIterable<Uint8Array> {
  const entries = files.map(
    ({ path, isPacked, data }): ZipEntry => ({
      path: `${name}/${path}`,
      data: { [Symbol.asyncIterator]: () => data()[Symbol.asyncIterator]() },
      compressionLevel: isPacked ? levels.text : levels.packed,
    }),
  )
  return zipArchive(entries)
}

/** Writes a file and syncs it to the disk: users unplug the stick as soon as the command ends. */
async function writeWhole(path: string, data: AsyncIterable<Uint8Array | string>): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await pipeline(data, createWriteStream(path, { flags: 'wx', flush: true }))
}

/** The default name of an export. */
export function exportName({ origin, excerpt }: ExportPurpose, position: number | undefined): string {
  if (excerpt === undefined) return `qingdan-${origin.slice(0, 8)}-${position ?? 0}`
  return basename(excerpt.join('_').replaceAll('/', '-'))
}
