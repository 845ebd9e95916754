/**
 * Requested publications: an edition becomes public by an explicit act, stored as a row with who requested
 * it, what it waits for and its outcome. Only this file writes the table `publication`; it rejects state
 * changes that are out of order.
 */
import assert from 'node:assert/strict'
import type { AppContext } from '../catalogue/index.ts'
import { needsApproval } from '../contract/index.ts'
import type { Runner, Transaction } from '../db/database.ts'
import { selectList } from '../db/select-list.ts'
import type { Finding } from '../platform/finding.ts'
import type { PublicationBody } from './schemas.ts'
import { publication as table } from './tables.ts'

/** The queue of publications to process. */
export const publishEditionJob = 'publish-edition'

/** A row of the table `publication`, and the version that it is about. */
export type Publication = Readonly<typeof table.$inferSelect> &
  Pick<PublicationBody, 'dataset' | 'edition' | 'version'> & { readonly contractVersion: number }

/** What a prepared publication may wait for. */
export type PendingReason = PublicationBody['waitsFor'][number]

/** What a publication waits for now; empty if it can be released or is not prepared. */
export function pendingReasonOf(
  context: Pick<AppContext, 'contracts' | 'clock'>,
  publication: Publication,
): readonly PendingReason[] {
  const { state, releaseAt, dataset, contractVersion, digest, approvedDigest } = publication
  if (state !== 'prepared') return []
  const { contract } = context.contracts.get(dataset, contractVersion)
  const waits: PendingReason[] = []
  if (releaseAt !== null && releaseAt > context.clock()) waits.push('moment')
  if ((needsApproval(contract) || isHeld(publication)) && approvedDigest !== digest) waits.push('approval')
  return waits
}

/** Whether a publication has warnings that a person must approve. */
export function isHeld({ state, findings }: Pick<Publication, 'state' | 'findings'>): boolean {
  return state !== 'refused' && findings.length > 0
}

/** Whether a publication is not yet in a terminal state. */
export function isOpenPublication({ state }: Pick<Publication, 'state'>): boolean {
  return state === 'asked' || state === 'prepared'
}

/** A requested publication; undefined if there is none with this id. */
export async function findPublication(context: AppContext, id: number): Promise<Publication | undefined> {
  const [row] = await select(context.database.work, { id })
  return row
}

/** The publication of an edition that is not in a terminal state; there is at most one. */
export async function findOpenPublication(
  runner: Runner,
  of: { readonly dataset: string; readonly edition: string },
): Promise<Publication | undefined> {
  const [row] = await select(runner, { ...of, open: true })
  return row
}

/** Publications shown at a time; older ones are in the audit log. */
const publicationsMax = 200

/** Publications, the newest first, at most `publicationsMax`. */
export async function listPublications(
  context: AppContext,
  of: { readonly dataset?: string; readonly edition?: string; readonly open?: boolean } = {},
): Promise<readonly Publication[]> {
  return select(context.database.work, of)
}

const furtherColumns = selectList(table, { of: 'p', without: ['id', 'versionId'] })

async function select(
  runner: Runner,
  of: {
    readonly id?: number
    readonly dataset?: string
    readonly edition?: string
    readonly open?: boolean
  },
): Promise<readonly Publication[]> {
  const { id = null, dataset = null, edition = null, open = false } = of
  return runner<Publication[]>`
    SELECT p.id::float8, p.version_id::float8 AS "versionId", e.dataset, e.edition, v.number AS version,
      v.contract_version AS "contractVersion", ${runner.unsafe(furtherColumns)}
    FROM qingdan.publication p
    JOIN qingdan.version v ON v.id = p.version_id JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE (${id}::bigint IS NULL OR p.id = ${id}) AND (${dataset}::text IS NULL OR e.dataset = ${dataset})
      AND (${edition}::text IS NULL OR e.edition = ${edition})
      AND (NOT ${open}::boolean OR p.state IN ('asked', 'prepared'))
    ORDER BY p.id DESC LIMIT ${publicationsMax}`
}

/** Stores a request and returns its id. An earlier publication of the draft must be in a terminal state. */
export async function insertRequest(
  tx: Transaction,
  request: Pick<Publication, 'versionId' | 'askedAt' | 'askedBy' | 'reason' | 'waivers' | 'releaseAt'>,
): Promise<number> {
  const [row] = await tx<{ id: string }[]>`
    INSERT INTO qingdan.publication (version_id, asked_at, asked_by, reason, waivers, release_at, state)
    VALUES (${request.versionId}, ${request.askedAt}, ${request.askedBy}, ${request.reason},
      ${tx.json(request.waivers as never)}, ${request.releaseAt}, 'asked')
    RETURNING id`
  assert.ok(row)
  return Number(row.id)
}

/** Stores that the version is prepared, with the only digest that may be released, and the warnings that hold it. */
export async function writePrepared(
  tx: Transaction,
  id: number,
  {
    digest,
    at,
    warnings,
  }: { readonly digest: string; readonly at: Date; readonly warnings: readonly Finding[] },
): Promise<void> {
  const { count } = await tx`
    UPDATE qingdan.publication SET state = 'prepared', prepared_at = ${at}, digest = ${digest},
      findings = ${tx.json(warnings as never)}
    WHERE id = ${id} AND state = 'asked'`
  assert.equal(count, 1, 'only a requested publication can be prepared')
}

/** Writes an approval of what is prepared, by its digest. */
export async function writeApproved(tx: Transaction, id: number, by: string, at: Date): Promise<void> {
  const { count } = await tx`
    UPDATE qingdan.publication SET approved_at = ${at}, approved_by = ${by}, approved_digest = digest
    WHERE id = ${id} AND state = 'prepared'`
  assert.equal(count, 1, 'only a prepared publication can be approved')
}

/** Ends a publication as done, inside the publishing transaction. */
export async function writeDone(tx: Transaction, id: number, at: Date): Promise<void> {
  const { count } = await tx`
    UPDATE qingdan.publication SET state = 'done', ended_at = ${at}
    WHERE id = ${id} AND state = 'prepared'`
  assert.equal(count, 1, 'only a prepared publication can be released')
}

/** Ends a publication as refused, with the findings to be corrected. */
export async function writeRefused(
  context: AppContext,
  id: number,
  findings: readonly Finding[],
): Promise<void> {
  const { work } = context.database
  await work`
    UPDATE qingdan.publication
    SET state = 'refused', findings = ${work.json(findings as never)}, ended_at = ${context.clock()}
    WHERE id = ${id} AND state = 'asked'`
}

/** Ends a publication as dropped: by an officer, or because another request replaced it. */
export async function writeDropped(
  tx: Transaction,
  id: number,
  end: { readonly at: Date; readonly by: string; readonly reason: string },
): Promise<void> {
  const { count } = await tx`
    UPDATE qingdan.publication
    SET state = 'dropped', ended_at = ${end.at}, ended_by = ${end.by}, ended_reason = ${end.reason}
    WHERE id = ${id} AND state IN ('asked', 'prepared')`
  assert.equal(count, 1, 'only an open publication can be dropped')
}

/** Ids of the versions that are not released, whatever their state. */
export async function listUnreleased(runner: Runner): Promise<readonly number[]> {
  const rows = await runner<{ id: number }[]>`
    SELECT id::float8 FROM qingdan.version WHERE published_at IS NULL ORDER BY id`
  return rows.map(({ id }) => id)
}

/** Sets prepared publications back to requested ones. Returns the ids of all open ones. */
export async function reopenPrepared(tx: Transaction): Promise<readonly number[]> {
  await tx`
    UPDATE qingdan.publication SET state = 'asked', prepared_at = NULL, digest = NULL
    WHERE state = 'prepared'`
  const rows = await tx<{ id: number }[]>`
    SELECT id::float8 FROM qingdan.publication WHERE state = 'asked' ORDER BY id`
  return rows.map(({ id }) => id)
}
