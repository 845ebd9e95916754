/**
 * The types of changes that the feed tells of, and which of them a reader may see. What the reader may not read is not
 * there; a dataset that was, and is no longer, leaves one change behind, which says so and nothing else of it.
 */

import type { FeedChange, FeedSelection, PinnedContract } from '../../catalogue/index.ts'
import { grantsOf, mayRead } from '../../contract/index.ts'
import { nearestOf } from '../../http/index.ts'
import type { Caller } from '../../platform/caller.ts'
import { canonicalJson } from '../../platform/digest.ts'
import { problem } from '../../platform/problem.ts'

/** Types that come of contracts, and those that are the stored kinds themselves. */
const contractTypes = ['dataset-added', 'dataset-opened', 'dataset-closed', 'contract-added'] as const
const ownTypes = ['version-published', 'version-corrected', 'version-withdrawn', 'item-changed'] as const

export const feedTypes = [...contractTypes, ...ownTypes] as const

export type FeedType = (typeof feedTypes)[number]

/** What a reader asks the feed for, apart from the place. */
export interface FeedQuestion {
  readonly types: readonly FeedType[] | undefined
  readonly datasets: readonly string[] | undefined
}

/** Most names in one list. Node refuses a request line of 16 KiB anyway. */
export const feedNamesMax = 100

/** Reads `type` and `dataset`. Throws `parameter-invalid` with the nearest type, or for too many names. */
export function parseQuestion(asked: { readonly type?: string; readonly dataset?: string }): FeedQuestion {
  const types = namesOf('type', asked.type)
  for (const name of types ?? []) {
    if (feedTypes.some((type) => type === name)) continue
    const nearest = nearestOf(name, feedTypes)
    throw problem('parameter-invalid', {
      path: 'type',
      detail: `Expected one or several of ${feedTypes.join(', ')}.`,
      ...(nearest === undefined ? {} : { nearest }),
    })
  }
  return { types: types as readonly FeedType[] | undefined, datasets: namesOf('dataset', asked.dataset) }
}

function namesOf(path: string, text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined
  const names = [...new Set(text.split(','))].sort()
  if (names.length > feedNamesMax) {
    throw problem('parameter-invalid', { path, detail: `At most ${feedNamesMax} names.` })
  }
  return names
}

/** The question as one text, with what the reader may see beyond what is open: a cursor of the one is none of another. */
export function questionText({ types, datasets }: FeedQuestion, reader: Caller): string {
  return canonicalJson({ types: types ?? null, datasets: datasets ?? null, ...grantsOf(reader) })
}

/** Pinned contracts as the feed asks of them. */
export interface Pinned {
  readonly of: (dataset: string) => readonly PinnedContract[]
  readonly datasets: readonly string[]
}

/** The pinned contracts by dataset, in their order. */
export function byDataset(pinned: readonly PinnedContract[]): Pinned {
  const found = new Map<string, PinnedContract[]>()
  for (const one of pinned) found.set(one.dataset, [...(found.get(one.dataset) ?? []), one])
  return { of: (dataset) => found.get(dataset) ?? [], datasets: [...found.keys()] }
}

/**
 * What is to be read for a question. Throws `dataset-not-found` for a dataset that the reader may not know of; one that
 * it could read once may be asked for, and what is left of it is that it was closed.
 */
export function selectionOf(pinned: Pinned, reader: Caller, question: FeedQuestion): FeedSelection {
  const { types, datasets } = question
  const isSeen = (dataset: string) => isInFeed(pinned, reader, dataset)
  const known = pinned.datasets.filter(
    (dataset) => isSeen(dataset) || pinned.of(dataset).some((one) => mayRead(reader, one)),
  )
  if (datasets?.some((dataset) => !known.includes(dataset)) === true) {
    throw problem('dataset-not-found', { path: 'dataset' })
  }
  const isWanted = (type: FeedType) => types === undefined || types.includes(type)
  const wanted = known.filter((dataset) => datasets === undefined || datasets.includes(dataset))
  return {
    kinds: ownTypes.filter(isWanted),
    datasets: wanted.filter(isSeen),
    contracts: wanted.flatMap((dataset) =>
      pinned.of(dataset).flatMap(({ contractVersion }) => {
        const type = contractType(pinned, reader, dataset, contractVersion)
        const isGiven = isWanted(type) && (type === 'dataset-closed' || isSeen(dataset))
        return isGiven ? [`${dataset} ${contractVersion}`] : []
      }),
    ),
  }
}

/** The type of a change as the feed tells it to a reader. */
export function feedTypeOf(pinned: Pinned, reader: Caller, change: FeedChange): FeedType {
  if (change.kind !== 'contract-added') return change.kind
  return contractType(pinned, reader, change.dataset, contractOf(change))
}

/** The number of the contract that a change of the kind `contract-added` brings. */
export function contractOf({ body }: Pick<FeedChange, 'body'>): number {
  return (body as { readonly contractVersion: number }).contractVersion
}

/** The contract before one; undefined for the first. */
export function formerOf(
  pinned: Pinned,
  dataset: string,
  contractVersion: number,
): PinnedContract | undefined {
  return pinned.of(dataset).findLast((one) => one.contractVersion < contractVersion)
}

/** Whether a reader is told of a dataset, or at most that it was closed: by its newest contract. */
export function isInFeed(pinned: Pinned, reader: Caller, dataset: string): boolean {
  const newest = pinned.of(dataset).at(-1)
  return newest !== undefined && mayRead(reader, newest)
}

/** Opened and closed are said as of the reader: to a platform a dataset that is no longer open may be as it was. */
function contractType(pinned: Pinned, reader: Caller, dataset: string, contractVersion: number): FeedType {
  const former = formerOf(pinned, dataset, contractVersion)
  const own = pinned.of(dataset).find((one) => one.contractVersion === contractVersion)
  if (former === undefined || own === undefined) return 'dataset-added'
  const isSeen = mayRead(reader, own)
  if (mayRead(reader, former) === isSeen) return 'contract-added'
  return isSeen ? 'dataset-opened' : 'dataset-closed'
}
