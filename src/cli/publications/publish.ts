/** `qingdan publish` and `qingdan withdraw`: make an edition public, and take it back. */

import type { Waiver } from '../../contract/index.ts'
import { defined } from '../../platform/defined.ts'
import { Problem } from '../../platform/problem.ts'
import { parseMoment } from '../../platform/time.ts'
import { pendingReasonOf, publishEdition, requestPublication, withdraw } from '../../publication/index.ts'
import { actor, type Common, exitCodes, UsageError } from '../command.ts'
import { print, progressLine } from '../output.ts'
import { withContext } from '../with-context.ts'

export interface PublishOptions extends Common {
  readonly reason?: string
  readonly waive?: readonly string[]
  readonly at?: string
}

export async function publish(dataset: string, edition: string, options: PublishOptions): Promise<number> {
  const waivers = (options.waive ?? []).map(parseWaiver)
  const at = options.at === undefined ? undefined : parseAt(options.at)
  return withContext(async (context) => {
    const { replaces, id } = await requestPublication(context, {
      dataset,
      edition,
      waivers,
      askedBy: actor(),
      ...defined({ reason: options.reason, at }),
    }).catch((error: unknown) => {
      if (!(error instanceof Problem && error.code === 'reason-missing')) throw error
      throw new UsageError(
        `A correction needs a reason, which is published: qingdan publish ${dataset} ${edition} --reason '…'`,
      )
    })
    if (replaces !== null) {
      const voided = replaces.approvalVoid ? ' Its approval is void.' : ''
      print.refusal(`It replaces the pending publication ${replaces.id}.${voided}`)
    }
    const publication = await publishEdition(context, id, progressLine(`${dataset} ${edition}`))
    const waits = pendingReasonOf(context, publication)
    print.result(options, { ...publication, waitsFor: waits, replaces }, () =>
      print.publication(publication, waits),
    )
    return publication.state === 'refused' ? exitCodes.refused : exitCodes.ok
  })
}

/** Parses a date and time. Throws UsageError if it is invalid. */
function parseAt(text: string): Date {
  const moment = parseMoment(text)
  if (moment !== undefined) return moment
  throw new UsageError(
    '--at must be a date and time in Shanghai, such as 2026-03-01T09:00, or in UTC, such as 2026-03-01T01:00:00Z.',
  )
}

/** Parses a waiver, `provider=reason`. Throws UsageError where either is missing. */
function parseWaiver(text: string): Waiver {
  const [, provider, reason] = /^([^=]+)=(.*\S.*)$/.exec(text) ?? []
  if (provider === undefined || reason === undefined) {
    throw new UsageError('--waive must be provider=reason; the reason is published.')
  }
  return { provider: provider.trim(), reason: reason.trim() }
}

export interface WithdrawOptions extends Common {
  readonly reason: string
}

export async function withdrawVersion(
  dataset: string,
  edition: string,
  version: string,
  options: WithdrawOptions,
): Promise<void> {
  if (!/^[1-9]\d{0,5}$/.test(version)) throw new UsageError('The version is a number such as 1.')
  await withContext(async (context) => {
    const request = { dataset, edition, version: Number(version), reason: options.reason, actor: actor() }
    const first = await withdraw(context, request)
    print.result(options, { ...request, withdrawn: true, already: !first }, () =>
      print.line(
        first
          ? `${dataset} ${edition} v${version} is withdrawn.`
          : `${dataset} ${edition} v${version} had already been withdrawn.`,
      ),
    )
  })
}
