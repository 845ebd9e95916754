/**
 * `Content-Disposition` of a file to keep (RFC 6266): a plain name for all, and beside it one that people can read, in
 * UTF-8 (RFC 8187). Refuses nothing: signs that no file name may have become `_`.
 */

/** Characters kept of a name for people; file systems take 255 bytes, and one of these may need four. */
const nameLengthMax = 50

export interface AttachmentNames {
  /** ASCII without quotes, for all readers. */
  readonly plain: string
  /** What begins the name for people. */
  readonly title: string
  /** What ends it: `-2025-v1.csv`. */
  readonly ending: string
}

/** The header's value: `attachment; filename="a-2025-v1.csv"; filename*=UTF-8''…`. */
export function attachment({ plain, title, ending }: AttachmentNames): string {
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeName(fileTitle(title) + ending)}`
}

/** A title as a part of a file name: what Windows or a path would take amiss becomes `_`. */
function fileTitle(title: string): string {
  const safe = [...title.normalize('NFC').replace(/\p{C}|[\\/:*?"<>|]/gu, '_')]
  return safe.slice(0, nameLengthMax).join('').trim()
}

/** Percent-encoded but for `attr-char` (RFC 8187, 3.2.1), which has four signs fewer than encodeURIComponent leaves. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
