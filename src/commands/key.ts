/** `qingdan key`: makes, lists and revokes keys. A key is shown once, when it is made. */
import { createKey, listKeys, revokeKey } from '../access/index.ts'
import { scopes } from '../base/reader.ts'
import { type AddCommand, actor, type Common, command, exitCodes, UsageError, withHouse } from './command.ts'
import { checkNames } from './names.ts'
import { print, table } from './output.ts'

export const keyCommand: AddCommand = (program, end) => {
  const key = program.command('key').description('make, list and revoke keys')
  command(key, 'create', 'make a key; it is shown this once and only its digest is kept')
    .requiredOption('--label <text>', 'who or what the key is for')
    .requiredOption('--scope <scope...>', `any of ${scopes.join(', ')}`)
    .option('--provider <code>', 'the only provider that the key speaks for')
    .option('--dataset <slug...>', 'the only datasets that the key is for')
    .option('--expires <instant>', 'such as 2027-01-01T00:00:00+08:00')
    .action(create)
  command(key, 'list', 'all keys, without their secrets').action(list)
  command(key, 'revoke', 'revoke a key for good')
    .argument('<id>')
    .action(async (id: string, options: Common) => end(await revoke(id, options)))
}

interface CreateOptions extends Common {
  readonly label: string
  readonly scope: readonly string[]
  readonly provider?: string
  readonly dataset?: readonly string[]
  readonly expires?: string
}

async function create(options: CreateOptions): Promise<void> {
  const wanted = scopes.filter((scope) => options.scope.includes(scope))
  if (wanted.length !== new Set(options.scope).size) {
    throw new UsageError(`--scope takes any of ${scopes.join(', ')}.`)
  }
  const expiresAt = options.expires === undefined ? undefined : new Date(options.expires)
  if (expiresAt !== undefined && Number.isNaN(expiresAt.getTime())) {
    throw new UsageError('--expires takes an instant such as 2027-01-01T00:00:00+08:00.')
  }
  const request = {
    label: options.label,
    scopes: wanted,
    ...(options.provider === undefined ? {} : { provider: options.provider }),
    ...(options.dataset === undefined ? {} : { datasets: options.dataset }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
  await withHouse(async (house) => {
    checkNames(house, options)
    const made = await createKey(house.database, request, { clock: house.clock, actor: actor() })
    print.result(options, made, () => {
      print.line(made.secret)
      print.refusal('This key is shown this once; only its digest is kept.')
    })
  })
}

async function list(options: Common): Promise<void> {
  await withHouse(async (house) => {
    const keys = await listKeys(house.database)
    print.result(options, keys, () =>
      table(keys, ['id', 'label', 'scopes', 'provider', 'expiresAt', 'revokedAt']),
    )
  })
}

async function revoke(id: string, options: Common): Promise<number> {
  return withHouse(async (house) => {
    const revoked = await revokeKey(house.database, id, { clock: house.clock, actor: actor() })
    if (revoked) print.result(options, { id, revoked }, () => print.line(`The key ${id} is revoked.`))
    else print.refusal(`There is no key ${id}; qingdan key list names them all.`)
    return revoked ? exitCodes.ok : exitCodes.problem
  })
}
