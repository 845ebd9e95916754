/**
 * Files that a repair has moved out of the way: below `set-aside/<time>/`, under their former names. Nobody is
 * served from there; who removes a folder for good must remove what was set aside of it too.
 */
import type { Files } from './files.ts'

/** Folder of what was set aside. */
export const setAsideFolder = 'set-aside'

/** Removes a file or folder, sealed or not, and every copy of it that was set aside. Safe to repeat. */
export async function removeWithCopies(files: Pick<Files, 'list' | 'remove'>, name: string): Promise<void> {
  await files.remove(name, { sealed: true })
  for (const stored of await files.list(setAsideFolder)) {
    const [, , ...former] = stored.split('/')
    if (`${former.join('/')}/`.startsWith(`${name}/`)) await files.remove(stored, { sealed: true })
  }
}
