/**
 * The names inside a bundle. Refuses what leaves the bundle, what a Windows or Unix machine would read as something
 * else, and names that one file system tells apart and another does not.
 */
import type { Finding } from '../../../platform/finding.ts'
import { faultAt } from '../findings/checks.ts'

/** Longer paths can't be unpacked everywhere. */
const pathBytesMax = 1024

/** Whether a path stays inside the bundle and means the same file on every system. */
export function isSafePath(path: string): boolean {
  if (path === '' || Buffer.byteLength(path) > pathBytesMax) return false
  // Backslashes, a leading slash and drive letters are what Windows and Unix disagree about.
  if (path.includes('\\') || path.startsWith('/') || /(^|\/)[A-Za-z]:/.test(path)) return false
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters in a name are what is refused.
  if (/[\u0000-\u001f\u007f\ufffd]/.test(path)) return false
  return path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
}

/** A path as it may stand in a finding, whatever signs it holds. */
export function displayPath(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced.
  return path.replace(/[\u0000-\u001f\u007f]/g, '\ufffd').slice(0, 200)
}

/** Names are compared in NFC, as macOS unpacks them in another form than Windows wrote them. */
export function canonicalPath(path: string): string {
  return path.normalize('NFC')
}

/** Collects the paths of a bundle. */
export interface PathBook {
  /** Finding of a path that can't stand beside the former ones; undefined where it can. */
  readonly add: (path: string) => Finding | undefined
}

/** Builds a book that refuses unsafe paths, and such as differ from a former one only in case or Unicode form. */
export function buildPathBook(): PathBook {
  const files = new Set<string>()
  const spelling = new Map<string, string>()
  const add = (path: string): Finding | undefined => {
    if (!isSafePath(path)) return faultAt('path-unsafe', { file: displayPath(path) })
    if (files.has(path)) return faultAt('path-doubled', { file: path })
    const segments = path.split('/')
    for (let depth = 1; depth <= segments.length; depth++) {
      const prefix = segments.slice(0, depth).join('/')
      const folded = prefix.normalize('NFKC').toLowerCase()
      const former = spelling.get(folded)
      if (former !== undefined && former !== prefix) return faultAt('path-doubled', { file: path })
      // A file can't also be a folder.
      if (depth < segments.length && files.has(prefix)) return faultAt('path-doubled', { file: path })
      if (depth === segments.length && former !== undefined) return faultAt('path-doubled', { file: path })
      spelling.set(folded, prefix)
    }
    files.add(path)
    return undefined
  }
  return { add }
}
