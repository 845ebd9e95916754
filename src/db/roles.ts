/**
 * The two roles besides the owner: `work` writes everywhere, `serve` reads what is published and has no
 * grants on staging and jobs. Rejects a server whose user cannot create them, with the SQL that an
 * administrator must run.
 */
import type { Sql } from 'postgres'
import { roleNames } from './connections.ts'

const { work, serve } = roleNames

interface Refusal {
  readonly code?: string
}

/**
 * Creates the roles if they are missing and grants them to the current user. Roles belong to the whole
 * server, so other databases may be doing the same at this moment.
 */
export async function makeRoles(owner: Sql): Promise<void> {
  try {
    for (const role of [work, serve]) {
      await makeRole(owner, role)
      if (!(await isMember(owner, role))) await retry(() => owner.unsafe(`GRANT ${role} TO CURRENT_USER`))
      await setRoleOnce(owner, role)
    }
  } catch (cause) {
    if ((cause as Refusal).code !== '42501') throw cause
    const [row] = await owner<{ name: string }[]>`SELECT quote_ident(current_user) AS name`
    throw new Error(
      `The database user ${row?.name} is not allowed to create the roles of the service. ` +
        `An administrator must run this once:\n` +
        `  CREATE ROLE ${work} NOLOGIN;\n  CREATE ROLE ${serve} NOLOGIN;\n` +
        `  GRANT ${work}, ${serve} TO ${row?.name};\n(For a role that exists already, the GRANT is enough.)`,
      { cause },
    )
  }
}

async function makeRole(owner: Sql, role: string): Promise<void> {
  const found = await owner`SELECT FROM pg_roles WHERE rolname = ${role}`
  if (found.length > 0) return
  await owner.unsafe(`CREATE ROLE ${role} NOLOGIN`).catch((error: Refusal) => {
    // Another process was faster: a duplicate name, detected early or late.
    if (error.code !== '42710' && error.code !== '23505') throw error
  })
}

async function isMember(owner: Sql, role: string): Promise<boolean> {
  return setRoleOnce(owner, role).then(
    () => true,
    () => false,
  )
}

/** Tests membership in a way that works in all versions: a member can SET ROLE. */
async function setRoleOnce(owner: Sql, role: string): Promise<void> {
  await owner.begin((tx) => tx.unsafe(`SET LOCAL ROLE ${role}`))
}

/** Two grants of one role at the same moment collide in the system catalogue; the retry succeeds. */
async function retry(grant: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await grant()
      return
    } catch (error) {
      const { code } = error as Refusal
      if (attempt === 5 || (code !== 'XX000' && code !== '23505')) throw error
    }
  }
}

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
export async function grant(owner: Sql): Promise<void> {
  await owner.begin(async (tx) => {
    await tx.unsafe(`
      GRANT USAGE ON SCHEMA qingdan, pgboss, published, staging TO ${work};
      GRANT CREATE ON SCHEMA published, staging TO ${work};
      GRANT ALL ON ALL TABLES IN SCHEMA qingdan TO ${work};
      GRANT ALL ON ALL SEQUENCES IN SCHEMA qingdan TO ${work};
      GRANT ALL ON pgboss.job, pgboss.queue, pgboss.archive TO ${work};
      GRANT USAGE ON SCHEMA qingdan, published TO ${serve};
      GRANT SELECT ON ALL TABLES IN SCHEMA qingdan TO ${serve};
    `)
    // The working role creates and owns tables of records, so it grants access to them by default.
    await tx.unsafe(`
      SET LOCAL ROLE ${work};
      ALTER DEFAULT PRIVILEGES IN SCHEMA published GRANT SELECT ON TABLES TO ${serve};
      RESET ROLE;
    `)
  })
}
