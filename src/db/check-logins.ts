/**
 * Checks who logs in to the database: two roles besides the owner, with no right to become someone else.
 * Rejects logins with the rights of an administrator or of another role.
 */
import type { Sql } from 'postgres'
import { type Addresses, inSession, type RoleNames } from './connections.ts'
import { quoteIdentifier } from './identifier.ts'

/** A login as the server sees it. */
interface Login {
  readonly name: string
  readonly database: string
  /** Attributes that only an administrator needs. */
  readonly attributes: readonly string[]
  /** Roles whose rights it has or could take. */
  readonly roles: readonly string[]
}

/**
 * Logs in under each role and returns the names of the two roles. Throws with all faults: one user for two
 * roles, another database, an attribute of an administrator, a membership.
 */
export async function checkLogins(addresses: Addresses): Promise<RoleNames> {
  const [owner, work, serve] = await Promise.all(
    (['owner', 'work', 'serve'] as const).map((role) =>
      inSession(addresses[role], role, readLogin).catch(explain(role)),
    ),
  )
  if (owner === undefined || work === undefined || serve === undefined) throw new Error('A role was dropped.')
  const faults = [
    ...faultsOf('QINGDAN_WORK_URL', work, owner),
    ...faultsOf('QINGDAN_SERVE_URL', serve, owner),
  ]
  if (work.name === serve.name)
    faults.push('QINGDAN_WORK_URL and QINGDAN_SERVE_URL must have different users.')
  if (faults.length === 0) return { work: work.name, serve: serve.name }
  const lines = faults.map((fault) => `  ${fault}`)
  throw new Error(
    ['The login roles of the service do not fit. Correct this and start again:', ...lines].join('\n'),
  )
}

/** Rethrows an error of the server or system with the name of the setting, and without the address. */
const explain = (role: keyof Addresses) => (error: unknown) => {
  const { code } = error as { readonly code?: string }
  if (code === undefined) throw error
  const setting = role === 'owner' ? 'DATABASE_URL' : `QINGDAN_${role.toUpperCase()}_URL`
  throw new Error(`The login of the role ${role} is refused or can't be reached (${code}). Check ${setting}.`)
}

function faultsOf(setting: string, login: Login, owner: Login): readonly string[] {
  const { name, database, attributes, roles } = login
  const quoted = quoteIdentifier(name)
  const faults: string[] = []
  if (database !== owner.database)
    faults.push(`${setting} leads to the database ${database}, DATABASE_URL to ${owner.database}.`)
  if (name === owner.name) return [...faults, `${setting} must have another user than DATABASE_URL.`]
  if (attributes.length > 0)
    faults.push(`The role ${name} is too powerful: ALTER ROLE ${quoted} NO${attributes.join(' NO')};`)
  if (roles.length > 0)
    faults.push(
      `The role ${name} has rights of others: REVOKE ${roles.map(quoteIdentifier).join(', ')} FROM ${quoted};`,
    )
  return faults
}

/** Memberships that reveal figures of the server or force a checkpoint, and no data, are no fault. */
async function readLogin(session: Sql): Promise<Login | undefined> {
  const [row] = await session<Login[]>`
    SELECT session_user::text AS name, current_database()::text AS database,
      array_remove(ARRAY[
        CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
        CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolreplication THEN 'REPLICATION' END,
        CASE WHEN rolbypassrls THEN 'BYPASSRLS' END], NULL) AS attributes,
      ARRAY(SELECT other.rolname::text FROM pg_roles AS other
        WHERE other.oid <> own.oid AND NOT own.rolsuper AND pg_has_role(own.oid, other.oid, 'MEMBER')
          AND other.rolname NOT IN ('pg_checkpoint', 'pg_monitor', 'pg_read_all_settings', 'pg_read_all_stats',
            'pg_stat_scan_tables')
        ORDER BY 1) AS roles
    FROM pg_roles AS own WHERE rolname = session_user`
  return row
}
