/** The newest changes of open datasets, each in words with what it means for those who use the data. */
import {
  type AppContext,
  addresses,
  type FeedChange,
  isErasure,
  listReadable,
  readFeed,
} from '../../catalogue/index.ts'
import type { ChangeKind } from '../../contract/index.ts'
import { anonymousCaller } from '../../platform/caller.ts'
import type { Bilingual } from '../../platform/language.ts'
import { dayInShanghai } from '../../platform/time.ts'
import { stateText } from '../components/words.tsx'
import { type ChangeWords, wordsOf } from './change-words.ts'

/** One change as a person reads it. */
export interface PortalChange extends ChangeWords {
  readonly position: number
  readonly kind: ChangeKind
  readonly day: string
  readonly slug: string
  /** Title of the dataset. */
  readonly title: Bilingual
  readonly reason: string | null
  /** The page about it. */
  readonly path: string
  /** The same for machines. */
  readonly href?: string
}

export interface ChangeQuery {
  readonly dataset?: string | undefined
  /** All if absent. */
  readonly kinds?: readonly ChangeKind[] | undefined
  readonly limit: number
}

export const changeKinds = [
  ...(['version-published', 'version-corrected', 'version-withdrawn'] as const),
  ...(['contract-added', 'item-changed', 'closure-changed'] as const),
] satisfies readonly ChangeKind[]

/** The newest changes first. An unknown dataset has none. */
export async function findChanges(context: AppContext, query: ChangeQuery): Promise<readonly PortalChange[]> {
  const loaded = listReadable(context.contracts, anonymousCaller).filter(
    ({ contract }) => query.dataset === undefined || contract.dataset === query.dataset,
  )
  const titles = new Map(loaded.map(({ contract }) => [contract.dataset, contract.title]))
  const kinds = changeKinds.filter((kind) => query.kinds?.includes(kind) !== false)
  const contracts = kinds.includes('contract-added')
    ? [...titles.keys()].flatMap((dataset) =>
        context.contracts.versions(dataset).map(({ contract }) => `${dataset} ${contract.contractVersion}`),
      )
    : []
  const selection = {
    kinds: kinds.filter((kind) => kind !== 'contract-added'),
    datasets: [...titles.keys()],
    contracts,
  }
  const changes = await readFeed(context.database.serve, selection, { limit: query.limit })
  return changes
    .toReversed()
    .map((change) => describe(context, change, titles.get(change.dataset) ?? nameless(change.dataset)))
}

const nameless = (slug: string): Bilingual => ({ zh: slug, en: slug })

function describe({ config }: AppContext, change: FeedChange, title: Bilingual): PortalChange {
  const { position, kind, at, dataset, edition = '', version = 0 } = change
  const body = change.body as Readonly<Record<string, unknown>>
  const reason = typeof body['reason'] === 'string' ? body['reason'] : null
  const common = { position, kind, day: dayInShanghai(at), slug: dataset, title, reason }
  const words = wordsOf({
    kind,
    edition,
    version,
    body,
    isErased: isErasure(change),
    difference: change.released?.difference ?? null,
    records: Number(body['records'] ?? 0),
    stateText,
  })
  if (kind === 'item-changed') {
    const number = typeof body['number'] === 'string' ? `#item-${body['number']}` : ''
    return { ...common, ...words, path: `/lists/${edition}${number}`, href: addresses(config).list(edition) }
  }
  if (kind === 'closure-changed') {
    return { ...common, ...words, path: `/venues/${encodeURIComponent(String(body['venue']))}` }
  }
  if (kind === 'contract-added') {
    const href = addresses(config).contract(dataset, Number(body['contractVersion']))
    return { ...common, ...words, path: `/datasets/${dataset}#fields`, href }
  }
  return {
    ...common,
    ...words,
    path: `/datasets/${dataset}/editions/${edition}/versions/${version}`,
    href: addresses(config).version({ dataset, edition, number: version }),
  }
}
