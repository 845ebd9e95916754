/**
 * `qingdan signer`: registers, lists and revokes the OpenPGP keys whose signatures are trusted, and shows the
 * service's own. Refuses a file with a private key and stores nothing of it.
 */

import { addSigner, findSigner, listSigners, loadServiceKey, revokeSigner } from '../../accounts/index.ts'
import { defined } from '../../platform/defined.ts'
import { dayInShanghai, parseMoment } from '../../platform/time.ts'
import { readPublicKeyFile } from '../bundles/key-files.ts'
import { actor, type Common, exitCodes, UsageError } from '../command.ts'
import { loadSettings } from '../load-settings.ts'
import { checkNames } from '../names.ts'
import { print, table } from '../output.ts'
import { withContext } from '../with-context.ts'

export interface AddOptions extends Common {
  readonly provider: string
  readonly dataset?: readonly string[]
  readonly from?: string
  readonly until?: string
}

export interface RevokeOptions extends Common {
  readonly reason: string
}

export async function add(file: string, options: AddOptions): Promise<void> {
  const [validFrom, validUntil] = [momentOf('--from', options.from), momentOf('--until', options.until)]
  const key = await readPublicKeyFile(file)
  const { fingerprint, userIds, armored: publicKey } = key
  const { provider, dataset: datasets } = options
  const request = {
    fingerprint,
    publicKey,
    userIds,
    provider,
    ...defined({ datasets, validFrom, validUntil }),
  }
  await withContext(async (context) => {
    checkNames(context, options)
    const { isNew } = await addSigner(context.database, request, { clock: context.clock, actor: actor() })
    print.result(options, { ...withoutPublicKey(request), isNew }, () => {
      print.line(`${isNew ? 'registered' : 'updated'}  ${fingerprint}  for ${provider}`)
      for (const userId of userIds) print.line(`  ${userId}`)
    })
  })
}

function momentOf(option: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const moment = parseMoment(text)
  if (moment === undefined)
    throw new UsageError(`${option} must be a date or time such as 2026-01-01 or 2026-01-01T08:00.`)
  return moment
}

export async function list(options: Common): Promise<void> {
  await withContext(async (context) => {
    const signers = (await listSigners(context.database)).map(withoutPublicKey)
    print.result(options, signers, () =>
      table(signers.map(shown), [
        'fingerprint',
        'provider',
        'datasets',
        'validFrom',
        'validUntil',
        'revokedAt',
        'userIds',
      ]),
    )
  })
}

export async function show(name: string, options: Common): Promise<number> {
  return withContext(async (context) => {
    const signer = await findSigner(context.database, name)
    if (signer === undefined) return unknown(name)
    print.result(options, signer, () => {
      for (const [label, value] of Object.entries(shown(withoutPublicKey(signer))))
        print.line(`${label.padEnd(13)}  ${value}`)
      print.line(signer.publicKey)
    })
    return exitCodes.ok
  })
}

export async function revoke(name: string, options: RevokeOptions): Promise<number> {
  return withContext(async (context) => {
    const signer = await findSigner(context.database, name)
    if (signer === undefined) return unknown(name)
    const { fingerprint } = signer
    const { reason } = options
    await revokeSigner(context.database, { fingerprint, reason }, { clock: context.clock, actor: actor() })
    print.result(options, { fingerprint, revoked: true }, () =>
      print.line(`The key ${fingerprint} is revoked. Bundles accepted before keep their signatures.`),
    )
    return exitCodes.ok
  })
}

function unknown(name: string): number {
  print.refusal(`No registered key ${name}, or several end with it; qingdan signer list shows all keys.`)
  return exitCodes.problem
}

/** Shows the service's key, which needs no database and is created if missing. */
export async function service(options: Common): Promise<void> {
  const { fingerprint, publicKey } = await loadServiceKey({
    config: loadSettings(process.env),
    clock: () => new Date(),
  })
  print.result(options, { fingerprint, publicKey }, () => {
    print.line(publicKey.trimEnd())
    print.refusal(`fingerprint ${fingerprint}`)
  })
}

/** As people read it: its dates are days in Shanghai. */
function shown<T extends object>(signer: T): { readonly [Name in keyof T]: T[Name] | string } {
  const entries = Object.entries(signer).map(([name, value]) => [
    name,
    value instanceof Date ? dayInShanghai(value) : value,
  ])
  return Object.fromEntries(entries)
}

/** A signer without its armoured text, which would fill a terminal. */
function withoutPublicKey<T extends { readonly publicKey: string }>({
  publicKey: _publicKey,
  ...rest
}: T): Omit<T, 'publicKey'> {
  return rest
}
