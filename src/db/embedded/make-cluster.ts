/**
 * Creates a cluster for the embedded database, whole or not at all: a killed first start leaves nothing to
 * repair, and two first starts at once create exactly one cluster.
 */

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, chown, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileExists } from '../../platform/file-exists.ts'
import { isAlive } from '../../platform/process-alive.ts'
import type { OsAccount } from './os-account.ts'
import { cleanEnvironment, spawned } from './postmaster.ts'
import type { Programs } from './programs.ts'

interface MakeOptions {
  /**
   * The folder to create: `cluster`, `password` and the version that created it. The password is that of the
   * bootstrap role until the roles are created, and the secret of their passwords from then on.
   */
  readonly folder: string
  readonly account: OsAccount
  readonly programs: Programs
  /** The superuser that initdb creates. */
  readonly bootstrap: string
}

/** Creates the cluster unless it exists. Throws with the output of initdb if that fails. */
export async function makeCluster(options: MakeOptions): Promise<void> {
  const { folder, account, programs } = options
  if (await fileExists(folder)) return
  await removeLeftovers(folder)
  const temporary = await mkdtemp(`${folder}.tmp-${process.pid}-`)
  try {
    await chmod(temporary, 0o711)
    const password = randomBytes(24).toString('base64url')
    await writeFile(join(temporary, 'password'), `${password}\n`, { mode: 0o600, flush: true })
    await writeFile(join(temporary, 'version'), `${programs.major}\n`, { flush: true })
    await mkdir(join(temporary, 'cluster'), { mode: 0o700 })
    const initPasswordFile = join(temporary, 'password.init')
    await writeFile(initPasswordFile, `${password}\n`, { mode: 0o600 })
    if (account !== undefined) {
      await chown(join(temporary, 'cluster'), account.uid, account.gid)
      await chown(initPasswordFile, account.uid, account.gid)
    }
    await runInitdb(options, join(temporary, 'cluster'), initPasswordFile)
    await rm(initPasswordFile)
    await rename(temporary, folder)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    // A folder cannot be renamed onto one that is not empty: another process was faster.
    if (!(await fileExists(folder))) throw error
  }
}

async function runInitdb(options: MakeOptions, cluster: string, passwordFile: string): Promise<void> {
  const { programs, account, bootstrap } = options
  const child = spawn(
    programs.initdb,
    [
      `--pgdata=${cluster}`,
      `--username=${bootstrap}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      // Some machines have no locale: the builtin provider needs none and is the same everywhere.
      '--encoding=UTF8',
      '--no-locale',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
    ],
    { ...account, cwd: '/', env: cleanEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = `${output}${text}`.slice(-4096)
  })
  await spawned(child, programs.initdb)
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0)
    throw new Error(`The embedded database could not be created: ${output.trim() || 'initdb was killed.'}`)
}

/** Removes folders left by killed first starts. */
async function removeLeftovers(folder: string): Promise<void> {
  const prefix = `${basename(folder)}.tmp-`
  for (const name of await readdir(dirname(folder))) {
    const pid = Number(name.slice(prefix.length).split('-')[0])
    if (!name.startsWith(prefix) || isAlive(pid)) continue
    await rm(join(dirname(folder), name), { recursive: true, force: true })
  }
}
