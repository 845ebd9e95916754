/**
 * The account that runs the embedded PostgreSQL. PostgreSQL refuses root, so root runs it as `nobody`, which
 * exists everywhere; no account is ever created. What an account can access is determined from modes and
 * owners.
 */
import { readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** An account to run programs under; undefined means the account of this process. */
export type OsAccount = { readonly uid: number; readonly gid: number } | undefined

/** Whether this process runs as root. */
export function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** The account `nobody`, from /etc/passwd. Throws if there is none. */
export async function findNobody(): Promise<{ readonly uid: number; readonly gid: number }> {
  const accounts = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const [, , uid, gid] = accounts.match(/^nobody:.*$/m)?.[0].split(':') ?? []
  if (uid === undefined || gid === undefined) {
    throw new Error(
      'PostgreSQL refuses to run as root, and /etc/passwd has no account `nobody` to run it under. ' +
        'Start the service as an ordinary user, or set DATABASE_URL to a server.',
    )
  }
  return { uid: Number(uid), gid: Number(gid) }
}

/** Requested permissions, as in one digit of a mode. */
export const readable = 0o4
export const traversable = 0o1

/**
 * Whether an account may use a path in this way and traverse every folder above it. Access lists are not
 * consulted; if one forbids the access, the system's error names the path.
 */
export async function canReach(account: OsAccount, path: string, permission: number): Promise<boolean> {
  if (account === undefined) return true
  const allowed = async (each: string, wanted: number): Promise<boolean> => {
    const { uid, gid, mode } = await stat(each)
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0
    return ((mode >> shift) & wanted) === wanted
  }
  if (!(await allowed(path, permission))) return false
  for (let above = path; above !== dirname(above); ) {
    above = dirname(above)
    if (!(await allowed(above, traversable))) return false
  }
  return true
}
