/**
 * Digests of the keys of rows that are not stored: 64 bits of an HMAC-SHA256 under a key of the edition. Equal
 * digests in two parts show that both have a row of the same person. Without the key, which is a file that is
 * destroyed with the statistics, a digest can't be compared with a known person's number.
 */
import { hash, randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Config } from '../../platform/config.ts'
import { readSecretFile, writeSecretFileOnce } from '../../platform/secret-file.ts'

interface EditionName {
  readonly dataset: string
  readonly edition: string
}

type DataFolder = { readonly config: Pick<Config, 'QINGDAN_DATA'> }

/** Loads the key of an edition's digests, or creates it. */
export async function loadDigestKey(context: DataFolder, of: EditionName): Promise<Buffer> {
  const path = keyPath(context, of)
  if ((await readSecretFile(path)) === undefined)
    await writeSecretFileOnce(path, randomBytes(32).toString('hex'))
  const key = Buffer.from((await readSecretFile(path)) ?? '', 'hex')
  if (key.length !== 32) throw new Error(`The key ${path} is damaged. Restore it from a backup.`)
  return key
}

/** Destroys the key of an edition's digests. */
export async function destroyDigestKey(context: DataFolder, of: EditionName): Promise<void> {
  await rm(keyPath(context, of), { force: true })
}

/** Slugs and names of editions have no dots and no slashes. */
function keyPath({ config }: DataFolder, { dataset, edition }: EditionName): string {
  return join(resolve(config.QINGDAN_DATA), 'keys', 'editions', `${dataset}.${edition}.key`)
}

export interface KeyDigests {
  /** Adds the key of a row: its values, none of them null. */
  readonly add: (key: readonly string[], at: { readonly file: number; readonly row: number }) => void
  /** The rows for COPY: digest, file, row. */
  readonly rows: () => AsyncIterable<string>
}

/** Words of a row: the digest, the file and the row number. */
const wordsPerRow = 4
const pageRows = 1 << 14

const blockBytes = 64
const digestBytes = 32
/** A longer key of a row is no key: the fields of keys are short texts. */
const keyBytesMax = 4096

/** Builds an empty list of digests: 16 bytes a row. */
export function buildKeyDigests(key: Uint8Array): KeyDigests {
  const pages: Int32Array[] = []
  let count = 0
  // HMAC (RFC 2104) by its two hashes, which takes a third of the time of an Hmac object for each row.
  const inner = Buffer.alloc(blockBytes + keyBytesMax, 0x36)
  const outer = Buffer.alloc(blockBytes + digestBytes, 0x5c)
  for (const [index, byte] of key.entries()) {
    inner[index] = byte ^ 0x36
    outer[index] = byte ^ 0x5c
  }
  return {
    add(values, { file, row }) {
      const text = values.map((value) => `${value.length}:${value}`).join('')
      if (Buffer.byteLength(text) > keyBytesMax) throw new Error('The key of a row is too long for a digest.')
      const length = inner.write(text, blockBytes)
      outer.write(hash('sha256', inner.subarray(0, blockBytes + length), 'binary'), blockBytes, 'latin1')
      const digest = Buffer.from(hash('sha256', outer, 'binary'), 'latin1')
      if (count % pageRows === 0) pages.push(new Int32Array(pageRows * wordsPerRow))
      const page = pages.at(-1)
      if (page === undefined) throw new Error('The pages of the digests do not fit their count.')
      const at = (count % pageRows) * wordsPerRow
      page[at] = digest.readInt32LE(0)
      page[at + 1] = digest.readInt32LE(4)
      page[at + 2] = file
      page[at + 3] = row
      count += 1
    },
    async *rows() {
      for (const [index, page] of pages.entries()) {
        const digests = new BigInt64Array(page.buffer)
        let text = ''
        const rows = Math.min(pageRows, count - index * pageRows)
        for (let row = 0; row < rows; row += 1)
          text += `${digests[row * 2]}\t${page[row * wordsPerRow + 2]}\t${page[row * wordsPerRow + 3]}\n`
        yield text
      }
    },
  }
}
