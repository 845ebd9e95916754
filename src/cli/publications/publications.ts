/** `qingdan publications`, `approve` and `drop`: list, approve and cancel pending publications. */

import type { OpenContext } from '../../context.ts'
import { defined } from '../../platform/defined.ts'
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
import { actor, type Common, exitCodes, UsageError } from '../command.ts'
import { print, table } from '../output.ts'
import { withContext } from '../with-context.ts'
import { editionName, type NameOptions } from './edition-name.ts'

export interface ListOptions extends Common {
  readonly all?: boolean
}

export async function list(
  dataset: string | undefined,
  edition: string | undefined,
  options: ListOptions,
): Promise<void> {
  await withContext(async (context) => {
    if (dataset !== undefined) context.contracts.get(dataset)
    const found = await listPublications(context, {
      open: options.all !== true,
      ...defined({ dataset, edition }),
    })
    const rows = found.map((publication) => ({
      ...publication,
      waitsFor: pendingReasonOf(context, publication),
    }))
    print.result(options, rows, () =>
      table(rows, ['id', 'dataset', 'edition', 'version', 'state', 'waitsFor', 'releaseAt', 'askedBy']),
    )
  })
}

export interface ApproveOptions extends Common, NameOptions {
  readonly sha256?: string
}

export async function approve(
  first: string | undefined,
  second: string | undefined,
  options: ApproveOptions,
): Promise<number> {
  const { dataset, edition } = editionName([first, second], options)
  const { sha256 } = options
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256))
    throw new UsageError('--sha256 must be the 64 digits that qingdan publish printed.')
  return withContext(async (context) => {
    const { id } = await getOpen(context, dataset, edition)
    await approvePublication(context, { id, actor: actor(), sha256 })
    const publication = await publishEdition(context, id)
    const waits = pendingReasonOf(context, publication)
    print.result(options, { ...publication, waitsFor: waits }, () => print.publication(publication, waits))
    return exitCodes.ok
  })
}

export interface DropOptions extends Common, NameOptions {
  readonly reason: string
}

export async function drop(
  first: string | undefined,
  second: string | undefined,
  options: DropOptions,
): Promise<void> {
  const { dataset, edition } = editionName([first, second], options)
  await withContext(async (context) => {
    const { id } = await getOpen(context, dataset, edition)
    const publication = await dropPublication(context, { id, actor: actor(), reason: options.reason })
    print.result(options, publication, () => print.publication(publication))
  })
}

/** The pending publication of an edition. Throws `dataset-not-found` and `publication-not-found`. */
export async function getOpen(context: OpenContext, dataset: string, edition: string): Promise<Publication> {
  context.contracts.get(dataset)
  const found = await findOpenPublication(context.database.work, { dataset, edition })
  if (found !== undefined) return found
  throw problem('publication-not-found', { detail: `No publication of ${dataset} ${edition} is pending.` })
}
