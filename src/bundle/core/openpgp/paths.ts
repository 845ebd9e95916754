/** Paths of encrypted files in a bag. */

/** What encrypted files end in, after the ending that they have as plain ones. */
export const encryptedEnding = '.pgp'

/** Whether a file of a bag says that it is encrypted; what it holds is what its other ending says. */
export function isEncrypted(path: string): boolean {
  return path.toLowerCase().endsWith(encryptedEnding)
}

/** The path that the file has as a plain one. */
export function plainPath(path: string): string {
  return isEncrypted(path) ? path.slice(0, -encryptedEnding.length) : path
}
