/**
 * Creates the roles of an embedded cluster: an ordinary owner and the logins for work and serving. Afterwards
 * nobody can log in as the superuser. A cluster of a former version, whose owner was the superuser, is
 * converted in the same way: in one transaction, so that a crash leaves it as it was.
 */
import pg from 'pg'
import { roleNames } from '../connections.ts'
import { lockKey } from '../lock.ts'
import { verifierOf } from '../scram.ts'

/** The superuser that initdb creates. PostgreSQL does not allow to take that right away. */
export const bootstrapName = 'qingdan'
/** The role that owns the database and migrates it; no superuser. */
export const ownerName = 'qingdan_owner'

interface RolesOptions {
  /** The bootstrap role's address of a database. */
  readonly address: (database: string) => string
  readonly database: string
  /** The passwords of the roles are derived from it. */
  readonly secret: string
  readonly ownerAttribute: 'SUPERUSER' | undefined
}

const applicationName = 'qingdan roles'

/** Whether the server refused a login: a wrong password, no such role, or one that may not log in. */
export function isLoginRefused(error: unknown): boolean {
  return ['28P01', '28000'].includes((error as { readonly code?: string }).code ?? '')
}

/** `refused`: the bootstrap role may not log in either, because another process was faster, or never could. */
type Outcome = 'made' | 'in use by an earlier version' | 'refused'

/** Creates the roles, the database and their grants, unless another process was faster. */
export async function makeClusterRoles(options: RolesOptions): Promise<Outcome> {
  const { address, database } = options
  try {
    const isInUse = await asBootstrap(address('postgres'), async (client) => {
      const used = await hasEarlierVersion(client)
      if (!used) await makeDatabase(client, database)
      return used
    })
    if (isInUse) return 'in use by an earlier version'
    await asBootstrap(address(database), (client) => convert(client, options))
    return 'made'
  } catch (error) {
    if (isLoginRefused(error)) return 'refused'
    throw error
  }
}

async function asBootstrap<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: applicationName })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Whether a service of an earlier version runs, which could not open new connections afterwards. */
async function hasEarlierVersion(client: pg.Client): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_stat_activity
     WHERE usename = current_user AND application_name LIKE 'qingdan lease %'`,
  )
  return rowCount !== 0
}

async function makeDatabase(client: pg.Client, database: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database])
  if (rowCount !== 0) return
  await client.query(`CREATE DATABASE ${database}`).catch((error: { code?: string }) => {
    // If two processes start at once, one of them gets an error for a duplicate, sooner or later.
    if (error.code !== '42P04' && error.code !== '23505') throw error
  })
}

async function convert(client: pg.Client, options: RolesOptions): Promise<void> {
  await client.query('BEGIN')
  await client.query('SELECT pg_advisory_xact_lock($1)', [lockKey(applicationName)])
  const { rows } = await client.query<{ rolcanlogin: boolean }>(
    'SELECT rolcanlogin FROM pg_roles WHERE rolname = current_user',
  )
  if (rows[0]?.rolcanlogin) {
    for (const role of [ownerName, roleNames.work, roleNames.serve]) await makeLogin(client, options, role)
    for (const statement of grants(options)) await client.query(statement)
    await client.query(handOver)
    await client.query(`ALTER ROLE ${bootstrapName} NOLOGIN PASSWORD NULL`)
  }
  await client.query('COMMIT')
}

async function makeLogin(client: pg.Client, options: RolesOptions, role: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role])
  const verb = rowCount === 0 ? 'CREATE' : 'ALTER'
  const attribute = (role === ownerName && options.ownerAttribute) || ''
  await client.query(`${verb} ROLE ${role} LOGIN ${attribute} PASSWORD '${verifierOf(options.secret, role)}'`)
}

/** What only a superuser can grant. */
const grants = ({ database }: RolesOptions): readonly string[] => [
  `ALTER DATABASE ${database} OWNER TO ${ownerName}`,
  // As a member of work the owner can read and maintain tables of records, for example by VACUUM FULL.
  `GRANT ${roleNames.work}, ${roleNames.serve} TO ${ownerName}`,
  // To force erased data out of the files of the database, and to see that they are gone.
  `GRANT pg_checkpoint, pg_monitor TO ${ownerName}`,
  `GRANT EXECUTE ON FUNCTION pg_switch_wal() TO ${ownerName}`,
  // Only the owner needs another database, for the session that says that a process uses the server.
  `REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC`,
  `GRANT CONNECT ON DATABASE postgres TO ${ownerName}`,
  // By default everyone may store large objects, the serving role too.
  `REVOKE EXECUTE ON FUNCTION lo_creat(int), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC`,
]

/**
 * Gives everything in the database that belongs to the bootstrap role to the owner, except what belongs to
 * PostgreSQL itself; REASSIGN OWNED refuses because of that. A sequence of a column follows its table.
 */
const handOver = `
  DO $$
  DECLARE statement text;
  BEGIN
    FOR statement IN
      WITH schemas AS (
        SELECT oid, nspname, nspowner FROM pg_namespace
        WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
      SELECT format('ALTER SCHEMA %I OWNER TO ${ownerName}', nspname) FROM schemas
      WHERE nspowner = current_user::regrole
      UNION ALL
      SELECT format('ALTER %s %s OWNER TO ${ownerName}',
        CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
          ELSE 'TABLE' END, pg_class.oid::regclass)
      FROM pg_class JOIN schemas ON relnamespace = schemas.oid
      WHERE relowner = current_user::regrole AND relkind IN ('r', 'p', 'v', 'm', 'S')
        AND NOT (relkind = 'S' AND EXISTS (SELECT FROM pg_depend
          WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype IN ('a', 'i')))
      UNION ALL
      SELECT format('ALTER TYPE %s OWNER TO ${ownerName}', pg_type.oid::regtype)
      FROM pg_type JOIN schemas ON typnamespace = schemas.oid
      WHERE typowner = current_user::regrole AND typtype IN ('e', 'd')
      UNION ALL
      SELECT format('ALTER ROUTINE %s OWNER TO ${ownerName}', pg_proc.oid::regprocedure)
      FROM pg_proc JOIN schemas ON pronamespace = schemas.oid
      WHERE proowner = current_user::regrole
    LOOP
      EXECUTE statement;
    END LOOP;
  END $$`
