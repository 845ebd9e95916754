/** `qingdan publications`, `approve` and `drop`: what waits to become public, who agrees, and what is called off. */

import type { OpenContext } from '../../context.ts'
import { problem } from '../../platform/problem.ts'
import {
  approvePublication,
  dropPublication,
  findOpenPublication,
  listPublications,
  type Publication,
  pendingReasonOf,
  publishEdition,
} from '../../publication/index.ts'
import {
  type AddCommand,
  actor,
  type Common,
  command,
  exitCodes,
  UsageError,
  withContext,
} from '../command.ts'
import { print, table } from '../output.ts'

interface ListOptions extends Common {
  readonly all?: boolean
}

export const publicationsCommand: AddCommand = (program) => {
  command(program, 'publications', 'what was asked for and waits to become public')
    .argument('[dataset]', 'only of this dataset')
    .argument('[edition]', 'only of this edition')
    .option('--all', 'also what has come to an end: done, refused, dropped')
    .action(list)
}

async function list(
  dataset: string | undefined,
  edition: string | undefined,
  options: ListOptions,
): Promise<void> {
  await withContext(async (context) => {
    if (dataset !== undefined) context.contracts.get(dataset)
    const found = await listPublications(context, {
      open: options.all !== true,
      ...(dataset === undefined ? {} : { dataset }),
      ...(edition === undefined ? {} : { edition }),
    })
    const told = found.map((publication) => ({
      ...publication,
      waitsFor: pendingReasonOf(context, publication),
    }))
    print.result(options, told, () =>
      table(told, ['id', 'dataset', 'edition', 'version', 'state', 'waitsFor', 'releaseAt', 'askedBy']),
    )
  })
}

interface ApproveOptions extends Common {
  readonly sha256?: string
}

export const approveCommand: AddCommand = (program, end) => {
  command(program, 'approve', 'approve the publication that waits, as another person than who asked for it')
    .argument('<dataset>')
    .argument('<edition>')
    .option('--sha256 <digest>', 'of the plain CSV that you looked at; refused where it is another one now')
    .addHelpText(
      'after',
      '\nWho asked for it can not approve it: accounts of this machine and keys count as persons. The approval is for what ' +
        'is\nprepared now; prepared anew it is void. Where nothing else is waited for, this releases it.',
    )
    .action(async (dataset: string, edition: string, options: ApproveOptions) =>
      end(await approve(dataset, edition, options)),
    )
}

async function approve(dataset: string, edition: string, options: ApproveOptions): Promise<number> {
  const { sha256 } = options
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256))
    throw new UsageError('--sha256 takes 64 digits, as qingdan publish printed them.')
  return withContext(async (context) => {
    const { id } = await getOpen(context, dataset, edition)
    await approvePublication(context, { id, actor: actor(), sha256 })
    const publication = await publishEdition(context, id)
    const waits = pendingReasonOf(context, publication)
    print.result(options, { ...publication, waitsFor: waits }, () => print.publication(publication, waits))
    return exitCodes.ok
  })
}

interface DropOptions extends Common {
  readonly reason: string
}

export const dropCommand: AddCommand = (program) => {
  command(program, 'drop', 'call off the publication that waits; what is public stays')
    .argument('<dataset>')
    .argument('<edition>')
    .requiredOption('--reason <text>', 'why; it is kept in the audit')
    .action(drop)
}

async function drop(dataset: string, edition: string, options: DropOptions): Promise<void> {
  await withContext(async (context) => {
    const { id } = await getOpen(context, dataset, edition)
    const publication = await dropPublication(context, { id, actor: actor(), reason: options.reason })
    print.result(options, publication, () => print.publication(publication))
  })
}

/** The publication of an edition that waits. Throws `dataset-not-found` and `publication-not-found`. */
export async function getOpen(context: OpenContext, dataset: string, edition: string): Promise<Publication> {
  context.contracts.get(dataset)
  const found = await findOpenPublication(context.database.work, { dataset, edition })
  if (found !== undefined) return found
  throw problem('publication-not-found', { detail: `No publication of ${dataset} ${edition} waits.` })
}
