/**
 * The two roles beside the owner, and what they may do: `work` writes everywhere, `serve` reads what is
 * published and has nothing at all on staging and jobs. Refuses a server whose user can't make them, with the
 * SQL that an administrator has to run.
 */
import type { Sql } from 'postgres'
import { roleNames } from './connections.ts'

const { work, serve } = roleNames

interface Refusal {
  readonly code?: string
}

/**
 * Makes the roles where they are missing and lends them to the current user. Roles belong to the whole
 * server, so other databases may be doing the same at this moment.
 */
export async function makeRoles(owner: Sql): Promise<void> {
  try {
    for (const role of [work, serve]) {
      await makeRole(owner, role)
      if (!(await canTake(owner, role))) await retry(() => owner.unsafe(`GRANT ${role} TO CURRENT_USER`))
      await takeAndReturn(owner, role)
    }
  } catch (cause) {
    if ((cause as Refusal).code !== '42501') throw cause
    const [row] = await owner<{ name: string }[]>`SELECT quote_ident(current_user) AS name`
    throw new Error(
      `The database user ${row?.name} may not make the roles of the service. ` +
        `An administrator runs this once:\n` +
        `  CREATE ROLE ${work} NOLOGIN;\n  CREATE ROLE ${serve} NOLOGIN;\n` +
        `  GRANT ${work}, ${serve} TO ${row?.name};\n(A role that exists already needs only the GRANT.)`,
      { cause },
    )
  }
}

async function makeRole(owner: Sql, role: string): Promise<void> {
  const found = await owner`SELECT FROM pg_roles WHERE rolname = ${role}`
  if (found.length > 0) return
  await owner.unsafe(`CREATE ROLE ${role} NOLOGIN`).catch((error: Refusal) => {
    // Somebody else was faster: the name is taken, seen early or late.
    if (error.code !== '42710' && error.code !== '23505') throw error
  })
}

async function canTake(owner: Sql, role: string): Promise<boolean> {
  return takeAndReturn(owner, role).then(
    () => true,
    () => false,
  )
}

/** The proof of membership that all versions share: who may take a role takes it. */
async function takeAndReturn(owner: Sql, role: string): Promise<void> {
  await owner.begin((tx) => tx.unsafe(`SET LOCAL ROLE ${role}`))
}

/** Two grants of one role at the same moment collide in the catalogue; the second try finds it done. */
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

/** Schemas besides the one of our own tables, which the migrations make. */
export const schemas = ['published', 'staging', 'pgboss'] as const

/** Makes the schemas where they are missing. */
export async function makeSchemas(owner: Sql): Promise<void> {
  for (const schema of schemas) await owner.unsafe(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
}

/**
 * Gives the roles what they need, and not more. To be run after each migration; doing it again changes
 * nothing. Tables in published and staging are the working role's own; granting on them all would collide
 * with those just dropped.
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
    // Records tables are made, and so owned, by the role that works: it passes on what it makes.
    await tx.unsafe(`
      SET LOCAL ROLE ${work};
      ALTER DEFAULT PRIVILEGES IN SCHEMA published GRANT SELECT ON TABLES TO ${serve};
      RESET ROLE;
    `)
  })
}
