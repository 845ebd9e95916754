/**
 * Adds and removes closures of venues and one-off openings: all of a request or none, with audit, and with an entry in
 * the change log by which every process and every follower learns of them. Refuses what is over, overlaps or is of a
 * venue that the caller may not close.
 */
import { randomUUID } from 'node:crypto'
import { writeAudit } from '../../accounts/index.ts'
import { type AppContext, appendChange, refuseOnMirror } from '../../catalogue/index.ts'
import { bindingOf, type kinds, partsOf } from '../../contract/index.ts'
import type { Caller } from '../../platform/caller.ts'
import { problem } from '../../platform/problem.ts'
import { dayInShanghai } from '../../platform/time.ts'
import type { Closure } from '../open.ts'
import { parseInstant, wholeMinute } from '../parameters.ts'
import type { Venue } from '../venue.ts'
import { editionsFor, type VenueState, venueState } from '../venue-state.ts'
import { bodyOf, type Closures, noClosures, readClosures, type StoredClosure, venueKey } from './closures.ts'

/** What a caller asks for. Times with their zone; from now on, and until it is removed, if absent. */
export interface ClosureRequest {
  readonly venue: string
  readonly kind?: Closure['kind']
  readonly from?: string
  readonly until?: string
  readonly reason: string
}

export interface By {
  readonly actor: string
  /** Absent on the command line, which may close any venue. */
  readonly caller?: Caller
}

export const reasonLengthMax = 500
/** Closures of one request; a district's schools close together in a typhoon. */
export const closuresMax = 2_000
/** Of one venue, that have not ended. */
const closuresOfVenueMax = 100
/** How long ago a closure may have begun, and how far ahead it may end. */
const [pastMax, aheadMax] = [86_400_000, 731 * 86_400_000]

/** Adds closures. Throws the problem of the first that is refused; `row` counts from 1 where there are several. */
export function addClosures(
  context: AppContext,
  requests: readonly ClosureRequest[],
  by: By,
): Promise<readonly StoredClosure[]> {
  return change(
    context,
    async (state, closures, at) => {
      const editions = await editionsFor(context, state, dayInShanghai(new Date(at)))
      const added: StoredClosure[] = []
      for (const [index, request] of requests.entries()) {
        const row = requests.length === 1 ? {} : { row: index + 1 }
        const edition = editions.find(({ byId }) => byId.has(request.venue))
        const venue = edition?.byId.get(request.venue)
        if (edition === undefined || venue === undefined)
          throw problem('venue-not-found', { path: 'venue', ...row })
        requirePermission(context, by.caller, edition.dataset, venue, row)
        const closure = closureOf(request, edition.dataset, at, row)
        const others = [
          ...(closures.byVenue.get(venueKey(edition.dataset, venue.id)) ?? []),
          ...added.filter((one) => one.venue === venue.id && one.dataset === edition.dataset),
        ]
        refuseOverlap(closure, others, at, row)
        added.push(closure)
      }
      return { changed: added, action: 'closure-added', result: added }
    },
    by,
  )
}

/** Removes a closure of a venue. Throws `closure-not-found`, or `closure-removed` the second time. */
export function removeClosure(
  context: AppContext,
  { venue, id }: { readonly venue?: string; readonly id: string },
  by: By,
): Promise<StoredClosure> {
  return change(
    context,
    async (state, closures, at) => {
      const found = closures.byId.get(id)
      if (found === undefined || (venue !== undefined && found.venue !== venue))
        throw problem('closure-not-found', { path: 'closure' })
      const editions = await editionsFor(context, state, dayInShanghai(new Date(at)))
      const known = editions.find(({ dataset }) => dataset === found.dataset)?.byId.get(found.venue)
      requirePermission(context, by.caller, found.dataset, known ?? { id: found.venue }, {})
      if (found.isRemoved) throw problem('closure-removed', { path: 'closure' })
      const removed = { ...found, isRemoved: true }
      return { changed: [removed], action: 'closure-removed', result: removed }
    },
    by,
  )
}

interface Outcome<Result> {
  readonly changed: readonly StoredClosure[]
  readonly action: string
  readonly result: Result
}

/** One change at a time, decided on the closures as they are now. */
function change<Result>(
  context: AppContext,
  decide: (state: VenueState, closures: Closures, at: number) => Promise<Outcome<Result>>,
  { actor }: By,
): Promise<Result> {
  const { database, clock } = context
  return database.lock('venue-closures', async () => {
    const state = await venueState(context)
    const at = clock()
    const { changed, action, result } = await decide(
      state,
      await readClosures(database.work, noClosures),
      wholeMinute(at.getTime()),
    )
    await database.work.begin(async (tx) => {
      await refuseOnMirror(tx)
      for (const closure of changed) {
        const { venue, reason: _, removed: _removed, ...detail } = bodyOf(closure)
        await writeAudit(tx, { at, actor, action, subject: `venue:${venue}`, detail })
      }
      for (const closure of changed) {
        await appendChange(tx, {
          at,
          kind: 'closure-changed',
          dataset: closure.dataset,
          body: bodyOf(closure),
        })
      }
    })
    return result
  })
}

type Row = { readonly row?: number }

function closureOf(request: ClosureRequest, dataset: string, now: number, row: Row): StoredClosure {
  const invalid = (path: string, detail: string) => problem('closure-invalid', { path, detail, ...row })
  const { venue, kind = 'closed' } = request
  const reason = request.reason.trim()
  if (kind !== 'closed' && kind !== 'open') throw invalid('kind', 'Expected closed or open.')
  if (reason === '' || reason.length > reasonLengthMax)
    throw invalid('reason', `Give a reason of 1 to ${reasonLengthMax} characters; it is public.`)
  const from = request.from === undefined ? now : parseInstant('from', request.from)
  const until = request.until === undefined ? undefined : parseInstant('until', request.until)
  if (until === undefined && kind === 'open') throw invalid('until', 'A one-off opening needs an end.')
  if (until !== undefined && until <= from)
    throw invalid('until', 'The end must be later than the beginning.')
  if (until !== undefined && until <= now)
    throw invalid('until', 'It is over already; only what is still ahead can change.')
  if (now - from > pastMax) throw invalid('from', 'It may begin at most 24 hours ago.')
  if (Math.max(from, until ?? from) - now > aheadMax)
    throw invalid('until', 'It may be at most two years ahead.')
  return {
    id: randomUUID(),
    dataset,
    venue,
    kind,
    reason,
    from,
    isRemoved: false,
    ...(until === undefined ? {} : { until }),
  }
}

/** A closure may cover a one-off opening, since it is for safety; nothing else may overlap. */
function refuseOverlap(
  closure: StoredClosure,
  others: readonly StoredClosure[],
  now: number,
  row: Row,
): void {
  const end = ({ until = Number.POSITIVE_INFINITY }: Closure) => until
  const current = others.filter((one) => end(one) > now)
  if (current.length >= closuresOfVenueMax) throw problem('closures-too-many', { path: 'venue', ...row })
  const overlapping = current.find(
    (one) =>
      !(closure.kind === 'closed' && one.kind === 'open') &&
      one.from < end(closure) &&
      closure.from < end(one),
  )
  if (overlapping !== undefined) throw problem('closure-overlaps', { closure: overlapping.id, ...row })
}

/**
 * Whether a caller may close a venue: a key of a district's provider only venues of its part, a key with venues only
 * those. Throws `scope-missing`. The scope itself was checked before.
 */
function requirePermission(
  { contracts }: AppContext,
  caller: Caller | undefined,
  dataset: string,
  venue: Pick<Venue, 'id'> & Partial<Pick<Venue, 'values'>>,
  row: Row,
): void {
  if (caller === undefined) return
  const refuse = (detail: string) => problem('scope-missing', { detail, scope: 'closures', ...row })
  const { provider, datasets, venues } = caller
  if (datasets !== undefined && !datasets.includes(dataset))
    throw refuse('The key is limited to other datasets.')
  if (venues !== undefined && !venues.some((one) => venue.id === one || venue.id.startsWith(`${one}-`)))
    throw refuse('The key is limited to other venues.')
  const { contract } = contracts.get(dataset)
  if (provider === undefined || contract.providers.includes(provider)) return
  const bind = bindingOf(contract, 'venues') ?? {}
  const isOwn = partsOf(contract).some(
    (part) =>
      part.provider === provider &&
      Object.entries(part.scope ?? {}).every(([field, value]) => {
        const property = Object.entries(bind).find(([, name]) => name === field)?.[0]
        return property !== undefined && venue.values?.[property as keyof (typeof kinds)['venues']] === value
      }),
  )
  if (!isOwn) throw refuse('The key is limited to one provider, and the venue belongs to another.')
}
