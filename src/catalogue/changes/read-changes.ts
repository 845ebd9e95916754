/**
 * The changes as a feed gives them: from a place on, of what its reader may see, each version with the digests of its
 * files and what differs from the one before. All of that stands fast once it is published, so a change reads the same
 * whenever and wherever it is read.
 */
import type {
  ChangeKind,
  PositionedChange,
  RecordDifference,
  Shared,
  StoredDistribution,
} from '../../contract/index.ts'
import type { Runner } from '../../db/database.ts'
import { type ChangeRow, placedOf } from './change-log.ts'

/** Which changes are wanted. Those of contracts are named one by one: what they mean is for contracts to say. */
export interface FeedSelection {
  /** Kinds other than `contract-added`, wanted of these datasets. */
  readonly kinds: readonly ChangeKind[]
  readonly datasets: readonly string[]
  /** Contracts whose coming is wanted, as `<dataset> <contractVersion>`. */
  readonly contracts: readonly string[]
}

/** What the feed has to know of a contract, as it is pinned. */
export interface PinnedContract extends Shared {
  readonly contractVersion: number
  readonly noticeDays?: number
}

/**
 * Every contract that was ever pinned, by dataset and number. The feed goes by these and not by those that a process has
 * loaded: who pins a contract may have begun later, and a change that an older process left out would be missed for good.
 * Read them in the transaction in which the changes are read.
 */
export async function listPinned(runner: Runner): Promise<readonly PinnedContract[]> {
  const rows = await runner<
    (Shared & { readonly contractVersion: number; readonly noticeDays: number | null })[]
  >`
    SELECT dataset, contract_version AS "contractVersion", body->>'openClass' AS "openClass",
      body->>'shareClass' AS "shareClass", (body->>'noticeDays')::int AS "noticeDays"
    FROM qingdan.contract ORDER BY dataset COLLATE "C", contract_version`
  return rows.map(({ noticeDays, ...pinned }) => ({
    ...pinned,
    ...(noticeDays === null ? {} : { noticeDays }),
  }))
}

/** A change with what stands fast of its version. */
export interface FeedChange extends PositionedChange {
  /** Of a version that came; null for every other change. */
  readonly released: {
    readonly contractVersion: number
    readonly difference: RecordDifference | null
    readonly distributions: readonly StoredDistribution[]
  } | null
}

interface Row extends ChangeRow {
  readonly contractVersion: number | null
  readonly difference: RecordDifference | null
  readonly distributions: readonly StoredDistribution[]
}

/** At most so many changes: the first after a position, or without one the newest. */
export interface FeedStretch {
  readonly after?: number
  readonly limit: number
}

/** Changes of a selection in their order. One statement, so one state of the changes. */
export async function readFeed(
  runner: Runner,
  selection: FeedSelection,
  { after, limit }: FeedStretch,
): Promise<readonly FeedChange[]> {
  const direction = after === undefined ? runner`DESC` : runner`ASC`
  const rows = await runner<Row[]>`
    SELECT c.position::float8 AS position, c.at, c.kind, c.dataset, c.edition, c.version, c.body,
      v.contract_version AS "contractVersion", v.difference,
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
  return ordered.map(({ contractVersion, difference, distributions, ...row }) => ({
    ...placedOf(row),
    released: contractVersion === null ? null : { contractVersion, difference, distributions },
  }))
}

/** How many changes of a selection stand behind a position. */
export async function countFeed(runner: Runner, selection: FeedSelection, after: number): Promise<number> {
  const [row] = await runner<{ count: number }[]>`
    SELECT count(*)::float8 AS count FROM qingdan.change c
    WHERE c.position > ${after} AND ${isSelected(runner, selection)}`
  return row?.count ?? 0
}

/** The condition that a change `c` is of a selection. */
function isSelected(runner: Runner, { kinds, datasets, contracts }: FeedSelection) {
  return runner`(
      (c.kind = ANY(${[...kinds]}) AND c.dataset = ANY(${[...datasets]}))
      OR (c.kind = 'contract-added'
        AND c.dataset || ' ' || (c.body->>'contractVersion') = ANY(${[...contracts]})))`
}

/** An item of an annual list as the feed told of it last. */
export interface ReportedItem {
  readonly dataset: string
  readonly edition: string
  /** What stands for the item in its list. */
  readonly key: string
  readonly number: string | null
  readonly name: string | null
  readonly due: string | null
  readonly state: string
}

/** Every item as the feed told of it last. */
export async function listReportedItems(runner: Runner): Promise<readonly ReportedItem[]> {
  const rows = await runner<ReportedItem[]>`
    SELECT DISTINCT ON (dataset, edition, body->>'key') dataset, edition, body->>'key' AS key,
      body->>'number' AS number, body->>'name' AS name, body->>'due' AS due, body->>'state' AS state
    FROM qingdan.change WHERE kind = 'item-changed'
    ORDER BY dataset, edition, body->>'key', position DESC`
  return [...rows]
}
