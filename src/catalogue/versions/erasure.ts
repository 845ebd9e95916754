/**
 * What the catalogue records of erased versions. The decision withdraws a version that is still public, in
 * the same transaction, and appends the tombstone that followers and mirrors read. The data are removed after
 * its commit; `records_table` stays until they are gone, so that an interrupted removal is found again.
 */
import type { VersionName } from '../../contract/index.ts'
import type { Runner, Transaction } from '../../db/database.ts'
import { appendChange } from '../changes/change-log.ts'
import { withdrawVersion } from './drafts.ts'

/** A version in any state, as its removal needs it. */
export interface StoredVersion extends VersionName {
  readonly id: number
  readonly isPublished: boolean
  readonly isWithdrawn: boolean
  readonly withdrawnAt: Date | null
  readonly withdrawnReason: string | null
  readonly publishedAt: Date | null
  readonly erasedAt: Date | null
  /** Ids of all bundles that its rows come from. */
  readonly bundles: readonly string[]
}

/** A version by name or id, in any state; undefined if there is none. */
export async function findStored(
  runner: Runner,
  of: VersionName | { readonly id: number },
): Promise<StoredVersion | undefined> {
  const wanted =
    'id' in of
      ? runner`v.id = ${of.id}`
      : runner`e.dataset = ${of.dataset} AND e.edition = ${of.edition} AND v.number = ${of.number}`
  const [row] = await runner<StoredVersion[]>`
    SELECT v.id::float8 AS id, e.dataset, e.edition, v.number, v.published_at IS NOT NULL AS "isPublished",
      v.withdrawn_at IS NOT NULL AS "isWithdrawn", v.withdrawn_at AS "withdrawnAt",
      v.withdrawn_reason AS "withdrawnReason", v.published_at AS "publishedAt", v.erased_at AS "erasedAt",
      ARRAY(SELECT DISTINCT b.id COLLATE "C" FROM ${bundlesOf(runner)} AS b(id) ORDER BY 1) AS bundles
    FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id WHERE ${wanted}`
  return row
}

/** The bundles of a version `v`, as a set in SQL: those of its parts, and those that they were merged from. */
function bundlesOf(runner: Runner) {
  return runner`(
    SELECT part->>'bundle' FROM jsonb_array_elements(v.parts) AS part
    UNION SELECT jsonb_array_elements_text(coalesce(part->'bundles', '[]'))
    FROM jsonb_array_elements(v.parts) AS part)`
}

/**
 * The versions that still hold rows of any of these bundles, prepared drafts included, as
 * `<dataset>/<edition>/v<number>`.
 */
export async function listHolders(runner: Runner, bundles: readonly string[]): Promise<readonly string[]> {
  const rows = await runner<{ name: string }[]>`
    SELECT e.dataset || '/' || e.edition || '/v' || v.number AS name
    FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE v.records_table IS NOT NULL
      AND EXISTS (SELECT FROM ${bundlesOf(runner)} AS b(id) WHERE b.id = ANY(${[...bundles]}))
    ORDER BY e.dataset COLLATE "C", e.edition COLLATE "C", v.number`
  return rows.map(({ name }) => name)
}

/**
 * Records the erasure of a published version and appends its tombstone. Returns false if it was erased
 * before, which changes nothing.
 */
export async function writeErasure(
  tx: Transaction,
  of: StoredVersion,
  { reason, at }: { readonly reason: string; readonly at: Date },
): Promise<boolean> {
  const written = await tx`
    UPDATE qingdan.version SET erased_at = ${at}
    WHERE id = ${of.id} AND published_at IS NOT NULL AND erased_at IS NULL`
  if (written.count === 0) return false
  const { dataset, edition, number: version } = of
  const name = { dataset, edition, version }
  if ((await withdrawVersion(tx, { ...name, reason, at, isErased: true })) === true) return true
  // Withdrawn earlier: readers of the feed have seen that change and need another one.
  await appendChange(tx, { at, kind: 'version-withdrawn', ...name, body: { reason, erased: true } })
  return true
}

export interface ErasedVersion extends VersionName {
  readonly erasedAt: Date
  readonly reason: string
  readonly withdrawnAt: Date
  readonly withdrawnReason: string
}

/** All erased versions, the first erased first; the reason is that of their tombstone. */
export async function listErasedVersions(runner: Runner): Promise<readonly ErasedVersion[]> {
  return runner<ErasedVersion[]>`
    SELECT e.dataset, e.edition, v.number, v.erased_at AS "erasedAt", c.reason,
      v.withdrawn_at AS "withdrawnAt", v.withdrawn_reason AS "withdrawnReason"
    FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id
    JOIN LATERAL (
      SELECT body->>'reason' AS reason, position FROM qingdan.change
      WHERE dataset = e.dataset AND edition = e.edition AND version = v.number
        AND kind = 'version-withdrawn' AND body->>'erased' = 'true'
      ORDER BY position DESC LIMIT 1) c ON true
    WHERE v.erased_at IS NOT NULL ORDER BY c.position`
}

/** Versions whose records are still stored though they were erased, or withdrawn at or before a moment. */
export async function listRemovable(runner: Runner, withdrawnUntil: Date): Promise<readonly number[]> {
  const rows = await runner<{ id: number }[]>`
    SELECT id::float8 AS id FROM qingdan.version
    WHERE records_table IS NOT NULL AND withdrawn_at IS NOT NULL
      AND (erased_at IS NOT NULL OR withdrawn_at <= ${withdrawnUntil}) ORDER BY id`
  return rows.map(({ id }) => id)
}

/** Records that a withdrawn version's records and files are gone, and deletes the previews of it. */
export async function clearRecords(tx: Transaction, id: number): Promise<void> {
  await tx`DELETE FROM qingdan.preview WHERE version_id = ${id}`
  await tx`UPDATE qingdan.version SET records_table = NULL WHERE id = ${id} AND withdrawn_at IS NOT NULL`
}
