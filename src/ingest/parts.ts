/**
 * Parts: the share of one provider in an edition, staged as text in a table of its own in the schema `staging`.
 * The tables are UNLOGGED and dropped, never deleted from, so a crash may empty one: its part is then staged again.
 * Only this file writes the table `part`.
 */
import { type Contract, intakeFields } from '../contract/index.ts'
import { quoteIdentifier } from '../store/identifier.ts'
import type { Database, Runner, Transaction } from '../store/index.ts'
import { lockKey } from '../store/lock.ts'

export interface Part {
  readonly id: number
  readonly dataset: string
  readonly edition: string
  readonly provider: string
  readonly bundleId: string
  readonly contractVersion: number
  readonly rows: number
  readonly synthetic: boolean
}

/** Columns that tell where a staged row came from: the index of its file in the bundle, and its row as Excel counts. */
export const fileColumn = '_file'
export const rowColumn = '_row'

/** Hex digits of a bundle's digest in its table's name; 160 bits leave no room for two bundles to meet. */
const digestDigits = 40

/** The staging table of a bundle's rows, as SQL writes it. */
export function stagingTable(bundleId: string): string {
  return `staging.${quoteIdentifier(`b_${bundleId.slice(0, digestDigits)}`)}`
}

/**
 * Makes the staging table of a bundle anew and copies rows into it; gives how many. Nothing refers to the table until
 * the part is written, so what a crash or a refusal leaves of it is seen by nobody, and replaced or dropped.
 */
export async function copyStaged(
  database: Database,
  contract: Contract,
  bundleId: string,
  rows: AsyncIterable<Uint8Array | string>,
): Promise<number> {
  const table = stagingTable(bundleId)
  const columns = intakeFields(contract).map((field) => `${quoteIdentifier(field.name)} text COLLATE "C"`)
  await database.work.begin(async (tx) => {
    await tx.unsafe(`DROP TABLE IF EXISTS ${table}`)
    await tx.unsafe(
      `CREATE UNLOGGED TABLE ${table}
       (${fileColumn} integer NOT NULL, ${rowColumn} bigint NOT NULL, ${columns.join(', ')})`,
    )
  })
  return database.copyFrom(`COPY ${table} FROM STDIN (NULL '')`, rows)
}

/** Drops the staged rows of a bundle that was refused. */
export async function dropStaged(database: Database, bundleId: string): Promise<void> {
  await database.work.unsafe(`DROP TABLE IF EXISTS ${stagingTable(bundleId)}`)
}

/** Rows that a bundle has in staging; undefined where its table is gone. */
export async function countStaged(runner: Runner, bundleId: string): Promise<number | undefined> {
  const [table] = await runner`SELECT to_regclass(${stagingTable(bundleId)}) AS name`
  if (table?.['name'] === null || table === undefined) return undefined
  const [row] = await runner.unsafe(`SELECT count(*)::float8 AS rows FROM ${stagingTable(bundleId)}`)
  return row?.['rows'] as number
}

/**
 * Makes a staged bundle the provider's part of the edition; the provider's former part is replaced. Of two bundles the
 * one received later counts, in whatever order they came through: one that failed and is tried again later is not news.
 * Gives the id of the bundle whose part was replaced.
 */
export async function writePart(
  tx: Transaction,
  part: Omit<Part, 'id' | 'synthetic'>,
  at: Date,
): Promise<string | undefined> {
  // Without this, two processes that stage at once would each see no part to replace, and leave two in hand.
  const name = `part ${part.dataset} ${part.edition} ${part.provider}`
  await tx`SELECT pg_advisory_xact_lock(${lockKey(name)}::bigint)`
  const [newer] = await tx`
    SELECT FROM qingdan.part p JOIN qingdan.bundle held ON held.id = p.bundle_id
      JOIN qingdan.bundle brought ON brought.id = ${part.bundleId}
    WHERE p.dataset = ${part.dataset} AND p.edition = ${part.edition} AND p.provider = ${part.provider}
      AND p.replaced_at IS NULL AND held.received_at > brought.received_at`
  const [former] =
    newer !== undefined
      ? []
      : await tx<{ id: string }[]>`
          UPDATE qingdan.part SET replaced_at = ${at}
          WHERE dataset = ${part.dataset} AND edition = ${part.edition} AND provider = ${part.provider}
            AND replaced_at IS NULL RETURNING bundle_id AS id`
  await tx`
    INSERT INTO qingdan.part
      (dataset, edition, provider, bundle_id, contract_version, rows, staged_at, replaced_at)
    VALUES (${part.dataset}, ${part.edition}, ${part.provider}, ${part.bundleId}, ${part.contractVersion},
      ${part.rows}, ${at}, ${newer === undefined ? null : at})`
  return former?.id
}

/** The parts in hand for an edition, one a provider, by provider. */
export async function listParts(runner: Runner, dataset: string, edition: string): Promise<readonly Part[]> {
  return runner<Part[]>`
    SELECT p.id::float8, p.dataset, p.edition, p.provider, p.bundle_id AS "bundleId",
      p.contract_version AS "contractVersion", p.rows::float8, b.synthetic
    FROM qingdan.part p JOIN qingdan.bundle b ON b.id = p.bundle_id
    WHERE p.dataset = ${dataset} AND p.edition = ${edition} AND p.replaced_at IS NULL
    ORDER BY p.provider COLLATE "C"`
}

/** Drops the staged rows of parts that were replaced. Call under the edition's lock, once no draft rests on them. */
export async function dropReplaced(database: Database, dataset: string, edition: string): Promise<void> {
  const replaced = await database.work<{ bundle_id: string }[]>`
    SELECT bundle_id FROM qingdan.part
    WHERE dataset = ${dataset} AND edition = ${edition} AND replaced_at IS NOT NULL`
  for (const { bundle_id } of replaced) {
    await dropStaged(database, bundle_id)
  }
}
