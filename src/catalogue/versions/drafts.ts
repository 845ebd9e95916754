/**
 * The writes of versions: opened as a draft, advanced from state to state, published by one short
 * transaction, superseded by the next version, withdrawn with a reason. Readers see only published versions.
 */

import assert from 'node:assert/strict'
import type {
  Contract,
  OmittedFormat,
  PublishedPart,
  RecordDifference,
  StoredDistribution,
  Waiver,
} from '../../contract/index.ts'
import { periodOf } from '../../contract/index.ts'
import type { Runner, Transaction } from '../../db/database.ts'
import { appendChange } from '../changes/change-log.ts'

type DraftState = 'draft' | 'assembled' | 'derived' | 'controlled'

/** A version in preparation, as the publishing pipeline sees it. */
export interface Draft {
  readonly id: number
  readonly dataset: string
  readonly edition: string
  readonly number: number
  readonly contractVersion: number
  readonly state: DraftState | 'published' | 'superseded' | 'withdrawn'
  readonly reason: string | null
  readonly parts: readonly PublishedPart[]
}

/**
 * The edition's draft: the one already open, else a new one with the next number. Call under the edition's
 * lock.
 */
export async function openDraft(
  tx: Transaction,
  request: { readonly contract: Contract; readonly edition: string; readonly reason: string | null },
): Promise<Draft> {
  const { contract, edition, reason } = request
  const period = periodOf(contract, edition)
  assert.ok(period, 'Expected an edition name that fits the contract')
  await tx`
    INSERT INTO qingdan.edition (dataset, edition, period_start, period_end)
    VALUES (${contract.dataset}, ${edition}, ${period.start}, ${period.end})
    ON CONFLICT (dataset, edition) DO NOTHING`
  const [row] = await tx<{ id: string; last: number | null; draft: string | null }[]>`
    SELECT e.id,
      (SELECT max(number) FROM qingdan.version WHERE edition_id = e.id) AS last,
      (SELECT id FROM qingdan.version WHERE edition_id = e.id AND published_at IS NULL) AS draft
    FROM qingdan.edition e WHERE dataset = ${contract.dataset} AND edition = ${edition}`
  assert.ok(row)
  if (row.draft !== null) {
    await resetDraft(tx, Number(row.draft))
    await tx`
      UPDATE qingdan.version SET reason = ${reason}, contract_version = ${contract.contractVersion}
      WHERE id = ${row.draft}`
    return getDraft(tx, Number(row.draft))
  }
  const [created] = await tx<{ id: string }[]>`
    INSERT INTO qingdan.version (edition_id, number, contract_version, state, reason)
    VALUES (${row.id}, ${(row.last ?? 0) + 1}, ${contract.contractVersion}, 'draft', ${reason})
    RETURNING id`
  assert.ok(created)
  return getDraft(tx, Number(created.id))
}

/** Clears the prepared content of a draft, so that it can no longer be previewed or released. */
export async function resetDraft(tx: Transaction, id: number): Promise<void> {
  await tx`
    UPDATE qingdan.version SET state = 'draft', records_table = NULL, records = NULL, digest = NULL,
      difference = NULL, warnings = '[]', suppressions = '{}'
    WHERE id = ${id} AND published_at IS NULL`
  await tx`
    DELETE FROM qingdan.distribution
    WHERE version_id = (SELECT id FROM qingdan.version WHERE id = ${id} AND published_at IS NULL)`
}

/** A version by its id, whatever its state. Throws an Error if there is none. */
export async function getDraft(runner: Runner, id: number): Promise<Draft> {
  const [row] = await runner<Draft[]>`
    SELECT v.id::int, e.dataset, e.edition, v.number, v.contract_version AS "contractVersion",
      v.state, v.reason, v.parts
    FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id WHERE v.id = ${id}`
  if (row === undefined) throw new Error(`No version has the id ${id}`)
  return row
}

/** Records the state of a draft with the facts of that step. */
export async function advanceDraft(
  runner: Runner,
  id: number,
  step:
    | {
        readonly state: 'assembled'
        readonly parts: readonly PublishedPart[]
        readonly waivers: readonly Waiver[]
      }
    | { readonly state: 'derived' }
    | { readonly state: 'controlled'; readonly suppressions: object },
): Promise<void> {
  if (step.state === 'assembled') {
    await runner`
      UPDATE qingdan.version SET state = 'assembled',
        parts = ${runner.json(step.parts as never)}, waivers = ${runner.json(step.waivers as never)}
      WHERE id = ${id} AND published_at IS NULL`
  } else if (step.state === 'derived') {
    await runner`UPDATE qingdan.version SET state = 'derived' WHERE id = ${id} AND published_at IS NULL`
  } else {
    await runner`
      UPDATE qingdan.version SET state = 'controlled', suppressions = ${runner.json(step.suppressions as never)}
      WHERE id = ${id} AND published_at IS NULL`
  }
}

/** The prepared content of a draft: everything that readers will see after publication. */
interface Prepared {
  readonly id: number
  readonly recordsTable: string
  readonly records: number
  readonly digest: string
  readonly difference: RecordDifference | null
  readonly warnings: readonly { readonly check: string; readonly count: number }[]
  readonly distributions: readonly StoredDistribution[]
  readonly omitted: readonly OmittedFormat[]
}

/** Writes what a controlled draft is prepared with. It stays a draft: readers see nothing of it. */
export async function prepareVersion(tx: Transaction, prepared: Prepared): Promise<void> {
  const { id, recordsTable, records, digest, difference } = prepared
  await tx`DELETE FROM qingdan.distribution WHERE version_id = ${id}`
  for (const file of prepared.distributions) {
    await tx`
      INSERT INTO qingdan.distribution (version_id, name, format, media_type, bytes, digest)
      VALUES (${id}, ${file.name}, ${file.format}, ${file.mediaType}, ${file.bytes}, ${file.digest})`
  }
  const written = await tx`
    UPDATE qingdan.version SET records_table = ${recordsTable}, records = ${records}, digest = ${digest},
      difference = ${difference === null ? null : tx.json(difference as never)},
      warnings = ${tx.json(prepared.warnings as never)}, omitted = ${tx.json(prepared.omitted as never)}
    WHERE id = ${id} AND state = 'controlled' AND published_at IS NULL`
  assert.equal(written.count, 1, 'Expected a controlled draft')
}

/**
 * Makes a prepared version visible: changes states and appends the change, nothing slow. Call it last in its
 * transaction, because the change takes its position from a counter row that stays locked until the commit.
 * `digest` is that of the approved content: a draft that has changed since is never released. Returns the
 * number of records.
 */
export async function publishVersion(
  tx: Transaction,
  { id, at, digest }: { readonly id: number; readonly at: Date; readonly digest: string },
): Promise<number> {
  await tx`
    UPDATE qingdan.version SET state = 'superseded'
    WHERE state = 'published' AND edition_id = (SELECT edition_id FROM qingdan.version WHERE id = ${id})`
  const [published] = await tx<{ records: number }[]>`
    UPDATE qingdan.version SET state = 'published', published_at = ${at}
    WHERE id = ${id} AND state = 'controlled' AND published_at IS NULL
      AND records_table IS NOT NULL AND digest = ${digest}
    RETURNING records::float8`
  assert.ok(published, 'Expected a prepared, unpublished version with this digest')
  const draft = await getDraft(tx, id)
  await appendChange(tx, {
    at,
    kind: draft.number === 1 ? 'version-published' : 'version-corrected',
    dataset: draft.dataset,
    edition: draft.edition,
    version: draft.number,
    body: { reason: draft.reason, records: published.records, digest },
  })
  return published.records
}

/**
 * Withdraws a published version. Returns false if it was withdrawn before, and undefined if there is no such
 * published version. The highest remaining version becomes `published` again.
 */
export async function withdrawVersion(
  tx: Transaction,
  request: {
    readonly dataset: string
    readonly edition: string
    readonly version: number
    readonly reason: string
    readonly at: Date
    /** Whether it is erased in the same act, which its change then says. */
    readonly isErased?: boolean
  },
): Promise<boolean | undefined> {
  const [row] = await tx<{ id: string; edition_id: string; state: string }[]>`
    SELECT v.id, v.edition_id, v.state FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE e.dataset = ${request.dataset} AND e.edition = ${request.edition} AND v.number = ${request.version}
      AND v.published_at IS NOT NULL
    FOR UPDATE OF v`
  if (row === undefined) return undefined
  if (row.state === 'withdrawn') return false
  await tx`
    UPDATE qingdan.version SET state = 'withdrawn', withdrawn_at = ${request.at}, withdrawn_reason = ${request.reason}
    WHERE id = ${row.id}`
  await tx`
    UPDATE qingdan.version SET state = 'published'
    WHERE id = (
      SELECT id FROM qingdan.version
      WHERE edition_id = ${row.edition_id} AND state = 'superseded'
        AND NOT EXISTS (SELECT FROM qingdan.version WHERE edition_id = ${row.edition_id} AND state = 'published')
      ORDER BY number DESC LIMIT 1)`
  await appendChange(tx, {
    at: request.at,
    kind: 'version-withdrawn',
    dataset: request.dataset,
    edition: request.edition,
    version: request.version,
    body: { reason: request.reason, ...(request.isErased === true ? { erased: true } : {}) },
  })
  return true
}
