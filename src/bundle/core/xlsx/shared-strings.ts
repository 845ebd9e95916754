/**
 * The shared texts of a workbook (ECMA-376, part 1, 18.4), stored as bytes, since a million strings need far
 * more memory. Joins the runs of rich text and omits phonetic ones. Rejects texts above the byte limit.
 */

import { refuseBag } from '../bag/bag.ts'
import type { WorkbookParts } from './workbook-shapes.ts'

/** Limit of all shared texts; a million rows with one distinct text each have some thirty million bytes. */
const sharedStringsBytesMax = 64 << 20

export interface SharedStrings {
  /** The text of an index; undefined if there is none. */
  readonly get: (index: number) => string | undefined
}

/** Builds a text from its elements: `t` within `si`, `is` or `r`, but not within `rPh`. */
export interface TextBuilder {
  readonly open: (name: string) => void
  readonly close: (name: string) => void
  readonly text: (part: string) => void
  /** The text since the last call. */
  readonly take: () => string
}

/** Builds a text builder with a limit in UTF-16 units; above it, `tooLong` throws. */
export function buildTextBuilder(lengthMax: number, tooLong: () => never): TextBuilder {
  let built = ''
  let phonetic = 0
  let isText = false
  return {
    open: (name) => {
      if (name === 'rPh') phonetic += 1
      else if (name === 't') isText = phonetic === 0
    },
    close: (name) => {
      if (name === 'rPh') phonetic -= 1
      else if (name === 't') isText = false
    },
    text: (part) => {
      if (isText) built += part
      if (built.length > lengthMax) tooLong()
    },
    take: () => {
      const text = built
      built = ''
      return unescapeText(text)
    },
  }
}

/** ST_Xstring (ECMA-376, part 1, 22.9.2.19): `_x000D_` is character 0x000D, `_x005F_` a plain underscore. */
export function unescapeText(text: string): string {
  if (!text.includes('_x')) return text
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

export const noStrings: SharedStrings = { get: () => undefined }

/** Reads the part of shared strings. Throws BundleRefusal. */
export async function readSharedStrings(
  { parse }: WorkbookParts,
  path: string,
  file: string,
): Promise<SharedStrings> {
  const ends: number[] = []
  let bytes = Buffer.allocUnsafe(1 << 16)
  let length = 0
  const tooLong = () => refuseBag('workbook-large', { file, expected: `≤ ${sharedStringsBytesMax}` })
  const builder = buildTextBuilder(sharedStringsBytesMax, tooLong)
  const add = (text: string) => {
    const size = Buffer.byteLength(text)
    if (length + size > sharedStringsBytesMax) tooLong()
    if (length + size > bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(2 * bytes.length, length + size))
      bytes.copy(grown, 0, 0, length)
      bytes = grown
    }
    length += bytes.write(text, length)
    ends.push(length)
  }
  const handlers = {
    ...builder,
    close: (name: string) => {
      builder.close(name)
      if (name === 'si') add(builder.take())
    },
  }
  for await (const _chunk of parse(path, handlers));
  return {
    get: (index) => {
      const end = ends[index]
      return end === undefined ? undefined : bytes.toString('utf8', ends[index - 1] ?? 0, end)
    },
  }
}
