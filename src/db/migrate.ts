/**
 * Migrates a database: own tables, the job queue's tables, and grants, under a lock, so that several
 * starts at once run one after the other. Rejects a database that a newer version has migrated.
 */
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

/**
 * Migrates a database as its owner and grants the two other roles their rights. Returns the number of
 * migrations applied so far. Throws if a role has more rights than it may.
 */
export async function migrate(addresses: Addresses): Promise<number> {
  const names = await checkLogins(addresses)
  // drizzle takes no lock: of three starts at once most would fail. The lock belongs to the session.
  const session = openSession(addresses.owner, 'owner')
  const forDrizzle = openSession(addresses.owner, 'owner')
  try {
    await session`SELECT pg_advisory_lock(${lockKey('migrate')}::bigint)`
    const migrationsFolder = packageFile('drizzle')
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
