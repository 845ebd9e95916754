/**
 * Versions as exported to mirrors: everything that readers may see of them, nothing about their preparation.
 */
import type { CarriedVersion } from '../contract/index.ts'
import type { Runner } from '../db/database.ts'

interface Row extends Omit<CarriedVersion, 'publishedAt' | 'withdrawn'> {
  readonly publishedAt: Date
  readonly withdrawnAt: Date | null
  readonly withdrawnReason: string | null
}

/** The published versions of a dataset, including withdrawn ones, by edition and number. */
export async function readCarried(runner: Runner, dataset: string): Promise<readonly CarriedVersion[]> {
  const rows = await runner<Row[]>`
    SELECT e.dataset, e.edition, to_char(e.period_start, 'YYYY-MM-DD') AS "periodStart",
      to_char(e.period_end, 'YYYY-MM-DD') AS "periodEnd", v.number, v.contract_version AS "contractVersion",
      v.reason, v.records::float8 AS records, v.digest, v.difference, v.parts, v.waivers, v.warnings,
      v.suppressions, v.omitted, v.published_at AS "publishedAt", v.withdrawn_at AS "withdrawnAt",
      v.withdrawn_reason AS "withdrawnReason",
      coalesce((
        SELECT jsonb_agg(jsonb_build_object('name', d.name, 'format', d.format, 'mediaType', d.media_type,
          'bytes', d.bytes, 'digest', d.digest) ORDER BY d.name COLLATE "C")
        FROM qingdan.distribution d WHERE d.version_id = v.id), '[]') AS distributions
    FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE e.dataset = ${dataset} AND v.published_at IS NOT NULL
    ORDER BY e.edition COLLATE "C", v.number`
  return rows.map(({ publishedAt, withdrawnAt, withdrawnReason, ...facts }) => ({
    ...facts,
    publishedAt: publishedAt.toISOString(),
    withdrawn: withdrawnAt === null ? null : { at: withdrawnAt.toISOString(), reason: withdrawnReason ?? '' },
  }))
}
