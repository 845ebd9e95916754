/** Digests: SHA-256 in lower-case hex, of bytes, of streams, and of JSON in one canonical form. */
import { createHash, hash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** SHA-256, 64 lower-case hex digits. Branded, so that other strings are not accepted. */
export type Digest = string & { readonly brand: 'sha256' }

/** SHA-256 of bytes or of a string's UTF-8. */
export function digestOf(data: string | Uint8Array): Digest {
  return hash('sha256', data, 'hex') as Digest
}

/** SHA-256 of a file, read as a stream. Throws the file system's own error. */
export async function digestOfFile(path: string): Promise<Digest> {
  const whole = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) whole.update(chunk as Buffer)
  return whole.digest('hex') as Digest
}

/** JSON with object keys in code-unit order and no white space, so that equal values have equal digests. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  )
}
