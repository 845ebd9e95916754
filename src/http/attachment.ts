/**
 * `Content-Disposition` of a download (RFC 6266): an ASCII file name, and a readable one in UTF-8 (RFC 8187).
 * Characters that no file name may contain become `_`.
 */

/** Most characters of a title in a file name; file systems allow 255 bytes, and a character may need four. */
const nameLengthMax = 50

interface AttachmentNames {
  /** ASCII without quotes, for all clients. */
  readonly plain: string
  /** The beginning of the readable name. */
  readonly title: string
  /** The end of the readable name: `-2025-v1.csv`. */
  readonly ending: string
}

/** The header's value: `attachment; filename="a-2025-v1.csv"; filename*=UTF-8''…`. */
export function attachment({ plain, title, ending }: AttachmentNames): string {
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeName(fileTitle(title) + ending)}`
}

/** A title as part of a file name: what Windows or a path does not allow becomes `_`. */
function fileTitle(title: string): string {
  const safe = [...title.normalize('NFC').replace(/\p{C}|[\\/:*?"<>|]/gu, '_')]
  return safe.slice(0, nameLengthMax).join('').trim()
}

/** Percent-encodes all but `attr-char` (RFC 8187, 3.2.1), four characters fewer than encodeURIComponent. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
