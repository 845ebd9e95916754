/**
 * The lines of a BagIt manifest (RFC 8493, section 2.1.3): digest, blanks, path. Reports as findings
 * malformed lines, paths that leave the bag, and a file named twice.
 */
import type { Digest } from '../../../platform/digest.ts'
import type { Finding } from '../../../platform/finding.ts'
import { faultAt } from '../findings/checks.ts'
import { canonicalPath, isSafePath } from './paths.ts'

interface ManifestLines {
  readonly digests: ReadonlyMap<string, Digest>
  readonly findings: readonly Finding[]
}

/** The version of a bag: 1.0 or an earlier draft, which does not escape `%`. */
export type BagVersion = '1.0' | 'former'

/** Reads a manifest of SHA-256. `allows` returns whether the manifest may name a path. */
export function parseManifest(
  file: string,
  text: string,
  allows: (path: string) => boolean,
  version: BagVersion = '1.0',
): ManifestLines {
  const digests = new Map<string, Digest>()
  const findings: Finding[] = []
  let hasAsterisk = false
  const lines = text.split(/\r\n|\n|\r/)
  if (lines.at(-1) === '') lines.pop()
  for (const [index, line] of lines.entries()) {
    const match = /^([0-9a-fA-F]{64})[ \t]+(\*?)(?:\.\/)?(.*)$/.exec(line)
    const path = match === null ? undefined : decodePath(match[3] ?? '', version)
    if (match?.[2] === '*') hasAsterisk = true
    if (match === null || path === undefined) {
      findings.push(faultAt('manifest-line', { file, row: index + 1 }))
    } else if (!isSafePath(path) || !allows(path)) {
      findings.push(faultAt('path-unsafe', { file, row: index + 1 }))
    } else if (digests.has(path)) {
      findings.push(faultAt('manifest-doubled', { file: path }))
    } else {
      digests.set(path, (match[1] ?? '').toLowerCase() as Digest)
    }
  }
  if (hasAsterisk) findings.push(faultAt('manifest-asterisk', { file }))
  return { digests, findings }
}

/**
 * LF, CR and `%` in a path must be percent-encoded, "those characters (and only those)" (RFC 8493, section
 * 2.1.3): any other escape is an error. Before 1.0 only LF and CR are escaped: `100%.csv` and `a%25.csv` are
 * such names, as bagit-python writes them.
 */
function decodePath(path: string, version: BagVersion): string | undefined {
  if (version === '1.0' && /%(?!0[aAdD]|25)/.test(path)) return undefined
  const decoded = path.replace(
    version === '1.0' ? /%(0[aAdD]|25)/g : /%(0[aAdD])/g,
    (_escape, code: string) => String.fromCharCode(Number.parseInt(code, 16)),
  )
  return canonicalPath(decoded)
}

/** A line of a manifest, with the escapes that the clause above requires. */
export function manifestLine(digest: Digest, path: string): string {
  const escaped = path.replaceAll('%', '%25').replaceAll('\n', '%0A').replaceAll('\r', '%0D')
  return `${digest}  ${escaped}\n`
}
