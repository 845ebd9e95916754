/** Paths of encrypted files in a bag. */

/** The extension of encrypted files, after that of the plain file. */
export const encryptedEnding = '.pgp'

/** Whether a file is encrypted, by its extension; the extension before that is the plain file's format. */
export function isEncrypted(path: string): boolean {
  return path.toLowerCase().endsWith(encryptedEnding)
}

/** The path of the plain file. */
export function plainPath(path: string): string {
  return isEncrypted(path) ? path.slice(0, -encryptedEnding.length) : path
}
