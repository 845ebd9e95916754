/** `qingdan publish` and `qingdan withdraw`: the explicit acts that make an edition public, and take it back. */

import type { Waiver } from '../../contract/index.ts'
import { parseMoment } from '../../platform/time.ts'
import { pendingReasonOf, publishEdition, requestPublication, withdraw } from '../../publication/index.ts'
import {
  type AddCommand,
  actor,
  type Common,
  command,
  exitCodes,
  UsageError,
  withContext,
} from '../command.ts'
import { print, progressLine } from '../output.ts'

interface PublishOptions extends Common {
  readonly reason?: string
  readonly waive?: readonly string[]
  readonly at?: string
}

export const publishCommand: AddCommand = (program, end) => {
  command(program, 'publish', 'make an edition public from the parts in hand, at once or at a moment')
    .argument('<dataset>')
    .argument('<edition>', 'such as 2025 or 2025-2026')
    .option('--reason <text>', 'why this version is made; needed for a correction, and published')
    .option('--waive <provider=reason...>', 'publish without this part; the reason is published')
    .option('--at <moment>', 'prepare now, release then: 2026-03-01T09:00 in Shanghai, or an instant with Z')
    .addHelpText(
      'after',
      `
The version is prepared at once: its records are loaded and its files written, and nobody sees them. It is released
in the same run, unless it waits:
  for its moment (--at)   The running service releases it then, whether or not this command has ended. Where the service
                          is down at that moment, it is released when the service starts again. A moment that is past is
                          refused.
  for an approval         Where the contract asks for it, a second person approves: qingdan approve <dataset> <edition>.
While it waits: qingdan publications shows it, qingdan preview lets others look, qingdan drop calls it off. Asked for
again it is prepared anew, and an approval is void. The printed sha256 is that of the plain CSV; nothing else is released.`,
    )
    .action(async (dataset: string, edition: string, options: PublishOptions) =>
      end(await publish(dataset, edition, options)),
    )
}

async function publish(dataset: string, edition: string, options: PublishOptions): Promise<number> {
  const waivers = (options.waive ?? []).map(parseWaiver)
  const at = options.at === undefined ? undefined : parseAt(options.at)
  return withContext(async (context) => {
    const { replaces, id } = await requestPublication(context, {
      dataset,
      edition,
      waivers,
      askedBy: actor(),
      ...(options.reason === undefined ? {} : { reason: options.reason }),
      ...(at === undefined ? {} : { at }),
    })
    if (replaces !== null) {
      const voided = replaces.approvalVoid ? ' Its approval is void.' : ''
      print.refusal(`It replaces the publication ${replaces.id}, which waited.${voided}`)
    }
    const publication = await publishEdition(context, id, progressLine(`${dataset} ${edition}`))
    const waits = pendingReasonOf(context, publication)
    print.result(options, { ...publication, waitsFor: waits, replaces }, () =>
      print.publication(publication, waits),
    )
    return publication.state === 'refused' ? exitCodes.refused : exitCodes.ok
  })
}

/** A moment as typed. Throws UsageError where it is none. */
function parseAt(text: string): Date {
  const moment = parseMoment(text)
  if (moment !== undefined) return moment
  throw new UsageError(
    '--at takes a day and a time in Shanghai such as 2026-03-01T09:00, or 2026-03-01T01:00:00Z.',
  )
}

/** A waiver as typed: `provider=reason`. Throws UsageError where either is missing. */
function parseWaiver(text: string): Waiver {
  const [, provider, reason] = /^([^=]+)=(.*\S.*)$/.exec(text) ?? []
  if (provider === undefined || reason === undefined) {
    throw new UsageError('--waive takes provider=reason: the reason is published.')
  }
  return { provider: provider.trim(), reason: reason.trim() }
}

interface WithdrawOptions extends Common {
  readonly reason: string
}

export const withdrawCommand: AddCommand = (program) => {
  command(program, 'withdraw', 'take a published version back; its address answers 410 from then on')
    .argument('<dataset>')
    .argument('<edition>')
    .argument('<version>', 'number of the version')
    .requiredOption('--reason <text>', 'why; it is published')
    .action(withdrawVersion)
}

async function withdrawVersion(
  dataset: string,
  edition: string,
  version: string,
  options: WithdrawOptions,
): Promise<void> {
  if (!/^[1-9]\d{0,5}$/.test(version)) throw new UsageError('The version is a number such as 1.')
  await withContext(async (context) => {
    const asked = { dataset, edition, version: Number(version), reason: options.reason, actor: actor() }
    const first = await withdraw(context, asked)
    print.result(options, { ...asked, withdrawn: true, already: !first }, () =>
      print.line(first ? `${dataset} ${edition} v${version} is withdrawn.` : 'It had been withdrawn before.'),
    )
  })
}
