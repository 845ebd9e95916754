/**
 * Migrates a database: roles, own tables, the job queue's tables, and grants, under a lock, so that several
 * starts at once run one after the other. Rejects a database that a newer version has migrated.
 */
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as runMigrations } from 'drizzle-orm/postgres-js/migrator'
import type { Sql } from 'postgres'
import { packageFile } from '../platform/package-root.ts'
import { openSession } from './connections.ts'
import { installJobs } from './jobs/pg-boss-adapter.ts'
import { lockKey } from './lock.ts'
import { grant, makeRoles, makeSchemas } from './roles.ts'

/** Migrates the database at an address as its owner. Returns the number of migrations applied so far. */
export async function migrate(url: string): Promise<number> {
  // drizzle takes no lock: of three starts at once most would fail. The lock belongs to the session.
  const session = openSession(url, 'owner')
  const forDrizzle = openSession(url, 'owner')
  try {
    await session`SELECT pg_advisory_lock(${lockKey('migrate')}::bigint)`
    await makeRoles(session)
    const migrationsFolder = packageFile('drizzle')
    const migrations = readMigrationFiles({ migrationsFolder })
    await refuseNewer(session, migrations.at(-1)?.folderMillis ?? 0)
    await runMigrations(drizzle(forDrizzle), { migrationsFolder })
    await makeSchemas(session)
    await installJobs(session)
    await grant(session)
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
