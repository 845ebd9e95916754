/**
 * The file names inside a bundle. Rejects paths that leave the bundle, names that Windows and Unix read
 * differently, and names that are distinct on one file system but equal on another.
 */
import type { Finding } from '../../../platform/finding.ts'
import { faultAt } from '../findings/checks.ts'

/** Longer paths cannot be unpacked everywhere. */
const pathBytesMax = 1024

/** Whether a path stays inside the bundle and means the same file on every system. */
export function isSafePath(path: string): boolean {
  if (path === '' || Buffer.byteLength(path) > pathBytesMax) return false
  // Windows and Unix read backslashes, a leading slash and drive letters differently.
  if (path.includes('\\') || path.startsWith('/') || /(^|\/)[A-Za-z]:/.test(path)) return false
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this pattern rejects control characters.
  if (/[\u0000-\u001f\u007f\ufffd]/.test(path)) return false
  return path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
}

/** A path made safe to show in a finding. */
export function displayPath(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this pattern replaces control characters.
  return path.replace(/[\u0000-\u001f\u007f]/g, '\ufffd').slice(0, 200)
}

/** Names are compared in NFC, since macOS unpacks them in another form than Windows wrote them. */
export function canonicalPath(path: string): string {
  return path.normalize('NFC')
}

/** Collects the paths of a bundle. */
interface PathBook {
  /** The finding if a path conflicts with previous ones; undefined if not. */
  readonly add: (path: string) => Finding | undefined
}

/** Builds a PathBook, which rejects unsafe paths and paths that differ only in case or Unicode form. */
export function buildPathBook(): PathBook {
  const files = new Set<string>()
  const spelling = new Map<string, string>()
  const add = (path: string): Finding | undefined => {
    if (path.includes('\\') && isSafePath(path.replaceAll('\\', '/')))
      return faultAt('path-backslash', { file: displayPath(path) })
    if (!isSafePath(path)) return faultAt('path-unsafe', { file: displayPath(path) })
    if (files.has(path)) return faultAt('path-doubled', { file: path })
    const segments = path.split('/')
    for (let depth = 1; depth <= segments.length; depth++) {
      const prefix = segments.slice(0, depth).join('/')
      const folded = prefix.normalize('NFKC').toLowerCase()
      const former = spelling.get(folded)
      if (former !== undefined && former !== prefix) return faultAt('path-doubled', { file: path })
      // A file cannot also be a folder.
      if (depth < segments.length && files.has(prefix)) return faultAt('path-doubled', { file: path })
      if (depth === segments.length && former !== undefined) return faultAt('path-doubled', { file: path })
      spelling.set(folded, prefix)
    }
    files.add(path)
    return undefined
  }
  return { add }
}
