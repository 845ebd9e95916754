/** `qingdan closures`: adds, lists and removes closures of venues and one-off openings. */
import { readFile } from 'node:fs/promises'
import { defined } from '../../platform/defined.ts'
import {
  addClosures,
  type ClosureRequest,
  closureBody,
  noClosures,
  parseClosures,
  readClosures,
  removeClosure,
} from '../../venues/index.ts'
import { actor, type Common, requirePaths, UsageError } from '../command.ts'
import { print, table } from '../output.ts'
import { withContext } from '../with-context.ts'

export interface AddOptions extends Common {
  readonly file?: string
  readonly open?: boolean
  readonly from?: string
  readonly until?: string
  readonly reason?: string
}

const columns = ['id', 'venue', 'kind', 'from', 'until', 'reason'] as const

export async function add(venue: string | undefined, options: AddOptions): Promise<void> {
  const requests = await requestsOf(venue, options)
  await withContext(async (context) => {
    const added = await addClosures(context, requests, { actor: actor() })
    const bodies = added.map(closureBody)
    print.result(options, bodies, () => table(bodies, columns))
  })
}

async function requestsOf(
  venue: string | undefined,
  options: AddOptions,
): Promise<readonly ClosureRequest[]> {
  const { file, open, from, until, reason } = options
  if (file !== undefined) {
    if (venue !== undefined || reason !== undefined) throw new UsageError('Give a venue or --file, not both.')
    await requirePaths([file])
    return parseClosures(await readFile(file, 'utf8'))
  }
  if (venue === undefined) throw new UsageError('Give the code of a venue, or --file.')
  if (reason === undefined) throw new UsageError('Give the reason with --reason; it is public.')
  return [{ venue, reason, kind: open === true ? 'open' : 'closed', ...defined({ from, until }) }]
}

export async function list(
  venue: string | undefined,
  options: Common & { readonly all?: boolean },
): Promise<void> {
  await withContext(async ({ database, clock }) => {
    const now = clock().getTime()
    const { byVenue } = await readClosures(database.serve, noClosures)
    const found = [...byVenue.values()]
      .flat()
      .filter((one) => venue === undefined || one.venue === venue)
      .filter(({ until }) => options.all === true || until === undefined || until > now)
      .sort((a, b) => a.from - b.from)
      .map(closureBody)
    print.result(options, found, () => table(found, columns))
  })
}

export async function remove(id: string, options: Common): Promise<void> {
  await withContext(async (context) => {
    const removed = closureBody(await removeClosure(context, { id }, { actor: actor() }))
    print.result(options, removed, () => table([removed], columns))
  })
}
