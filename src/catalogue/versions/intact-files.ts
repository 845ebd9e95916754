/**
 * Stored files are compared with their records before they are sent, so that no byte is served under the
 * digest of others. A damaged file is reported once per process, and again when it is intact.
 */
import type { FileFault, Files } from '../../files/files.ts'
import { problem } from '../../platform/problem.ts'
import type { AppContext } from '../context.ts'

/** The files of a process that are known as damaged, with what was reported. */
const reported = new WeakMap<Files, Map<string, FileFault>>()

/** Throws `file-damaged` if a stored file is missing, or has another size or digest than its record. */
export async function requireIntact(
  context: Pick<AppContext, 'files' | 'observe'>,
  stored: string,
  expected: { readonly bytes: number; readonly digest: string },
): Promise<void> {
  const fault = await context.files.check(stored, expected)
  reportFile(context, stored, fault)
  if (fault !== undefined) throw problem('file-damaged')
}

/** Reports a file whose state has changed: damaged, damaged in another way, or intact again. */
export function reportFile(
  { files, observe }: Pick<AppContext, 'files' | 'observe'>,
  stored: string,
  fault: FileFault | undefined,
): void {
  const known = reported.get(files) ?? new Map<string, FileFault>()
  reported.set(files, known)
  if (known.get(stored) === fault) return
  if (fault === undefined) {
    known.delete(stored)
    observe('file-intact', { file: stored })
  } else {
    known.set(stored, fault)
    observe('file-damaged', { file: stored, fault })
  }
}
