/**
 * Reads the groups of a planned aggregate. Refuses more groups than a response holds, unless a limit is set.
 */

import type { Runner } from '../../db/database.ts'
import type { RecordValues } from '../../formats/index.ts'
import { problem } from '../../platform/problem.ts'
import type { AggregatePlan } from './plan.ts'
import { groupsMax } from './query.ts'

export interface AggregateGroup {
  /** The canonical texts of the plan's columns. */
  readonly row: RecordValues
  /** Names of the measures without a value because a record's value is withheld. */
  readonly suppressed: readonly string[]
}

export interface Groups {
  readonly groups: readonly AggregateGroup[]
  /** Number of all groups, including those beyond the limit. */
  readonly total: number
}

/**
 * Reads the groups. Throws `groups-too-many` if there are more than `groupsMax` and the plan has no limit.
 */
export async function readGroups(runner: Runner, plan: AggregatePlan): Promise<Groups> {
  // Nearly every query is a different statement; prepared, they would fill the connection's memory.
  const rows = (await runner
    .unsafe(plan.statement, [...plan.parameters], { prepare: false })
    .values()) as unknown as (string | null)[][]
  const total = Number(rows[0]?.at(-1) ?? 0)
  if (plan.limit === undefined && total > groupsMax) {
    throw problem('groups-too-many', {
      path: 'group_by',
      detail: `There are ${total} groups, and a response holds at most ${groupsMax}.`,
      groups: total,
      groupsMax,
    })
  }
  const { length } = plan.columns
  const groups = rows.map((row) => ({
    row: row.slice(0, length),
    suppressed: plan.measures.filter((_, index) => row[length + index] === 'true').map(({ name }) => name),
  }))
  return { groups, total }
}
