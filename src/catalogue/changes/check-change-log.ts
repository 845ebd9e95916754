/**
 * Compares the change log with the versions and contracts that it reports: positions without a gap, and each
 * publication, withdrawal and pinned contract exactly once. A lost change can be restored to its position
 * with the same content, so cursors stay valid.
 */
import type { Change, ChangeKind } from '../../contract/index.ts'
import { notifyChange } from '../../db/change-notices.ts'
import type { Database, Transaction } from '../../db/database.ts'
import { canonicalJson } from '../../platform/digest.ts'
import { readMirror } from '../origin.ts'
import { readChanges } from './change-log.ts'

interface ChangeLogCheck {
  readonly changes: number
  /** Positions up to the counter that no change has. On a mirror, whose exports may have gaps, none. */
  readonly gaps: readonly number[]
  /** Changes that the versions and contracts say must be there. */
  readonly missing: readonly Change[]
  /** Positions of changes that differ from their version or contract. */
  readonly different: readonly number[]
  /** Positions of changes of no version or contract, or of one that is reported already. */
  readonly surplus: readonly number[]
  /** Whether the counter is behind the last change. */
  readonly isCounterBehind: boolean
}

/** Compares everything in one snapshot, so publications may go on. */
export async function checkChangeLog(database: Pick<Database, 'work'>): Promise<ChangeLogCheck> {
  return database.work.begin('ISOLATION LEVEL REPEATABLE READ READ ONLY', async (tx) => {
    const changes = await readChanges(tx, 0)
    const [counter] = await tx<{ position: number }[]>`
      SELECT position::float8 AS position FROM qingdan.change_counter`
    const expected = new Map((await readExpected(tx)).map((change) => [nameOf(change), change]))
    const isMirror = (await readMirror(tx)) !== undefined
    const seen = new Set<string>()
    const [different, surplus]: [number[], number[]] = [[], []]
    for (const { position, ...change } of changes) {
      // They are recorded in the change log only, so there is nothing to compare them with.
      if (change.kind === 'item-changed' || change.kind === 'closure-changed') continue
      const name = nameOf(change)
      const wanted = expected.get(name)
      if (wanted === undefined || seen.has(name)) surplus.push(position)
      else if (textOf(wanted) !== textOf(change)) different.push(position)
      seen.add(name)
    }
    const last = Math.max(counter?.position ?? 0, changes.at(-1)?.position ?? 0)
    const positions = new Set(changes.map(({ position }) => position))
    const all = isMirror ? [] : Array.from({ length: last }, (_, index) => index + 1)
    return {
      changes: changes.length,
      gaps: all.filter((position) => !positions.has(position)),
      missing: [...expected].filter(([name]) => !seen.has(name)).map(([, change]) => change),
      different,
      surplus,
      isCounterBehind: last > (counter?.position ?? 0),
    }
  })
}

/**
 * Restores the missing changes to the gaps, if their order in time gives each its position; else does
 * nothing. Returns whether they were restored. Other processes are notified.
 */
export async function restoreChanges(
  database: Pick<Database, 'work'>,
  { gaps, missing }: Pick<ChangeLogCheck, 'gaps' | 'missing'>,
): Promise<boolean> {
  if (missing.length === 0 || missing.length !== gaps.length) return false
  const ordered = [...missing].sort((a, b) => a.at.getTime() - b.at.getTime())
  return database.work
    .begin(async (tx) => {
      await tx`LOCK TABLE qingdan.change IN SHARE ROW EXCLUSIVE MODE`
      for (const [index, change] of ordered.entries()) {
        const position = gaps[index] ?? 0
        await tx`
        INSERT INTO qingdan.change (position, at, kind, dataset, edition, version, body)
        VALUES (${position}, ${change.at}, ${change.kind}, ${change.dataset}, ${change.edition ?? null},
          ${change.version ?? null}, ${tx.json(change.body as never)})`
      }
      const [outOfOrder] = await tx`
      SELECT FROM (SELECT position, at, lag(at) OVER (ORDER BY position) AS before FROM qingdan.change) c
      WHERE before > at AND position = ANY(${[...gaps, ...gaps.map((gap) => gap + 1)]})`
      if (outOfOrder !== undefined) throw new OutOfOrder()
      await notifyChange(tx)
      return true
    })
    .catch((error: unknown) => {
      if (error instanceof OutOfOrder) return false
      throw error
    })
}

/** Ends the transaction that would have restored changes out of order. */
class OutOfOrder extends Error {}

/** Sets the counter to the last change, so that the next one gets a position of its own. */
export async function restoreCounter(database: Pick<Database, 'work'>): Promise<void> {
  await database.work`
    UPDATE qingdan.change_counter SET position = (SELECT max(position) FROM qingdan.change)
    WHERE position < (SELECT max(position) FROM qingdan.change)`
}

interface ExpectedRow {
  readonly at: Date
  readonly kind: ChangeKind
  readonly dataset: string
  readonly edition: string | null
  readonly version: number | null
  readonly body: object
}

/** The changes that follow from the versions and pinned contracts, as publishing and pinning write them. */
async function readExpected(tx: Transaction): Promise<readonly Change[]> {
  const rows = await tx<ExpectedRow[]>`
    SELECT v.published_at AS at,
      CASE v.number WHEN 1 THEN 'version-published' ELSE 'version-corrected' END AS kind,
      e.dataset, e.edition, v.number AS version,
      jsonb_build_object('reason', v.reason, 'records', v.records, 'digest', v.digest) AS body
    FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id WHERE v.published_at IS NOT NULL
    UNION ALL
    SELECT v.withdrawn_at, 'version-withdrawn', e.dataset, e.edition, v.number,
      jsonb_build_object('reason', v.withdrawn_reason)
        || CASE WHEN v.erased_at = v.withdrawn_at THEN '{"erased": true}'::jsonb ELSE '{}' END
    FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id WHERE v.withdrawn_at IS NOT NULL
    UNION ALL
    -- Withdrawn first, erased later: a second change, whose reason is stored nowhere else but in the audit log.
    SELECT v.erased_at, 'version-withdrawn', e.dataset, e.edition, v.number,
      jsonb_build_object('erased', true, 'reason', coalesce(
        (SELECT c.body->'reason' FROM qingdan.change c WHERE c.kind = 'version-withdrawn'
          AND c.dataset = e.dataset AND c.edition = e.edition AND c.version = v.number
          AND c.body->'erased' = 'true' ORDER BY c.position LIMIT 1),
        (SELECT a.detail->'reason' FROM qingdan.audit a WHERE a.action = 'version-erased'
          AND a.subject = e.dataset || '/' || e.edition || '/v' || v.number ORDER BY a.id LIMIT 1)))
    FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE v.erased_at IS NOT NULL AND v.erased_at <> v.withdrawn_at
    UNION ALL
    SELECT loaded_at, 'contract-added', dataset, NULL, NULL,
      jsonb_build_object('contractVersion', contract_version, 'digest', digest, 'verdict', verdict)
    FROM qingdan.contract`
  return rows.map(({ edition, version, ...row }) => ({
    ...row,
    ...(edition === null ? {} : { edition }),
    ...(version === null ? {} : { version }),
  }))
}

/** What a change reports: there is one change of each name. */
function nameOf({ kind, dataset, edition, version, body }: Change): string {
  const { contractVersion, erased } = body as { contractVersion?: number; erased?: boolean }
  const contract = kind === 'contract-added' ? contractVersion : null
  const withdrawal = erased === true ? 'version-erased' : kind
  const act = kind === 'version-corrected' ? 'version-published' : withdrawal
  return [act, dataset, edition, version, contract].join(' ')
}

function textOf({ at, ...change }: Change): string {
  return canonicalJson({ ...change, at: at.toISOString() })
}
