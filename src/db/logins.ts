/**
 * The logins of the two roles on a server of your own: those of QINGDAN_WORK_URL and QINGDAN_SERVE_URL, else
 * roles that the service creates with passwords derived from a secret of the data folder. Rejects a server
 * whose user may not create them, with the SQL for an administrator.
 */
import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import type { Sql } from 'postgres'
import type { Config } from '../platform/config.ts'
import { readSecretFile, writeSecretFileOnce } from '../platform/secret-file.ts'
import { type Addresses, inSession, type RoleNames, roleNames } from './connections.ts'
import { quoteIdentifier } from './identifier.ts'
import { passwordOf, verifierOf } from './scram.ts'

type LoginSettings = Pick<Config, 'QINGDAN_DATA' | 'QINGDAN_WORK_URL' | 'QINGDAN_SERVE_URL'>

/** SQLSTATE of a missing right, of a failed password, and of a login that the server does not allow. */
const insufficientPrivilege = '42501'
const loginRefused = new Set(['28P01', '28000'])

const codeOf = (error: unknown) => (error as { readonly code?: string }).code ?? ''

/**
 * Finds the addresses of all roles on the server of an owner's address; creates the roles if they are missing.
 * Once they exist, the owner needs no right to create roles any more.
 */
export async function findLogins(
  url: string,
  config: LoginSettings,
  names: RoleNames = roleNames,
): Promise<Addresses> {
  const { QINGDAN_WORK_URL: work, QINGDAN_SERVE_URL: serve } = config
  if (work !== '') return { owner: url, work, serve }
  const path = join(resolve(config.QINGDAN_DATA), 'keys', 'database-secret')
  const secret = await loadSecret(path)
  const addresses = loginAddresses(url, secret, names)
  await inSession(url, 'owner', async (owner) => {
    for (const role of Object.keys(names) as (keyof RoleNames)[]) {
      await makeLogin(owner, names, role, secret, () => canLogIn(addresses[role]))
    }
  }).catch((error: unknown) => {
    throw error instanceof ForeignRole ? new Error(foreignText(error.message, path)) : error
  })
  return addresses
}

/** The secret of the data folder, created at first use. */
async function loadSecret(path: string): Promise<string> {
  const existing = await readSecretFile(path)
  if (existing !== undefined) return existing.trim()
  await writeSecretFileOnce(path, `${randomBytes(32).toString('base64url')}\n`)
  const created = await readSecretFile(path)
  if (created === undefined) throw new Error(`The secret ${path} was removed while it was created.`)
  return created.trim()
}

/** The addresses of the roles that the service creates: the owner's with another name and password. */
export function loginAddresses(url: string, secret: string, names: RoleNames = roleNames): Addresses {
  const addressOf = (role: string): string => {
    const address = new URL(url)
    // These parameters would replace the name and password of the address.
    for (const name of ['user', 'password']) address.searchParams.delete(name)
    address.username = role
    address.password = passwordOf(secret, role)
    // An address without a host, such as postgres:///name, has no place for a name.
    if (address.username !== encodeURIComponent(role)) {
      throw new Error(
        'DATABASE_URL names no host. Add one (for a socket: postgres://user@localhost/name?host=/run/postgresql), ' +
          'or set QINGDAN_WORK_URL and QINGDAN_SERVE_URL.',
      )
    }
    return address.href
  }
  return { owner: url, work: addressOf(names.work), serve: addressOf(names.serve) }
}

async function canLogIn(url: string): Promise<boolean> {
  try {
    await inSession(url, 'owner', (session) => session`SELECT`)
    return true
  } catch (error) {
    if (loginRefused.has(codeOf(error))) return false
    throw error
  }
}

/** A role that can log in, but not with the password of this data folder. The message is its name. */
class ForeignRole extends Error {}

async function makeLogin(
  owner: Sql,
  names: RoleNames,
  role: keyof RoleNames,
  secret: string,
  isOurs: () => Promise<boolean>,
): Promise<void> {
  const name = names[role]
  const find = async () => {
    const [row] = await owner<{ login: boolean }[]>`
      SELECT rolcanlogin AS login FROM pg_roles WHERE rolname = ${name}`
    return row?.login
  }
  const login = await find()
  if (login === true) {
    if (await isOurs()) return
    throw new ForeignRole(name)
  }
  try {
    await retry(async () => {
      const verb = (await find()) === undefined ? 'CREATE' : 'ALTER'
      await owner.unsafe(loginStatement(verb, name, secret))
    })
  } catch (error) {
    if (codeOf(error) !== insufficientPrivilege) throw error
    // Without the cause, which would be reported in place of this text.
    throw new Error(await administratorText(owner, names, secret))
  }
  await grantMembership(owner, name)
  if (await isOurs()) return
  throw new Error(
    `The role ${name} was created, but the server refuses its login. ` +
      `Allow it in pg_hba.conf as the user of DATABASE_URL is allowed, with scram-sha-256, and start again.`,
  )
}

function loginStatement(verb: string, name: string, secret: string): string {
  return `${verb} ROLE ${quoteIdentifier(name)} LOGIN PASSWORD '${verifierOf(secret, name)}'`
}

/**
 * Makes the owner a member of a role, so that it can read and maintain the tables that belong to it, as
 * pg_dump and VACUUM FULL do. The service itself does not need it, so a refusal is no error.
 */
async function grantMembership(owner: Sql, name: string): Promise<void> {
  const [row] = await owner<{ member: boolean }[]>`
    SELECT pg_has_role(current_user, ${name}, 'USAGE') AS member`
  if (row?.member) return
  await retry(() => owner.unsafe(`GRANT ${quoteIdentifier(name)} TO CURRENT_USER`)).catch(
    (error: unknown) => {
      if (codeOf(error) !== insufficientPrivilege) throw error
    },
  )
}

/** Two changes of one role at the same moment collide in the system catalogue; the retry succeeds. */
async function retry(change: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await change()
      return
    } catch (error) {
      if (attempt === 5 || !['XX000', '23505', '42710'].includes(codeOf(error))) throw error
    }
  }
}

async function administratorText(owner: Sql, names: RoleNames, secret: string): Promise<string> {
  const [user] = await owner<{ name: string }[]>`SELECT quote_ident(current_user) AS name`
  const existing = await owner<{ name: string }[]>`
    SELECT rolname AS name FROM pg_roles WHERE rolname IN ${owner(Object.values(names))}`
  const statements = Object.values(names).map((name) => {
    return loginStatement(existing.some((row) => row.name === name) ? 'ALTER' : 'CREATE', name, secret)
  })
  const both = Object.values(names).map(quoteIdentifier).join(', ')
  return [
    `The database user ${user?.name} is not allowed to create the login roles of the service.`,
    `An administrator must run this once, then start the service again:`,
    ...[...statements, `GRANT ${both} TO ${user?.name}`].map((statement) => `  ${statement};`),
    `These are SCRAM verifiers, not passwords. Or set QINGDAN_WORK_URL and QINGDAN_SERVE_URL to login roles of your own.`,
  ].join('\n')
}

function foreignText(name: string, path: string): string {
  return [
    `The role ${name} has another password than that of ${path}: another data folder created it.`,
    `If that service is still in use, copy its file to ${path},`,
    `or set QINGDAN_WORK_URL and QINGDAN_SERVE_URL to other login roles of your own.`,
    `If it is not, an administrator allows this service to set the password:`,
    `  ALTER ROLE ${quoteIdentifier(name)} NOLOGIN;`,
  ].join('\n')
}
