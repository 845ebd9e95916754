/**
 * The ordered changes. A change takes its position from one counter row, locked until the commit, so that a later
 * commit never appears before an earlier position. A sequence would leave gaps that a reader skips.
 */
import assert from 'node:assert/strict'
import { notify, type Transaction } from '../store/index.ts'

export type ChangeKind = 'contract-added' | 'version-published' | 'version-corrected' | 'version-withdrawn'

export interface Change {
  readonly at: Date
  readonly kind: ChangeKind
  readonly dataset: string
  readonly edition?: string
  readonly version?: number
  readonly body: object
}

/** Appends a change, tells every process of it, and gives its position. Call it last in a transaction: the counter is locked from here on. */
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
  await notify(tx)
  return Number(row.position)
}
