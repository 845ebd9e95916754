/**
 * The time for corrections of an edition with rows about persons. It begins with the first publication, or with the last
 * part if there was none. At its end the confidential statistics of all parts are destroyed with the key of their digests, and no correction is
 * accepted any more.
 */
import type { AppContext } from '../../catalogue/index.ts'
import { type Contract, correctionDaysOf, isPersonal } from '../../contract/index.ts'
import type { Runner } from '../../db/database.ts'
import { problem } from '../../platform/problem.ts'
import { lockOf } from '../pipeline/edition-lock.ts'
import { digestTable, dropStaged, endParts } from '../pipeline/parts.ts'
import { destroyDigestKey } from './key-digests.ts'
import { dropProofs } from './version-proofs.ts'

const dayMilliseconds = 86_400_000

/** How long to wait for an edition that is being processed; a later round tries again. */
const patience = { millisecondsMax: 1_000, refuse: () => problem('edition-busy') }

interface EditionName {
  readonly dataset: string
  readonly edition: string
}

/** When corrections of an edition end; undefined before its first publication, and where rows are not personal. */
export async function correctionsEnd(
  runner: Runner,
  contract: Contract,
  edition: string,
): Promise<Date | undefined> {
  if (!isPersonal(contract)) return undefined
  const [row] = await runner<{ first: Date | null }[]>`
    SELECT min(v.published_at) AS first FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE e.dataset = ${contract.dataset} AND e.edition = ${edition}`
  const first = row?.first ?? undefined
  return first && new Date(first.getTime() + correctionDaysOf(contract) * dayMilliseconds)
}

/**
 * When the statistics of an edition end that was never published: as long after its last part as corrections take. A later
 * part begins the edition anew. Undefined while a publication is open.
 */
async function waitingEnd(runner: Runner, contract: Contract, edition: string): Promise<Date | undefined> {
  const [row] = await runner<{ last: Date | null }[]>`
    SELECT max(staged_at) AS last FROM qingdan.part
    WHERE dataset = ${contract.dataset} AND edition = ${edition} AND NOT EXISTS (
      SELECT FROM qingdan.publication p JOIN qingdan.version v ON v.id = p.version_id
      JOIN qingdan.edition e ON e.id = v.edition_id
      WHERE e.dataset = ${contract.dataset} AND e.edition = ${edition} AND p.state IN ('asked', 'prepared'))`
  const last = row?.last ?? undefined
  return last && new Date(last.getTime() + correctionDaysOf(contract) * dayMilliseconds)
}

/**
 * Destroys the statistics of editions whose time for corrections is over, or which were never published in as long a time.
 * Safe to repeat after a crash.
 */
export async function closeCorrections(context: AppContext, signal?: AbortSignal): Promise<void> {
  for (const { contract } of context.contracts.list()) {
    if (!isPersonal(contract)) continue
    for (const edition of await listOpen(context.database.work, contract.dataset)) {
      const published = await correctionsEnd(context.database.work, contract, edition)
      const end = published ?? (await waitingEnd(context.database.work, contract, edition))
      if (end === undefined || end > context.clock() || signal?.aborted === true) continue
      const of = { dataset: contract.dataset, edition }
      const cause = published === undefined ? 'never-published' : 'corrections-closed'
      await context.database.lock(lockOf(of), () => destroyStatistics(context, of), patience)
      context.observe('data-erased', { kind: 'statistics', cause, ...of })
    }
  }
}

/** Editions with a part that is current or still has a table. */
async function listOpen(runner: Runner, dataset: string): Promise<readonly string[]> {
  const parts = await runner<{ edition: string; bundle: string; current: boolean }[]>`
    SELECT edition, bundle_id AS bundle, replaced_at IS NULL AS current FROM qingdan.part
    WHERE dataset = ${dataset} ORDER BY edition, id`
  const tables = await runner<{ name: string }[]>`
    SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables
    WHERE schemaname = 'staging'`
  const existing = new Set(tables.map(({ name }) => name.replaceAll('"', '')))
  const isStored = (bundle: string) => existing.has(digestTable(bundle).replaceAll('"', ''))
  const open = parts.filter(({ bundle, current }) => current || isStored(bundle))
  return [...new Set(open.map(({ edition }) => edition))]
}

/** The tables go last: where they exist, this is done again. Call under the edition's lock. */
async function destroyStatistics(context: AppContext, of: EditionName): Promise<void> {
  const { database } = context
  const bundles = await database.work<{ id: string }[]>`
    SELECT DISTINCT bundle_id AS id FROM qingdan.part
    WHERE dataset = ${of.dataset} AND edition = ${of.edition}`
  const ids = bundles.map(({ id }) => id)
  await database.work.begin((tx) => endParts(tx, ids, context.clock()))
  context.observe('checkpoint-reached', { step: 'close', point: 'parts-ended' })
  await destroyDigestKey(context, of)
  context.observe('checkpoint-reached', { step: 'close', point: 'key-destroyed' })
  for (const id of ids) await dropStaged(database, id)
  await dropProofs(database.work, of)
  context.observe('checkpoint-reached', { step: 'close', point: 'statistics-dropped' })
}
