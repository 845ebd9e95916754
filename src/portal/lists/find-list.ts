/** The content of an annual list's page: items with evidence, delay and reasons, filtered; rates; calendar days. */
import { type AnnualList, compareLists, getList } from '../../annual-lists/index.ts'
import { type AppContext, listReadable, listVersions } from '../../catalogue/index.ts'
import { bindingOf, labelOf } from '../../contract/index.ts'
import { anonymousCaller } from '../../platform/caller.ts'
import type { Bilingual } from '../../platform/language.ts'
import { daysBetween, type ItemState, itemStates } from '../components/words.tsx'

type Item = AnnualList['items'][number]

/** Why an item is where it is: a moved day, a withdrawal, its removal. */
export interface ItemReason {
  readonly kind: 'moved' | 'withdrawn' | 'left'
  readonly from?: string
  readonly to?: string | null
  readonly reason: string | null
}

export interface PortalItem {
  readonly number: string
  readonly name: string
  readonly description: string | null
  readonly providers: readonly string[]
  readonly themes: readonly string[]
  readonly rhythm: Bilingual | undefined
  readonly state: ItemState
  readonly due: string | null
  readonly firstDue: string | null
  readonly firstPublished: string | null
  /** Days after the first due day; 0 or less is on time. */
  readonly delay: number | undefined
  /** What shows that the promise is kept: the page of the dataset or edition. */
  readonly evidence: { readonly path: string; readonly edition: string | null } | undefined
  readonly reasons: readonly ItemReason[]
}

export interface ListFilter {
  readonly state?: string | undefined
  readonly provider?: string | undefined
  readonly theme?: string | undefined
  readonly q?: string | undefined
}

export interface ListPage {
  readonly list: AnnualList
  /** All years with a list, the newest first. */
  readonly years: readonly string[]
  readonly filter: ListFilter
  readonly items: readonly PortalItem[]
  readonly total: number
}

/** The list of a year. Throws `list-not-found`. */
export async function findListPage(
  context: AppContext,
  year: string,
  filter: ListFilter,
  today: string,
): Promise<ListPage> {
  const list = await getList(context, anonymousCaller, year)
  const years = await yearsWithList(context)
  const readable = new Set(
    listReadable(context.contracts, anonymousCaller).map(({ contract }) => contract.dataset),
  )
  const all = list.items.map((item) => describe(context, item, readable, today))
  const items = all.filter((item) => matches(item, filter))
  return { list, years, filter, items, total: all.length }
}

/** The years with a list that is not withdrawn, the newest first. */
async function yearsWithList({ contracts, database }: AppContext): Promise<readonly string[]> {
  const years = new Set<string>()
  for (const { contract } of listReadable(contracts, anonymousCaller)) {
    if (bindingOf(contract, 'annual-list') === undefined) continue
    const versions = await listVersions(database, { dataset: contract.dataset })
    for (const { edition, state } of versions) if (state !== 'withdrawn') years.add(edition)
  }
  return [...years].sort().reverse()
}

/** What changed from the list of the year before; undefined if there is none. */
export async function findDifference(context: AppContext, { list, years }: ListPage) {
  const before = String(Number(list.year) - 1)
  if (!years.includes(before)) return undefined
  const [compared] = await compareLists(context, anonymousCaller, list.year, before)
  return compared === undefined ? undefined : { before, difference: compared.difference }
}

function matches(item: PortalItem, { state, provider, theme, q = '' }: ListFilter): boolean {
  const text = `${item.number} ${item.name} ${item.description ?? ''}`.toLowerCase()
  return (
    (state === undefined || item.state === state) &&
    (provider === undefined || item.providers.includes(provider)) &&
    (theme === undefined || item.themes.includes(theme)) &&
    text.includes(q.trim().toLowerCase())
  )
}

function describe(
  { contracts }: AppContext,
  item: Item,
  readable: ReadonlySet<string>,
  today: string,
): PortalItem {
  const { promised, due, firstPublished, state } = item
  const { number, name, description, updateFrequency, dataset, edition } = promised.values
  return {
    number: number ?? '',
    name: name ?? '',
    description,
    providers: item.providers,
    themes: item.themes,
    rhythm: updateFrequency === null ? undefined : labelOf(contracts, 'update-frequencies', updateFrequency),
    state: itemStates.find((known) => known === state) ?? 'planned',
    due: due.now,
    firstDue: due.first,
    firstPublished,
    delay: delayOf(due.first, firstPublished, state, today),
    evidence:
      dataset === null || !readable.has(dataset)
        ? undefined
        : {
            path:
              edition === null || firstPublished === null
                ? `/datasets/${dataset}`
                : `/datasets/${dataset}/editions/${edition}`,
            edition,
          },
    reasons: reasonsOf(item),
  }
}

function delayOf(
  firstDue: string | null,
  firstPublished: string | null,
  state: string,
  today: string,
): number | undefined {
  if (firstDue === null || state === 'withdrawn' || state === 'planned') return undefined
  return daysBetween(firstDue, firstPublished ?? today)
}

function reasonsOf({ due, periods, history }: Item): readonly ItemReason[] {
  return [
    ...due.moves.map(({ from, to, by }) => ({ kind: 'moved' as const, from, to, reason: by.version.reason })),
    ...periods.flatMap(({ withdrawn }) =>
      withdrawn === null ? [] : [{ kind: 'withdrawn' as const, reason: withdrawn.reason }],
    ),
    ...(history.left === undefined ? [] : [{ kind: 'left' as const, reason: history.left.version.reason }]),
  ]
}
