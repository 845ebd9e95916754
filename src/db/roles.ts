/**
 * Schemas and grants of the two roles besides the owner: `work` writes everywhere, `serve` reads what is
 * published and has no grants on staging and jobs.
 */
import type { Sql } from 'postgres'
import type { RoleNames } from './connections.ts'
import { quoteIdentifier } from './identifier.ts'

/** Schemas in addition to that of the service's own tables, which the migrations create. */
const schemas = ['published', 'staging', 'pgboss'] as const

/** Creates the schemas if they are missing. */
export async function makeSchemas(owner: Sql): Promise<void> {
  for (const schema of schemas) await owner.unsafe(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
}

/**
 * Grants the roles what they need and no more. Run it after each migration; repeating it changes nothing.
 * Tables in published and staging belong to the working role; granting on all of them would collide with
 * tables dropped at the same time.
 */
export async function grant(owner: Sql, working: Sql, names: RoleNames): Promise<void> {
  const [work, serve] = [quoteIdentifier(names.work), quoteIdentifier(names.serve)]
  await owner.begin(async (tx) => {
    const [row] = await tx<{ name: string }[]>`SELECT quote_ident(current_database()) AS name`
    // On a database that belongs to someone else, the first two statements only warn.
    await tx.unsafe(`
      REVOKE TEMPORARY ON DATABASE ${row?.name} FROM PUBLIC;
      GRANT TEMPORARY ON DATABASE ${row?.name} TO ${work};
      GRANT USAGE ON SCHEMA qingdan, pgboss, published, staging TO ${work};
      GRANT CREATE ON SCHEMA published, staging TO ${work};
      GRANT ALL ON ALL TABLES IN SCHEMA qingdan TO ${work};
      GRANT ALL ON ALL SEQUENCES IN SCHEMA qingdan TO ${work};
      GRANT ALL ON pgboss.job, pgboss.queue, pgboss.archive TO ${work};
      GRANT USAGE ON SCHEMA qingdan, published TO ${serve};
      GRANT SELECT ON ALL TABLES IN SCHEMA qingdan TO ${serve};
    `)
  })
  await takeOver(owner, names)
  // The working role creates and owns tables of records, so it grants access to them by default.
  await working.unsafe(`ALTER DEFAULT PRIVILEGES IN SCHEMA published GRANT SELECT ON TABLES TO ${serve}`)
  const unreadable = await working<{ name: string }[]>`
    SELECT format('published.%I', relname) AS name FROM pg_class
    WHERE relnamespace = 'published'::regnamespace AND relkind IN ('r', 'p')
      AND NOT has_table_privilege(${names.serve}, oid, 'SELECT')`
  for (const { name } of unreadable) await working.unsafe(`GRANT SELECT ON ${name} TO ${serve}`)
}

/** Gives tables of a former working role to the current one. Only after a change of roles are there any. */
async function takeOver(owner: Sql, names: RoleNames): Promise<void> {
  const tables = await owner<{ name: string }[]>`
    SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
    WHERE schemaname IN ('published', 'staging') AND tableowner <> ${names.work}`
  const statements = tables.map(({ name }) => `ALTER TABLE ${name} OWNER TO ${quoteIdentifier(names.work)}`)
  try {
    for (const statement of statements) await owner.unsafe(statement)
  } catch (error) {
    if ((error as { readonly code?: string }).code !== '42501') throw error
    const text = [
      'Tables of records belong to a former working role, and the user of DATABASE_URL may not change that.',
      'An administrator must run this in the database, then start the service again:',
      ...statements.map((statement) => `  ${statement};`),
    ]
    throw new Error(text.join('\n'))
  }
}
