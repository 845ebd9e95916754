/**
 * Digests of the keys of rows that are not stored: 64 bits of a SHA-256 of the edition's key and the row's. The rest of the
 * hash is not kept, so nobody can extend it to a longer text, which is what HMAC guards against at twice the cost. Equal
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

interface RowPlace {
  /** Index of the file in the manifest. */
  readonly file: number
  readonly row: number
}

export interface KeyDigests {
  /** Adds the key of a row: its values, none of them null. */
  readonly add: (key: readonly string[], at: RowPlace) => void
  /** Adds a key of one value in ASCII, as `add` does. */
  readonly addBytes: (bytes: Uint8Array, from: number, to: number, at: RowPlace) => void
  /** The rows for COPY: digest, file, row. */
  readonly rows: () => AsyncIterable<string>
}

/** Words of a row: the digest, the file and the row number. */
const wordsPerRow = 4
const pageRows = 1 << 14

/** Length of the edition's key, which the text of a row's key follows. */
const keyBytes = 32
/** A longer key of a row is no key: the fields of keys are short texts. */
const textBytesMax = 4096

/** Builds an empty list of digests: 16 bytes a row. */
export function buildKeyDigests(key: Uint8Array): KeyDigests {
  const pages: Int32Array[] = []
  let count = 0
  const input = Buffer.alloc(keyBytes + textBytesMax)
  if (key.length !== keyBytes) throw new Error(`A key of digests has ${keyBytes} bytes.`)
  input.set(key)

  function write(length: number, { file, row }: RowPlace): void {
    // A binary string takes a third of the time of a Buffer for each row.
    const digest = hash('sha256', input.subarray(0, keyBytes + length), 'binary')
    if (count % pageRows === 0) pages.push(new Int32Array(pageRows * wordsPerRow))
    const page = pages[pages.length - 1]
    if (page === undefined) throw new Error('The pages of the digests do not fit their count.')
    const at = (count % pageRows) * wordsPerRow
    page[at] = wordOf(digest, 0)
    page[at + 1] = wordOf(digest, 4)
    page[at + 2] = file
    page[at + 3] = row
    count += 1
  }

  return {
    add(values, place) {
      const text = values.map((value) => `${value.length}:${value}`).join('')
      if (Buffer.byteLength(text) > textBytesMax)
        throw new Error('The key of a row is too long for a digest.')
      write(input.write(text, keyBytes), place)
    },
    addBytes(bytes, from, to, place) {
      let at = keyBytes + input.write(`${to - from}:`, keyBytes, 'latin1')
      if (to - from > textBytesMax - keyBytes) throw new Error('The key of a row is too long for a digest.')
      for (let n = from; n < to; n++) input[at++] = bytes[n] as number
      write(at - keyBytes, place)
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

function wordOf(binary: string, at: number): number {
  return (
    binary.charCodeAt(at) |
    (binary.charCodeAt(at + 1) << 8) |
    (binary.charCodeAt(at + 2) << 16) |
    (binary.charCodeAt(at + 3) << 24)
  )
}
