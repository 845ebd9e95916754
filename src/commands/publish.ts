/** `qingdan publish` and `qingdan withdraw`: the explicit acts that make an edition public, and take it back. */
import { writeAudit } from '../access/index.ts'
import type { Waiver } from '../catalogue/index.ts'
import { askPublication, publishEdition, withdraw } from '../ingest/index.ts'
import { type AddCommand, actor, type Common, command, exitCodes, UsageError, withHouse } from './command.ts'
import { print, progressLine } from './output.ts'

interface PublishOptions extends Common {
  readonly reason?: string
  readonly waive?: readonly string[]
}

export const publishCommand: AddCommand = (program, end) => {
  command(program, 'publish', 'make an edition public from the parts in hand')
    .argument('<dataset>')
    .argument('<edition>', 'such as 2025 or 2025-2026')
    .option('--reason <text>', 'why this version is made; needed for a correction, and published')
    .option('--waive <provider=reason...>', 'publish without this part; the reason is published')
    .action(async (dataset: string, edition: string, options: PublishOptions) =>
      end(await publish(dataset, edition, options)),
    )
}

async function publish(dataset: string, edition: string, options: PublishOptions): Promise<number> {
  const waivers = (options.waive ?? []).map(parseWaiver)
  return withHouse(async (house) => {
    const reason = options.reason === undefined ? {} : { reason: options.reason }
    const asked = await askPublication(house, { dataset, edition, waivers, askedBy: actor(), ...reason })
    await writeAudit(house.database.work, {
      at: house.clock(),
      actor: actor(),
      action: 'publish',
      subject: `${dataset}/${edition}/v${asked.version}`,
      detail: { waived: waivers.map(({ provider }) => provider), ...reason },
    })
    const publication = await publishEdition(house, asked.id, progressLine(`${dataset} ${edition}`))
    print.result(options, publication, () => print.publication(publication))
    return publication.state === 'refused' ? exitCodes.refused : exitCodes.ok
  })
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
  await withHouse(async (house) => {
    const asked = { dataset, edition, version: Number(version), reason: options.reason, actor: actor() }
    const first = await withdraw(house, asked)
    print.result(options, { ...asked, withdrawn: true, already: !first }, () =>
      print.line(first ? `${dataset} ${edition} v${version} is withdrawn.` : 'It had been withdrawn before.'),
    )
  })
}
