/**
 * The changes for a feed: those after a position that its reader may see, each version with its file digests
 * and its difference from the previous one. All of that is immutable, so a change gives the same entry at any
 * time and place.
 */
import type {
  ChangeKind,
  Field,
  PositionedChange,
  RecordDifference,
  Shared,
  StoredDistribution,
} from '../../contract/index.ts'
import type { Runner } from '../../db/database.ts'
import { selectList } from '../../db/select-list.ts'
import { change } from '../tables.ts'
import { type ChangeRow, positionedOf } from './change-log.ts'

/**
 * The changes to read. Those of contracts are listed one by one, because their meaning depends on the
 * contracts.
 */
export interface FeedSelection {
  /** Kinds other than `contract-added`, of these datasets. */
  readonly kinds: readonly ChangeKind[]
  readonly datasets: readonly string[]
  /** Added contracts, as `<dataset> <contractVersion>`. */
  readonly contracts: readonly string[]
}

/** The facts of a pinned contract that the feed needs. */
export interface PinnedContract extends Shared {
  readonly contractVersion: number
  readonly noticeDays?: number
  /** Fields with a declared rename, of the field or of codes; absent if there is none. */
  readonly renamed?: readonly Pick<Field, 'name' | 'renamedFrom' | 'renamedCodes'>[]
}

/**
 * Every contract ever pinned, by dataset and number. The feed uses these and not the loaded contracts of this
 * process: a newer process may have pinned more, and a change omitted by an older process would be lost to
 * its readers. Read them in the transaction that reads the changes.
 */
export async function listPinned(runner: Runner): Promise<readonly PinnedContract[]> {
  const rows = await runner<
    (Shared & {
      readonly contractVersion: number
      readonly noticeDays: number | null
      readonly renamed: NonNullable<PinnedContract['renamed']>
    })[]
  >`
    SELECT dataset, contract_version AS "contractVersion", body->>'openClass' AS "openClass",
      body->>'shareClass' AS "shareClass", (body->>'noticeDays')::int AS "noticeDays",
      jsonb_path_query_array(body, '$.fields[*] ? (exists(@.renamedFrom) || exists(@.renamedCodes))') AS renamed
    FROM qingdan.contract ORDER BY dataset COLLATE "C", contract_version`
  return rows.map(({ noticeDays, renamed, ...pinned }) => ({
    ...pinned,
    ...(renamed.length === 0 ? {} : { renamed }),
    ...(noticeDays === null ? {} : { noticeDays }),
  }))
}

/** A change with the immutable facts of its version. */
export interface FeedChange extends PositionedChange {
  /** For a published version; null for every other change. */
  readonly released: {
    readonly contractVersion: number
    /** Whether any part is synthetic sample data. */
    readonly synthetic: boolean
    readonly difference: RecordDifference | null
    readonly distributions: readonly StoredDistribution[]
  } | null
}

interface Row extends ChangeRow {
  readonly contractVersion: number | null
  readonly synthetic: boolean
  readonly difference: RecordDifference | null
  readonly distributions: readonly StoredDistribution[]
}

/** A range of changes: the first ones after a position, or the newest ones without a position. */
interface FeedRange {
  readonly after?: number
  readonly limit: number
}

const changeColumns = selectList(change, { of: 'c' })

/** Reads the changes of a selection in order, with one statement and so from one snapshot. */
export async function readFeed(
  runner: Runner,
  selection: FeedSelection,
  { after, limit }: FeedRange,
): Promise<readonly FeedChange[]> {
  const direction = after === undefined ? runner`DESC` : runner`ASC`
  const rows = await runner<Row[]>`
    SELECT ${runner.unsafe(changeColumns)},
      v.contract_version AS "contractVersion", v.difference,
      coalesce(jsonb_path_exists(v.parts, '$[*] ? (@.synthetic == true)'), false) AS synthetic,
      coalesce((
        SELECT jsonb_agg(jsonb_build_object('name', d.name, 'format', d.format, 'mediaType', d.media_type,
          'bytes', d.bytes, 'digest', d.digest) ORDER BY d.name COLLATE "C")
        FROM qingdan.distribution d WHERE d.version_id = v.id), '[]') AS distributions
    FROM qingdan.change c
    LEFT JOIN qingdan.edition e ON e.dataset = c.dataset AND e.edition = c.edition
    LEFT JOIN qingdan.version v ON v.edition_id = e.id AND v.number = c.version
      AND c.kind IN ('version-published', 'version-corrected')
    WHERE c.position > ${after ?? 0} AND ${isSelected(runner, selection)}
    ORDER BY c.position ${direction} LIMIT ${limit}`
  const ordered = after === undefined ? rows.toReversed() : rows
  return ordered.map(({ contractVersion, synthetic, difference, distributions, ...row }) => ({
    ...positionedOf(row),
    released: contractVersion === null ? null : { contractVersion, synthetic, difference, distributions },
  }))
}

/** Counts the changes of a selection after a position. */
export async function countFeed(runner: Runner, selection: FeedSelection, after: number): Promise<number> {
  const [row] = await runner<{ count: number }[]>`
    SELECT count(*)::float8 AS count FROM qingdan.change c
    WHERE c.position > ${after} AND ${isSelected(runner, selection)}`
  return row?.count ?? 0
}

/** The SQL condition that a change `c` belongs to a selection. */
function isSelected(runner: Runner, { kinds, datasets, contracts }: FeedSelection) {
  return runner`(
      (c.kind = ANY(${[...kinds]}) AND c.dataset = ANY(${[...datasets]}))
      OR (c.kind = 'contract-added'
        AND c.dataset || ' ' || (c.body->>'contractVersion') = ANY(${[...contracts]})))`
}

/** The last change of an annual list's item in the feed. */
export interface ReportedItem {
  readonly dataset: string
  readonly edition: string
  /** Identifies the item in its list. */
  readonly key: string
  readonly number: string | null
  readonly name: string | null
  readonly due: string | null
  readonly state: string
}

/** The last change of every item in the feed. */
export async function listReportedItems(runner: Runner): Promise<readonly ReportedItem[]> {
  const rows = await runner<ReportedItem[]>`
    SELECT DISTINCT ON (dataset, edition, body->>'key') dataset, edition, body->>'key' AS key,
      body->>'number' AS number, body->>'name' AS name, body->>'due' AS due, body->>'state' AS state
    FROM qingdan.change WHERE kind = 'item-changed'
    ORDER BY dataset, edition, body->>'key', position DESC`
  return [...rows]
}
