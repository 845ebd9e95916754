/**
 * The stored bundles with rows about persons. They go as soon as their rows are published or replaced by newer ones;
 * rejected ones after the days of their contract. Receipts and findings stay.
 */
import type { AppContext } from '../../catalogue/index.ts'
import { isPersonal, quarantineDaysOf } from '../../contract/index.ts'
import { removeBytes } from './stored-bytes.ts'

interface PersonalDataset {
  readonly dataset: string
  readonly quarantineDays: number
}

/** The datasets with rows about persons, under any version of their contract. */
function listPersonal({ contracts }: Pick<AppContext, 'contracts'>): readonly PersonalDataset[] {
  return contracts.list().flatMap(({ contract: { dataset } }) => {
    const personal = contracts.versions(dataset).filter(({ contract }) => isPersonal(contract))
    const days = personal.map(({ contract }) => quarantineDaysOf(contract))
    return days.length === 0 ? [] : [{ dataset, quarantineDays: Math.min(...days) }]
  })
}

/**
 * Refused and quarantined bundles, and bags that wait for others of their group, whose days are over. A bundle of unknown
 * content may hold such rows too.
 */
export async function listRejectedPersonal(
  context: AppContext,
  before: (days: number) => Date,
): Promise<readonly { readonly id: string; readonly cause: 'refused' | 'quarantined' | 'waiting' }[]> {
  const personal = listPersonal(context)
  if (personal.length === 0) return []
  const datasets = personal.map(({ dataset }) => dataset)
  const moments = personal.map(({ quarantineDays }) => before(quarantineDays).toISOString())
  const least = before(Math.min(...personal.map(({ quarantineDays }) => quarantineDays)))
  return context.database.work`
    SELECT b.id, b.state AS cause FROM qingdan.bundle b
    LEFT JOIN unnest(${datasets}::text[], ${moments}::text[]) AS p(dataset, moment) ON p.dataset = b.dataset
    WHERE b.erased_at IS NULL AND b.state IN ('refused', 'quarantined', 'waiting')
      AND (b.dataset IS NULL OR p.dataset IS NOT NULL)
      AND ((b.history->-1->>'at')::timestamptz <= coalesce(p.moment::timestamptz, ${least})
        OR jsonb_path_exists(b.summary, '$[*] ? (@.check == "encryption-missing")'))
    ORDER BY b.received_at, b.id LIMIT 1000`
}

/** Why a staged bundle is not needed any more: its rows are published, or a newer part has replaced them. */
export type ReadCause = 'published' | 'replaced'

/** Staged bundles that are not needed any more: of published versions, or of replaced parts. */
export async function listReadPersonal(
  context: AppContext,
  of?: { readonly dataset: string; readonly edition: string },
): Promise<readonly { readonly id: string; readonly cause: ReadCause }[]> {
  const datasets = listPersonal(context).map(({ dataset }) => dataset)
  if (datasets.length === 0 || (of !== undefined && !datasets.includes(of.dataset))) return []
  const rows = await context.database.work<{ id: string; isPublished: boolean; isCurrent: boolean }[]>`
    SELECT b.id,
      EXISTS (SELECT FROM qingdan.version v, jsonb_array_elements(v.parts) AS part
        WHERE v.published_at IS NOT NULL
          AND (part->>'bundle' = b.id OR jsonb_exists(coalesce(part->'bundles', '[]'), b.id))) AS "isPublished",
      EXISTS (SELECT FROM qingdan.part p WHERE p.replaced_at IS NULL
        AND (p.bundle_id = b.id OR jsonb_exists(p.bundles, b.id))) AS "isCurrent"
    FROM qingdan.bundle b
    WHERE b.erased_at IS NULL AND b.state = 'staged' AND b.dataset = ANY(${datasets})
      AND (${of?.dataset ?? null}::text IS NULL
        OR (b.dataset = ${of?.dataset ?? null} AND b.edition = ${of?.edition ?? null}))
    ORDER BY b.received_at, b.id LIMIT 1000`
  return rows
    .filter(({ isPublished, isCurrent }) => isPublished || !isCurrent)
    .map(({ id, isCurrent }) => ({ id, cause: isCurrent ? 'published' : 'replaced' }))
}

/** Removes the bundles of an edition that is published. Call under its lock, after the release. */
export async function removeReadBundles(
  context: AppContext,
  of: { readonly dataset: string; readonly edition: string },
): Promise<void> {
  for (const { id, cause } of await listReadPersonal(context, of)) {
    await removeBytes(context, { id, state: 'staged', copies: true })
    context.observe('checkpoint-reached', { step: 'release', point: 'bundle-removed' })
    context.observe('data-erased', { kind: 'bundle', cause, bundle: id })
  }
}
