/**
 * The bags of a group, read from the receipts. An admitted bag stays in its group until the group is staged
 * or refused. Only this file writes group membership.
 */
import type { GroupManifest, GroupPurpose } from '../../bundle/index.ts'
import type { Runner, Transaction } from '../../db/database.ts'

export interface GroupMember {
  readonly id: string
  readonly number: number
  readonly count: number
  readonly state: string
  readonly purpose: GroupPurpose
}

/** A group's admitted bags that were not rejected, by number. Group names are unique per provider only. */
export async function listBags(
  runner: Runner,
  provider: string,
  identifier: string,
): Promise<readonly GroupMember[]> {
  const rows = await runner<(GroupPurpose & Omit<GroupMember, 'purpose'>)[]>`
    SELECT id, group_number AS number, group_count AS count, state, dataset, edition,
      contract_version AS "contractVersion", provider, sequence, mode, against
    FROM qingdan.bundle
    WHERE provider = ${provider} AND group_identifier = ${identifier}
      AND state NOT IN ('refused', 'quarantined', 'dropped')
    ORDER BY group_number`
  return rows.map(({ id, number, count, state, ...purpose }) => ({ id, number, count, state, purpose }))
}

/** Admits a bag to its group with the state `waiting`. */
export async function writeWaiting(
  tx: Transaction,
  id: string,
  { group }: GroupManifest,
  at: Date,
): Promise<void> {
  const entry = [{ state: 'waiting', at: at.toISOString() }]
  await tx`
    UPDATE qingdan.bundle SET state = 'waiting', history = history || ${tx.json(entry)},
      group_identifier = ${group.identifier}, group_number = ${group.number}, group_count = ${group.count}
    WHERE id = ${id}`
}
