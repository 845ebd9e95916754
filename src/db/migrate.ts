/**
 * Migrates a database: own tables, the job queue's tables, and grants, under a lock, so that several
 * starts at once run one after the other. Rejects a database that a newer version has migrated.
 */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as runMigrations } from 'drizzle-orm/postgres-js/migrator'
import type { Sql } from 'postgres'
import { packageFile } from '../platform/package-root.ts'
import { checkLogins } from './check-logins.ts'
import { type Addresses, inSession, openSession } from './connections.ts'
import { installJobs } from './jobs/pg-boss-adapter.ts'
import { lockKey } from './lock.ts'
import { grant, makeSchemas } from './roles.ts'

/** The migrations of this version of the service, by the moment that identifies each, oldest first. */
export function knownMigrations(): readonly number[] {
  return readMigrationFiles({ migrationsFolder: packageFile('drizzle') }).map((one) => one.folderMillis)
}

/**
 * Migrates a database as its owner and grants the two other roles their rights. Returns the number of
 * migrations applied so far. Throws if a role has more rights than it may. `upTo` stops after that migration: data of an older version are loaded first, and the later migrations change them.
 */
export async function migrate(
  addresses: Addresses,
  options: { readonly upTo?: number } = {},
): Promise<number> {
  if (options.upTo === undefined || options.upTo === knownMigrations().at(-1))
    return migrateFrom(addresses, packageFile('drizzle'))
  const folder = await mkdtemp(join(tmpdir(), 'qingdan-migrations-'))
  try {
    await copyMigrations(folder, options.upTo)
    return await migrateFrom(addresses, folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Copies the migrations up to one of them, in the form that drizzle reads. */
async function copyMigrations(folder: string, upTo: number): Promise<void> {
  await cp(packageFile('drizzle'), folder, { recursive: true })
  const file = join(folder, 'meta', '_journal.json')
  const journal = JSON.parse(await readFile(file, 'utf8')) as { entries: { readonly when: number }[] }
  journal.entries = journal.entries.filter(({ when }) => when <= upTo)
  await writeFile(file, JSON.stringify(journal))
}

async function migrateFrom(addresses: Addresses, migrationsFolder: string): Promise<number> {
  const names = await checkLogins(addresses)
  // drizzle takes no lock: of three starts at once most would fail. The lock belongs to the session.
  const session = openSession(addresses.owner, 'owner')
  const forDrizzle = openSession(addresses.owner, 'owner')
  try {
    await session`SELECT pg_advisory_lock(${lockKey('migrate')}::bigint)`
    const migrations = readMigrationFiles({ migrationsFolder })
    await refuseNewer(session, migrations.at(-1)?.folderMillis ?? 0)
    await runMigrations(drizzle(forDrizzle), { migrationsFolder })
    await makeSchemas(session)
    await installJobs(session)
    await inSession(addresses.work, 'work', (work) => grant(session, work, names))
    return migrations.length
  } finally {
    await forDrizzle.end({ timeout: 5 })
    await session.end({ timeout: 5 })
  }
}

async function refuseNewer(session: Sql, newestKnown: number): Promise<void> {
  const [table] = await session`SELECT to_regclass('drizzle.__drizzle_migrations') AS name`
  if (table?.['name'] === null) return
  const [row] = await session<{ newest: string | null }[]>`
    SELECT max(created_at) AS newest FROM drizzle.__drizzle_migrations`
  if (Number(row?.newest ?? 0) <= newestKnown) return
  throw new Error(
    'The database was migrated by a newer version of the service. ' +
      'Run that version, or restore an earlier backup.',
  )
}
