/**
 * The change log. A change takes its position from one counter row, locked until the commit, so that a later
 * commit never appears before an earlier position. A sequence has no such order, and readers would skip
 * changes.
 */

import assert from 'node:assert/strict'
import type { Change, ChangeKind, PositionedChange } from '../../contract/index.ts'
import { notifyChange } from '../../db/change-notices.ts'
import type { Runner, Transaction } from '../../db/database.ts'
import { selectList } from '../../db/select-list.ts'
import { canonicalJson, digestOf } from '../../platform/digest.ts'
import { change as table } from '../tables.ts'

/** A row of `change`. */
export type ChangeRow = Readonly<typeof table.$inferSelect>

const changeColumns = selectList(table)

/** Long enough to tell two histories apart; a cursor is not signed, so it proves nothing. */
const markLength = 16

/** A short digest that identifies a change in a cursor. */
export function markOf(change: PositionedChange): string {
  return digestOf(canonicalJson(change)).slice(0, markLength)
}

/**
 * Appends a change, notifies every process, and returns its position. Call it last in a transaction: it locks
 * the counter.
 */
export async function appendChange(tx: Transaction, change: Change): Promise<number> {
  const [row] = await tx<{ position: string }[]>`
    INSERT INTO qingdan.change_counter (id, position) VALUES (1, 1)
    ON CONFLICT (id) DO UPDATE SET position = qingdan.change_counter.position + 1
    RETURNING position`
  assert.ok(row)
  await tx`
    INSERT INTO qingdan.change (position, at, kind, dataset, edition, version, body)
    VALUES (${row.position}, ${change.at}, ${change.kind}, ${change.dataset}, ${change.edition ?? null},
      ${change.version ?? null}, ${tx.json(change.body as never)})`
  await notifyChange(tx)
  return Number(row.position)
}

/** The changes after a position, in their order: all, or those of one kind. */
export async function readChanges(
  runner: Runner,
  after: number,
  kind: ChangeKind | null = null,
): Promise<readonly PositionedChange[]> {
  const rows = await runner<ChangeRow[]>`
    SELECT ${runner.unsafe(changeColumns)}
    FROM qingdan.change WHERE position > ${after} AND (${kind}::text IS NULL OR kind = ${kind})
    ORDER BY qingdan.change.position`
  return rows.map(positionedOf)
}

/** The changes of one edition, in their order. */
export async function readEditionChanges(
  runner: Runner,
  of: { readonly dataset: string; readonly edition: string },
): Promise<readonly PositionedChange[]> {
  const rows = await runner<ChangeRow[]>`
    SELECT ${runner.unsafe(changeColumns)}
    FROM qingdan.change WHERE dataset = ${of.dataset} AND edition = ${of.edition}
    ORDER BY qingdan.change.position`
  return rows.map(positionedOf)
}

/** The change at a position, and the position of the last change: 0 if there is none. */
export async function findChangePosition(
  runner: Runner,
  position: number,
): Promise<{ readonly change: PositionedChange | undefined; readonly head: number }> {
  const rows = await runner<ChangeRow[]>`
    SELECT ${runner.unsafe(changeColumns)}
    FROM qingdan.change WHERE position = ${position}`
  const [counter] = await runner<{ head: number }[]>`
    SELECT position::float8 AS head FROM qingdan.change_counter`
  const [row] = rows
  return { change: row === undefined ? undefined : positionedOf(row), head: counter?.head ?? 0 }
}

/** Whether a change is the tombstone of an erased version. */
export function isErasure({ kind, body }: Change): boolean {
  return kind === 'version-withdrawn' && (body as { readonly erased?: unknown }).erased === true
}

/** Turns a row of `change` into a change. */
export function positionedOf({ edition, version, ...row }: ChangeRow): PositionedChange {
  return { ...row, ...(edition === null ? {} : { edition }), ...(version === null ? {} : { version }) }
}
