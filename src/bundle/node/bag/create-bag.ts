/**
 * Writes a bag (BagIt 1.0, RFC 8493) around files of rows. Equal input gives equal bytes. Throws plain Errors
 * for a folder that is not empty and for names not allowed in a bundle: the caller has to correct both.
 */

import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { defined } from '../../../platform/defined.ts'
import { type Digest, digestOf } from '../../../platform/digest.ts'
import { type Clock, dayInShanghai } from '../../../platform/time.ts'
import type { BagGroup } from '../../core/bag/bag-info.ts'
import {
  type BundleMode,
  type BundlePurpose,
  descriptorPath,
  isWorkbook,
  type Operation,
  tableFiles,
} from '../../core/bag/descriptor.ts'
import { manifestLine } from '../../core/bag/manifest-file.ts'
import { buildPathBook } from '../../core/bag/paths.ts'
import type { PublicKeyFile } from '../../core/openpgp/keys.ts'
import { encryptedEnding, isEncrypted, plainPath } from '../../core/openpgp/paths.ts'
import { encryptTo } from '../openpgp/encryption.ts'

export interface BagSource {
  /** Name of the file in `data/`, such as `rows.csv`. */
  readonly name: string
  /** A path, or the bytes themselves. */
  readonly source: string | Uint8Array | AsyncIterable<Uint8Array>
  /** The table dialect (Table Dialect v2); absent for the default. */
  readonly dialect?: TableDialect
  /** In a delta: the operation on its rows. */
  readonly operation?: Operation
}

export interface TableDialect {
  readonly delimiter?: string
  readonly sheetName?: string
}

export interface NewBag extends Omit<BundlePurpose, 'mode'> {
  /** The folder to write to; it must be empty, and is created if absent. */
  readonly folder: string
  readonly files: readonly BagSource[]
  readonly clock: Clock
  /** `full` by default; a delta names its base version, and an operation for each file. */
  readonly mode?: BundleMode
  /** For one of several bags that form a bundle together. */
  readonly group?: BagGroup
  /** The key to encrypt the files to; manifests and descriptor cover the encrypted bytes. */
  readonly encryptTo?: PublicKeyFile
}

interface Payload {
  readonly path: string
  readonly digest: Digest
  readonly bytes: number
  readonly dialect?: TableDialect
  readonly operation?: Operation
}

/** Writes a bag. Throws a plain Error if the folder is not empty or a name is not allowed. */
export async function createBag(bag: NewBag): Promise<void> {
  const names = sortedNames(bag.files)
  await mkdir(join(bag.folder, 'data'), { recursive: true })
  const held = [...(await readdir(bag.folder)), ...(await readdir(join(bag.folder, 'data')))]
  if (held.length > 1) throw new Error(`The folder ${bag.folder} is not empty; name an empty one.`)
  const payloads: Payload[] = []
  for (const file of names) payloads.push(await writePayload(bag, file))
  const tags: readonly [string, string][] = [
    ['bag-info.txt', bagInfo(bag, payloads)],
    ['bagit.txt', 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n'],
    [descriptorPath, descriptorOf(bag, payloads)],
    ['manifest-sha256.txt', payloads.map(({ digest, path }) => manifestLine(digest, path)).join('')],
  ]
  const tagLines = tags.map(([name, text]) => manifestLine(digestOf(text), name)).join('')
  for (const [name, text] of [...tags, ['tagmanifest-sha256.txt', tagLines] as const]) {
    await writeFile(join(bag.folder, name), text)
  }
}

function sortedNames(files: readonly BagSource[]): readonly BagSource[] {
  if (files.length === 0) throw new Error('A bundle needs at least one file.')
  const book = buildPathBook()
  for (const { name } of files) {
    if (name.normalize('NFC') !== name || book.add(`data/${name}`) !== undefined || !tableFiles.test(name)) {
      throw new Error(
        `The name ${JSON.stringify(name)} is not allowed: use a unique, plain name ending in .csv, .tsv, .txt or .xlsx.`,
      )
    }
  }
  return [...files].sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function writePayload({ folder, encryptTo: key }: NewBag, file: BagSource): Promise<Payload> {
  const { name, source, dialect, operation } = file
  const hash = createHash('sha256')
  let bytes = 0
  const path = `data/${name}${key === undefined ? '' : encryptedEnding}`
  const target = join(folder, path)
  await mkdir(join(target, '..'), { recursive: true })
  await pipeline(
    key === undefined ? chunksOf(source) : encryptTo(chunksOf(source), key),
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk)
        bytes += chunk.byteLength
        yield chunk
      }
    },
    createWriteStream(target, { flags: 'wx' }),
  )
  return {
    path,
    bytes,
    digest: hash.digest('hex') as Digest,
    ...defined({ dialect, operation }),
  }
}

async function* chunksOf(source: BagSource['source']): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) yield source
  else if (typeof source !== 'string') yield* source
  else for await (const chunk of createReadStream(source, { highWaterMark: 1 << 20 })) yield chunk as Buffer
}

function bagInfo(bag: NewBag, payloads: readonly Payload[]): string {
  const bytes = payloads.reduce((sum, payload) => sum + payload.bytes, 0)
  const lines = [
    ['Bagging-Date', dayInShanghai(bag.clock())],
    ['External-Identifier', `${bag.dataset}/${bag.edition}/${bag.provider}`],
    ['Payload-Oxum', `${bytes}.${payloads.length}`],
    ...(bag.group === undefined
      ? []
      : [
          ['Bag-Group-Identifier', bag.group.identifier],
          ['Bag-Count', `${bag.group.number} of ${bag.group.count}`],
        ]),
    ['Bag-Software-Agent', 'qingdan'],
  ]
  return lines.map(([label, value]) => `${label}: ${value}\n`).join('')
}

function descriptorOf(bag: NewBag, payloads: readonly Payload[]): string {
  const { dataset, edition, contractVersion, provider, sequence, synthetic, mode = 'full', against } = bag
  const purpose: BundlePurpose = {
    dataset,
    edition,
    contractVersion,
    provider,
    ...defined({ sequence }),
    mode,
    ...defined({ against, synthetic }),
  }
  const descriptor = {
    $schema: 'https://datapackage.org/profiles/2.0/datapackage.json',
    name: `${dataset}-${edition}-${provider}`.toLowerCase(),
    qingdan: purpose,
    resources: payloads.map(({ path, bytes, digest, dialect, operation }, index) => ({
      name: `rows-${index + 1}`,
      path,
      ...mediaOf(path),
      bytes,
      hash: `sha256:${digest}`,
      ...defined({ dialect }),
      ...(operation === undefined ? {} : { qingdan: { operation } }),
    })),
  }
  return `${JSON.stringify(descriptor, null, 2)}\n`
}

/** Format and media type as a Data Package names them. */
function mediaOf(path: string): { readonly format: string; readonly mediatype: string } {
  const [format, mediatype] = isWorkbook(plainPath(path))
    ? ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet']
    : ['csv', 'text/csv']
  return { format, mediatype: isEncrypted(path) ? 'application/pgp-encrypted' : mediatype }
}
