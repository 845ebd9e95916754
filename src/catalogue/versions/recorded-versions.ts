/** The record of publication: what must be stored for each version, whoever may read it. */
import type { PublishedPart, StoredDistribution, VersionName } from '../../contract/index.ts'
import type { Runner } from '../../db/database.ts'

export interface RecordedVersion extends VersionName {
  readonly id: number
  readonly contractVersion: number
  readonly records: number
  readonly recordsTable: string
  /** SHA-256 of the plain CSV. */
  readonly digest: string
  readonly parts: readonly PublishedPart[]
  readonly distributions: readonly StoredDistribution[]
  /** Whether readers get it now. If not, it is withdrawn, or prepared and waits for its release. */
  readonly isServed: boolean
  readonly isWithdrawn: boolean
}

/**
 * Every version that is published or prepared, by dataset, edition and number; or the one with an id. A
 * withdrawn version of a mirror, which has no table, is left out.
 */
export async function readRecorded(runner: Runner, id?: number): Promise<readonly RecordedVersion[]> {
  return runner<RecordedVersion[]>`
    SELECT v.id::float8 AS id, e.dataset, e.edition, v.number, v.contract_version AS "contractVersion",
      v.records::float8 AS records, v.records_table AS "recordsTable", v.digest, v.parts,
      v.published_at IS NOT NULL AND v.withdrawn_at IS NULL AS "isServed",
      v.withdrawn_at IS NOT NULL AS "isWithdrawn",
      coalesce((
        SELECT jsonb_agg(jsonb_build_object('name', d.name, 'format', d.format, 'mediaType', d.media_type,
          'bytes', d.bytes, 'digest', d.digest) ORDER BY d.name COLLATE "C")
        FROM qingdan.distribution d WHERE d.version_id = v.id), '[]') AS distributions
    FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE v.records_table IS NOT NULL AND (${id ?? null}::bigint IS NULL OR v.id = ${id ?? null})
    ORDER BY e.dataset COLLATE "C", e.edition COLLATE "C", v.number`
}

/** Versions that are not published yet: their files may be written at any moment. */
export async function readDrafts(runner: Runner): Promise<readonly VersionName[]> {
  return runner<VersionName[]>`
    SELECT e.dataset, e.edition, v.number
    FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id WHERE v.published_at IS NULL`
}
