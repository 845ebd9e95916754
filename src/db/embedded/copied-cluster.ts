/**
 * A data folder that root has copied (`cp -r`) or unpacked: its cluster belongs to root, which PostgreSQL never
 * runs as. It is given to the account that PostgreSQL runs under.
 */
import { chmod, lchown, lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { OsAccount } from './os-account.ts'

/**
 * Gives a cluster that belongs to root to an account. Its folder comes last: after a crash the next start finds it
 * unfinished and repeats the work.
 */
export async function adoptCopiedCluster(cluster: string, account: OsAccount): Promise<void> {
  if (account === undefined || (await lstat(cluster)).uid !== 0) return
  for (const entry of await readdir(cluster, { withFileTypes: true, recursive: true })) {
    await lchown(join(entry.parentPath, entry.name), account.uid, account.gid)
  }
  // PostgreSQL refuses a folder that others may enter.
  await chmod(cluster, 0o700)
  await lchown(cluster, account.uid, account.gid)
}
