/** Turns changes into feed entries. Pure: a change gives the same entry at any time and at every mirror. */
import type { Static } from 'typebox'
import {
  type AppContext,
  addresses,
  type FeedChange,
  isErasure,
  noticeFrom,
  type PinnedContract,
} from '../../catalogue/index.ts'
import { fileName } from '../../contract/index.ts'
import { contractOf, formerOf, type Pinned } from './change-types.ts'
import type { FeedSchema } from './schemas.ts'

type ChangeBody = Static<typeof FeedSchema>['data'][number]

type EntryHead = Pick<ChangeBody, 'id' | 'cursor' | 'type'>
/** What an entry depends on besides its change. */
type Source = Pick<AppContext, 'config'> & { readonly pinned: Pinned }

/** One feed entry. With `isInFeed` false (the dataset was closed to this reader) it has no details. */
export function changeBody(
  source: Source,
  change: FeedChange,
  head: EntryHead,
  isInFeed: boolean,
): ChangeBody {
  const { at, dataset, edition = null, version = null, kind } = change
  const common = { ...head, at: at.toISOString(), dataset, edition, version }
  if (!isInFeed) return { ...common, reason: null, href: null }
  if (kind === 'contract-added') return { ...common, reason: null, ...contractPart(source, change) }
  if (kind === 'item-changed') return { ...common, reason: null, ...itemPart(source, change) }
  if (kind === 'closure-changed') return { ...common, ...closurePart(source, change) }
  const { reason = null } = change.body as { readonly reason?: string | null }
  const href = addresses(source.config).version(nameOf(change))
  if (isErasure(change)) return { ...common, reason, erased: true, href }
  if (change.released === null) return { ...common, reason, href }
  return { ...common, reason, href, released: releasedPart(source, change, change.released) }
}

function contractPart({ config, pinned }: Source, change: FeedChange): Pick<ChangeBody, 'contract' | 'href'> {
  const { dataset, body, at } = change
  const contractVersion = contractOf(change)
  const { digest, verdict } = body as { readonly digest: string; readonly verdict: Verdict | null }
  const former = formerOf(pinned, dataset, contractVersion)
  const own = pinned.of(dataset).find((contract) => contract.contractVersion === contractVersion)
  const to = addresses(config)
  const href = to.contract(dataset, contractVersion)
  const isBreaking = verdict === 'breaking' && former !== undefined
  return {
    href,
    contract: {
      contractVersion,
      sha256: digest,
      verdict,
      ...renamedPart(former, own),
      ...(isBreaking ? { notice: textsOf(noticeFrom(former, at)) } : {}),
      href,
      comparison:
        former === undefined ? null : to.comparison(dataset, former.contractVersion, contractVersion),
    },
  }
}

/** The renames that a contract declares and the former one did not. */
function renamedPart(
  former: PinnedContract | undefined,
  own: PinnedContract | undefined,
): Pick<NonNullable<ChangeBody['contract']>, 'renamed'> {
  const before = new Map((former?.renamed ?? []).map((field) => [field.name, field]))
  const declared = own?.renamed ?? []
  const fields = declared.flatMap(({ name, renamedFrom }) => {
    const isNew = renamedFrom !== undefined && before.get(name)?.renamedFrom !== renamedFrom
    return isNew ? [{ from: renamedFrom, to: name }] : []
  })
  const codes = declared.flatMap(({ name, renamedCodes = {} }) =>
    Object.entries(renamedCodes).flatMap(([from, to]) => {
      return before.get(name)?.renamedCodes?.[from] === to ? [] : [{ field: name, from, to }]
    }),
  )
  return fields.length + codes.length === 0 ? {} : { renamed: { fields, codes } }
}

type Verdict = 'compatible' | 'additive' | 'breaking'

function textsOf({ since, sunset }: { readonly since: Date; readonly sunset: Date }) {
  return { since: since.toISOString(), sunset: sunset.toISOString() }
}

function releasedPart(
  { config }: Source,
  change: FeedChange,
  { contractVersion, synthetic, difference, distributions }: NonNullable<FeedChange['released']>,
): NonNullable<ChangeBody['released']> {
  const to = addresses(config)
  const of = nameOf(change)
  const { records, digest } = change.body as { readonly records: number; readonly digest: string }
  return {
    records,
    sha256: digest,
    contractVersion,
    synthetic,
    difference: difference === null ? null : { ...difference, href: to.diff(of, `v${difference.against}`) },
    distributions: distributions.map(({ format, bytes, digest: sha256 }) => ({
      ...{ format, bytes, sha256 },
      href: to.file(of, fileName(of, format)),
    })),
  }
}

function itemPart({ config }: Source, { body, edition = '' }: FeedChange): Pick<ChangeBody, 'item' | 'href'> {
  return { item: body as NonNullable<ChangeBody['item']>, href: addresses(config).list(edition) }
}

function closurePart(
  { config }: Source,
  { body }: FeedChange,
): Pick<ChangeBody, 'closure' | 'reason' | 'href'> {
  const { reason, ...closure } = body as NonNullable<ChangeBody['closure']> & { readonly reason: string }
  return { closure, reason, href: addresses(config).venue(closure.venue) }
}

function nameOf({ dataset, edition = '', version = 0 }: FeedChange) {
  return { dataset, edition, number: version }
}
