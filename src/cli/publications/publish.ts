/** `qingdan publish` and `qingdan withdraw`: make an edition public, and take it back. */

import { latestOf, latestOfDataset, listVersions } from '../../catalogue/index.ts'
import type { OpenContext } from '../../context.ts'
import type { Waiver } from '../../contract/index.ts'
import { defined } from '../../platform/defined.ts'
import { Problem } from '../../platform/problem.ts'
import { parseMoment } from '../../platform/time.ts'
import { pendingReasonOf, publishEdition, requestPublication, withdraw } from '../../publication/index.ts'
import { actor, type Common, exitCodes, UsageError } from '../command.ts'
import { progressLine } from '../display/progress.ts'
import { confirm } from '../operations/confirm.ts'
import { print } from '../output.ts'
import { phrase } from '../phrases.ts'
import { withContext } from '../with-context.ts'
import { editionName, type NameOptions, versionName } from './edition-name.ts'

export interface PublishOptions extends Common, NameOptions {
  readonly reason?: string
  readonly waive?: readonly string[]
  readonly at?: string
}

type Word = string | undefined

export async function publish(first: Word, second: Word, options: PublishOptions): Promise<number> {
  const { dataset, edition } = editionName([first, second], options)
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

export interface WithdrawOptions extends Common, NameOptions {
  readonly reason: string
  readonly yes?: boolean
}

export async function withdrawVersion(
  first: Word,
  second: Word,
  third: Word,
  options: WithdrawOptions,
): Promise<number> {
  const { dataset, edition, version } = versionName([first, second, third], options)
  return withContext(async (context) => {
    const others = await latestWithout(context, { dataset, edition, version })
    const name = `${dataset} ${edition} v${version}`
    const needsAnswer = process.stdin.isTTY && process.stderr.isTTY && options.yes !== true
    if (needsAnswer) {
      print.refusal(latestText(others, edition))
      if (!(await confirm(phrase`Withdraw ${name}?`, false))) {
        print.refusal(phrase('Nothing was withdrawn.'))
        return exitCodes.refused
      }
    }
    const request = { dataset, edition, version, reason: options.reason, actor: actor() }
    const isFirst = await withdraw(context, request)
    const latest = { ofEdition: others.ofEdition ?? null, ofDataset: others.ofDataset ?? null }
    print.result(options, { ...request, withdrawn: true, already: !isFirst, latest }, () => {
      print.line(isFirst ? phrase`${name} is withdrawn.` : phrase`${name} had already been withdrawn.`)
      if (isFirst) print.line(`  ${latestText(others, edition)}`)
    })
    return exitCodes.ok
  })
}

/** What is the latest once a version is withdrawn: the number in its edition, and the edition of the dataset. */
interface Latest {
  readonly ofEdition: number | undefined
  readonly ofDataset: string | undefined
}

async function latestWithout(
  context: OpenContext,
  {
    dataset,
    edition,
    version,
  }: { readonly dataset: string; readonly edition: string; readonly version: number },
): Promise<Latest> {
  context.contracts.get(dataset)
  const versions = (await listVersions(context.database, { dataset })).filter(
    (one) => one.edition !== edition || one.number !== version,
  )
  return {
    ofEdition: latestOf(versions.filter((one) => one.edition === edition))?.number,
    ofDataset: latestOfDataset(versions)?.edition,
  }
}

function latestText({ ofEdition, ofDataset }: Latest, edition: string): string {
  if (ofEdition !== undefined) return phrase`The latest version of ${edition} without it: v${ofEdition}.`
  return ofDataset === undefined
    ? phrase('Without it no version of the dataset is public.')
    : phrase`Without it no version of ${edition} is public; the latest edition of the dataset: ${ofDataset}.`
}
