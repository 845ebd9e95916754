/**
 * Receipts: what was received, how far it was processed, and what was found. Every step writes the state
 * last, so a receipt is correct even after a crash. Only this file writes the tables `bundle`,
 * `bundle_bringer` and `finding`;
 * group membership is written by bags.ts.
 */

import type { FindingCounts } from '../../bundle/index.ts'
import type { Runner, Transaction } from '../../db/database.ts'
import { selectList } from '../../db/select-list.ts'
import type { Finding, Severity } from '../../platform/finding.ts'
import { problem } from '../../platform/problem.ts'
import { bundle, finding } from '../tables.ts'
import type { BundleState, CheckCount, ReceiptBody } from './schemas.ts'

/** States of bundles that were not taken; if received again, they are processed again. */
export const rejectedStates: readonly BundleState[] = ['refused', 'quarantined', 'dropped']

export const isRejected = (state: BundleState): boolean => rejectedStates.includes(state)

/**
 * The dated answer to a bundle: a row of the table `bundle`, without the columns that make `group` and the order of arrival. It has
 * counts of findings; the findings are listed in pages elsewhere.
 */
export type Receipt = Readonly<Omit<typeof bundle.$inferSelect, (typeof omittedColumns)[number]>> &
  Pick<ReceiptBody, 'group' | 'inHand'>

const omittedColumns = ['groupIdentifier', 'groupNumber', 'groupCount', 'arrival'] as const
const receiptColumns = selectList(bundle, { without: omittedColumns })

/**
 * Writes the first receipt of a bundle; returns false if it was received before, which changes nothing. A
 * rejected bundle is processed again, since the sender's rights or the contracts may have changed.
 */
export async function writeReceived(
  tx: Transaction,
  received: Pick<Receipt, 'id' | 'packing' | 'bytes' | 'receivedAt' | 'broughtBy'>,
): Promise<boolean> {
  const history = [{ state: 'received', at: received.receivedAt.toISOString() }]
  const made = await tx`
    INSERT INTO qingdan.bundle (id, packing, bytes, state, history, received_at, brought_by)
    VALUES (${received.id}, ${received.packing}, ${received.bytes}, 'received', ${tx.json(history)},
      ${received.receivedAt}, ${received.broughtBy})
    ON CONFLICT (id) DO UPDATE SET state = 'received', brought_by = EXCLUDED.brought_by,
      received_at = EXCLUDED.received_at, arrival = EXCLUDED.arrival, decision = NULL, exceeded = '[]',
      group_identifier = NULL, erased_at = NULL,
      history = qingdan.bundle.history || EXCLUDED.history
    WHERE qingdan.bundle.state = ANY(${[...rejectedStates]})`
  await addBringer(tx, received.id, received.broughtBy, received.receivedAt)
  return made.count === 1
}

/** Adds who delivered the bytes of a bundle to those who may read its receipt; a repetition changes nothing. */
export async function addBringer(runner: Runner, id: string, broughtBy: string, at: Date): Promise<void> {
  await runner`
    INSERT INTO qingdan.bundle_bringer (bundle_id, brought_by, at) VALUES (${id}, ${broughtBy}, ${at})
    ON CONFLICT DO NOTHING`
}

/** Whether somebody delivered the bytes of a bundle, first or again. */
export async function hasBrought(runner: Runner, id: string, broughtBy: string): Promise<boolean> {
  const found = await runner`
    SELECT FROM qingdan.bundle_bringer WHERE bundle_id = ${id} AND brought_by = ${broughtBy}`
  return found.length > 0
}

/** Moves a bundle to a state, and stores what was learnt in that step. */
export async function writeState(
  runner: Runner,
  id: string,
  state: BundleState,
  at: Date,
  facts: Partial<
    Omit<
      Receipt,
      | ('id' | 'packing' | 'bytes' | 'state' | 'history' | 'receivedAt' | 'broughtBy' | 'group' | 'inHand')
      | 'erasedAt'
    >
  > = {},
): Promise<void> {
  const entry = [{ state, at: at.toISOString() }]
  const json = (value: unknown) => (value === undefined ? null : runner.json(value as never))
  await runner`
    UPDATE qingdan.bundle SET state = ${state}, history = history || ${runner.json(entry)},
      dataset = coalesce(${facts.dataset ?? null}, dataset), edition = coalesce(${facts.edition ?? null}, edition),
      provider = coalesce(${facts.provider ?? null}, provider),
      contract_version = coalesce(${facts.contractVersion ?? null}, contract_version),
      sequence = coalesce(${facts.sequence ?? null}, sequence), mode = coalesce(${facts.mode ?? null}, mode),
      against = coalesce(${facts.against ?? null}, against),
      changes = coalesce(${facts.changes == null ? null : runner.json(facts.changes as never)}, changes),
      synthetic = coalesce(${facts.synthetic ?? null}, synthetic), signer = coalesce(${facts.signer ?? null}, signer),
      files = coalesce(${json(facts.files)}, files),
      errors = coalesce(${facts.errors ?? null}, errors), warnings = coalesce(${facts.warnings ?? null}, warnings),
      summary = coalesce(${json(facts.summary)}, summary), exceeded = coalesce(${json(facts.exceeded)}, exceeded),
      decision = coalesce(${json(facts.decision)}, decision), replaces = coalesce(${facts.replaces ?? null}, replaces)
    WHERE id = ${id}`
}

/** Records that a bundle's bytes are no longer stored. */
export async function writeErased(runner: Runner, id: string, at: Date): Promise<void> {
  await runner`UPDATE qingdan.bundle SET erased_at = ${at} WHERE id = ${id} AND erased_at IS NULL`
}

/** Deletes what a receipt quotes of a bundle: names of files and headers. The counts stay. */
export async function clearQuotes(tx: Transaction, id: string): Promise<void> {
  await tx`DELETE FROM qingdan.finding WHERE bundle_id = ${id}`
  await tx`UPDATE qingdan.bundle SET files = '[]' WHERE id = ${id}`
}

/** Records that an internal error ended a run, unless another run has finished the bundle's group. */
export async function writeFailed(runner: Runner, id: string, at: Date): Promise<void> {
  const entry = [{ state: 'failed', at: at.toISOString() }]
  await runner`
    UPDATE qingdan.bundle SET state = 'failed', history = history || ${runner.json(entry)}
    WHERE id = ${id} AND state <> ALL(${['staged', ...rejectedStates]})`
}

/** Replaces the stored findings of a bundle: a step that runs again finds the same again. */
export async function writeFindings(
  tx: Transaction,
  id: string,
  findings: readonly Finding[],
): Promise<void> {
  await tx`DELETE FROM qingdan.finding WHERE bundle_id = ${id}`
  // A statement takes at most 65,534 parameters, and a finding has 13.
  const most = 2_000
  for (let start = 0; start < findings.length; start += most) {
    const rows = findings.slice(start, start + most).map((found, index) => ({
      bundle_id: id,
      n: start + index + 1,
      check: found.check,
      severity: found.severity,
      file: found.file ?? null,
      row: found.row ?? null,
      cell: found.cell ?? null,
      field: found.field ?? null,
      header: found.header ?? null,
      expected: found.expected ?? null,
      message: found.message,
      message_zh: found.messageZh,
      byte_offset: found.byteOffset ?? null,
    }))
    await tx`INSERT INTO qingdan.finding ${tx(rows)}`
  }
}

/** A bundle's receipt; undefined if no bundle with this id was received. */
export async function findReceipt(runner: Runner, id: string): Promise<Receipt | undefined> {
  const [receipt] = await selectReceipts(runner, [id])
  return receipt
}

/** The receipts of bundles in one statement, in the order of the ids. */
async function selectReceipts(runner: Runner, ids: readonly string[]): Promise<readonly Receipt[]> {
  const rows = await runner<Receipt[]>`
    SELECT ${runner.unsafe(receiptColumns)},
      EXISTS (SELECT FROM qingdan.part p JOIN qingdan.bundle held ON held.id = p.bundle_id
        WHERE p.replaced_at IS NULL AND (held.id = b.id OR (
          held.provider = b.provider AND held.group_identifier = b.group_identifier))) AS "inHand",
      CASE WHEN group_identifier IS NOT NULL THEN jsonb_build_object(
        'identifier', group_identifier, 'number', group_number, 'count', group_count,
        'here', (SELECT coalesce(jsonb_agg(bag.group_number ORDER BY bag.group_number), '[]')
          FROM qingdan.bundle bag
          WHERE bag.provider = b.provider AND bag.group_identifier = b.group_identifier
            AND bag.state <> ALL(${[...rejectedStates]}))) END AS group
    FROM qingdan.bundle b WHERE id = ANY(${[...ids]}) ORDER BY array_position(${[...ids]}::text[], id)`
  return rows.map(({ bytes, errors, warnings, group, ...rest }) => ({
    // In the order of members that receipts have in files and on the command line.
    ...{ ...rest, bytes, errors, warnings },
    group,
  }))
}

/**
 * The receipt whose id has this prefix, as `qingdan list bundles` shows it. Throws `bundle-not-found` where
 * no id has it, or more than one.
 */
export async function getReceiptLike(runner: Runner, beginning: string): Promise<Receipt> {
  const found = /^[0-9a-f]{8,64}$/.test(beginning)
    ? await runner<
        { id: string }[]
      >`SELECT id FROM qingdan.bundle WHERE starts_with(id, ${beginning}) LIMIT 2`
    : []
  const [only, another] = found
  if (only !== undefined && another === undefined) return getReceipt(runner, only.id)
  const detail =
    only === undefined
      ? 'No receipt has an id with this prefix.'
      : 'Several ids have this prefix: enter more digits.'
  throw problem('bundle-not-found', { path: 'id', detail })
}

/** As findReceipt, but throws a plain Error where there is no receipt. */
export async function getReceipt(runner: Runner, id: string): Promise<Receipt> {
  const receipt = await findReceipt(runner, id)
  if (receipt === undefined) throw new Error(`no bundle ${id}`)
  return receipt
}

/** Counts of findings as a receipt lists them: the most frequent check first, then by name. */
export function summaryOf({ byCheck }: FindingCounts): readonly CheckCount[] {
  const all = ({ errors, warnings }: CheckCount) => errors + warnings
  return Object.entries(byCheck)
    .map(([check, { errors, warnings }]) => ({ check, errors, warnings }))
    .sort((a, b) => all(b) - all(a) || (a.check < b.check ? -1 : 1))
}

interface FindingPage {
  /** Number of the last finding seen. */
  readonly after: number
  readonly limit: number
  readonly check?: string | undefined
  readonly severity?: Severity | undefined
}

const findingColumns = selectList(finding, { without: ['bundleId'] })

/** The stored findings of a bundle, in the order they were found. */
export async function listFindings(
  runner: Runner,
  id: string,
  page: FindingPage,
): Promise<readonly (Finding & { readonly n: number })[]> {
  const rows = await runner`
    SELECT ${runner.unsafe(findingColumns)}
    FROM qingdan.finding WHERE bundle_id = ${id} AND n > ${page.after}
      AND (${page.check ?? null}::text IS NULL OR "check" = ${page.check ?? null})
      AND (${page.severity ?? null}::text IS NULL OR severity = ${page.severity ?? null})
    ORDER BY n LIMIT ${page.limit}`
  return rows.map(
    (row) =>
      Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as Finding & {
        n: number
      },
  )
}

/** All stored findings of a bundle, in order and in batches. */
export async function* readFindings(runner: Runner, id: string): AsyncGenerator<readonly Finding[]> {
  for (let after = 0; ; ) {
    const findings = await listFindings(runner, id, { after, limit: findingsAtATime })
    yield findings
    const last = findings.at(-1)
    if (last === undefined || findings.length < findingsAtATime) return
    after = last.n
  }
}

const findingsAtATime = 1_000

/** Warnings among the stored findings of bundles, by check: they are published with the version. */
export async function countWarnings(
  runner: Runner,
  bundleIds: readonly string[],
): Promise<readonly { readonly check: string; readonly count: number }[]> {
  return runner<{ check: string; count: number }[]>`
    SELECT "check", count(*)::int AS count FROM qingdan.finding
    WHERE severity = 'warning' AND bundle_id = ANY(${[...bundleIds]})
    GROUP BY "check" ORDER BY "check" COLLATE "C"`
}

/** Receipts of the most recent bundles, newest first; of all states unless one is given. */
export async function listReceipts(
  runner: Runner,
  { state, limit = 100 }: { readonly state?: BundleState; readonly limit?: number } = {},
): Promise<readonly Receipt[]> {
  const rows = await runner<{ id: string }[]>`
    SELECT id FROM qingdan.bundle WHERE ${state ?? null}::text IS NULL OR state = ${state ?? null}
    ORDER BY received_at DESC, id LIMIT ${limit}`
  return selectReceipts(
    runner,
    rows.map(({ id }) => id),
  )
}

/** The ids of all bundles ever received, in order. */
export async function listBundleIds(runner: Runner): Promise<readonly string[]> {
  const rows = await runner<{ id: string }[]>`SELECT id FROM qingdan.bundle ORDER BY id COLLATE "C"`
  return rows.map(({ id }) => id)
}
