/**
 * Reviews the rows that a derivation computes beside those of the edition before. What is implausible does not refuse an
 * edition: it is held until a person has approved it.
 */
import { type AppContext, latestOf, readVersions } from '../../catalogue/index.ts'
import { type Contract, periodOf } from '../../contract/index.ts'
import { type DerivedRow, type EditionReview, getDerivation } from '../../derivations/index.ts'
import { listHeldWarnings } from '../../ingest/index.ts'
import type { Finding } from '../../platform/finding.ts'
import { readAll } from '../../records/index.ts'
import type { Assembled } from './assemble.ts'

/** Opens the review of an edition with the rows of the one before; undefined if its derivation has none. */
export async function openReview(
  context: AppContext,
  { draft, loaded: { contract } }: Pick<Assembled, 'draft' | 'loaded'>,
): Promise<EditionReview | undefined> {
  const review = getDerivation(contract.derivation?.name ?? '').openReview?.(contract)
  if (review !== undefined) await addFormer(context, contract, draft.edition, review)
  return review
}

/** Adds the newest public version of the newest edition before, if it has what this one compares. */
async function addFormer(
  context: AppContext,
  contract: Contract,
  edition: string,
  review: EditionReview,
): Promise<void> {
  const start = periodOf(contract, edition)?.start ?? ''
  const versions = await readVersions(context.database, { dataset: contract.dataset })
  const former = latestOf(versions.filter(({ periodStart }) => periodStart < start))
  if (former?.recordsTable == null) return
  const own = context.contracts.get(former.dataset, former.contractVersion).contract
  const shared = contract.fields.flatMap(({ name }) => own.fields.filter((field) => field.name === name))
  const places = contract.fields.map(({ name }) => shared.findIndex((field) => field.name === name))
  for await (const batch of readAll(context.database.work, former.recordsTable, shared))
    for (const values of batch) review.addFormer(places.map((at) => values[at] ?? null))
}

/** Passes rows on, and shows them to the review. */
export async function* reviewed(
  batches: AsyncIterable<readonly DerivedRow[]>,
  review: EditionReview | undefined,
): AsyncGenerator<readonly DerivedRow[]> {
  for await (const batch of batches) {
    if (review !== undefined) for (const row of batch) review.add(row)
    yield batch
  }
}

/** What holds the publication: warnings of the parts, and of the edition. */
export async function listWarnings(
  context: AppContext,
  { parts, loaded: { contract } }: Pick<Assembled, 'parts' | 'loaded'>,
  review: EditionReview | undefined,
): Promise<readonly Finding[]> {
  const { faults } = getDerivation(contract.derivation?.name ?? '')
  const ofEdition = (review?.finish() ?? []).map(({ fault, expected }): Finding => {
    const known = faults[fault]
    if (known === undefined) throw new Error(`The derivation does not list its fault ${fault}.`)
    const { severity, message } = known
    return { check: fault, severity, expected, message: message.en, messageZh: message.zh }
  })
  return [...(await listHeldWarnings(context.database.work, contract, parts)), ...ofEdition]
}
