/**
 * The types of changes in the feed, and which of them a reader may see. Datasets that the reader may not read
 * are absent; one that was closed to the reader leaves a single `dataset-closed` change without details.
 */

import type { FeedChange, FeedSelection, PinnedContract } from '../../catalogue/index.ts'
import { grantsOf, mayRead } from '../../contract/index.ts'
import { nearestOf } from '../../http/index.ts'
import type { Caller } from '../../platform/caller.ts'
import { defined } from '../../platform/defined.ts'
import { canonicalJson } from '../../platform/digest.ts'
import { problem } from '../../platform/problem.ts'

/** Types derived from contracts, and those that equal the stored kinds. */
const contractTypes = ['dataset-added', 'dataset-opened', 'dataset-closed', 'contract-added'] as const
const ownTypes = [
  ...(['version-published', 'version-corrected', 'version-withdrawn'] as const),
  ...(['item-changed', 'closure-changed'] as const),
] as const

export const feedTypes = [...contractTypes, ...ownTypes] as const

export type FeedType = (typeof feedTypes)[number]

/** What a request selects from the feed, apart from the position. */
export interface FeedQuestion {
  readonly types: readonly FeedType[] | undefined
  readonly datasets: readonly string[] | undefined
}

/** Most names in one list. Node limits a request line to 16 KiB in any case. */
const feedNamesMax = 100

/** Reads `type` and `dataset`. Throws `parameter-invalid` with the nearest type, or for too many names. */
export function parseQuestion(parameters: {
  readonly type?: string
  readonly dataset?: string
}): FeedQuestion {
  const types = namesOf('type', parameters.type)
  for (const name of types ?? []) {
    if (feedTypes.some((type) => type === name)) continue
    const nearest = nearestOf(name, feedTypes)
    throw problem('parameter-invalid', {
      path: 'type',
      detail: `Expected one or several of ${feedTypes.join(', ')}.`,
      ...defined({ nearest }),
    })
  }
  return { types: types as readonly FeedType[] | undefined, datasets: namesOf('dataset', parameters.dataset) }
}

function namesOf(path: string, text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined
  const names = [...new Set(text.split(','))].sort()
  if (names.length > feedNamesMax) {
    throw problem('parameter-invalid', { path, detail: `At most ${feedNamesMax} names.` })
  }
  return names
}

/** The query and the reader's grants as one text: a cursor is valid only for the same query and grants. */
export function questionText({ types, datasets }: FeedQuestion, reader: Caller): string {
  return canonicalJson({ types: types ?? null, datasets: datasets ?? null, ...grantsOf(reader) })
}

/** Pinned contracts with the look-ups that the feed needs. */
export interface Pinned {
  readonly of: (dataset: string) => readonly PinnedContract[]
  readonly datasets: readonly string[]
}

/** The pinned contracts by dataset, in their order. */
export function byDataset(pinned: readonly PinnedContract[]): Pinned {
  const found = new Map<string, PinnedContract[]>()
  for (const contract of pinned) {
    found.set(contract.dataset, [...(found.get(contract.dataset) ?? []), contract])
  }
  return { of: (dataset) => found.get(dataset) ?? [], datasets: [...found.keys()] }
}

/**
 * What to read for a query. Throws `dataset-not-found` for a dataset that the reader could never read. One
 * that the reader could read once is accepted and gives only its `dataset-closed` change.
 */
export function selectionOf(pinned: Pinned, reader: Caller, question: FeedQuestion): FeedSelection {
  const { types, datasets } = question
  const isSeen = (dataset: string) => isInFeed(pinned, reader, dataset)
  const known = pinned.datasets.filter(
    (dataset) => isSeen(dataset) || pinned.of(dataset).some((contract) => mayRead(reader, contract)),
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
        const isSelected = isWanted(type) && (type === 'dataset-closed' || isSeen(dataset))
        return isSelected ? [`${dataset} ${contractVersion}`] : []
      }),
    ),
  }
}

/** The type of a change in the feed of this reader. */
export function feedTypeOf(pinned: Pinned, reader: Caller, change: FeedChange): FeedType {
  if (change.kind !== 'contract-added') return change.kind
  return contractType(pinned, reader, change.dataset, contractOf(change))
}

/** The number of the contract that a `contract-added` change adds. */
export function contractOf({ body }: Pick<FeedChange, 'body'>): number {
  return (body as { readonly contractVersion: number }).contractVersion
}

/** The contract before the given one; undefined for the first. */
export function formerOf(
  pinned: Pinned,
  dataset: string,
  contractVersion: number,
): PinnedContract | undefined {
  return pinned.of(dataset).findLast((contract) => contract.contractVersion < contractVersion)
}

/**
 * Whether the reader may see a dataset's changes, by its newest contract; otherwise at most that it was
 * closed.
 */
export function isInFeed(pinned: Pinned, reader: Caller, dataset: string): boolean {
  const newest = pinned.of(dataset).at(-1)
  return newest !== undefined && mayRead(reader, newest)
}

/**
 * `dataset-opened` and `dataset-closed` depend on the reader: a platform may still read a dataset that is no
 * longer open.
 */
function contractType(pinned: Pinned, reader: Caller, dataset: string, contractVersion: number): FeedType {
  const former = formerOf(pinned, dataset, contractVersion)
  const own = pinned.of(dataset).find((contract) => contract.contractVersion === contractVersion)
  if (former === undefined || own === undefined) return 'dataset-added'
  const isSeen = mayRead(reader, own)
  if (mayRead(reader, former) === isSeen) return 'contract-added'
  return isSeen ? 'dataset-opened' : 'dataset-closed'
}
