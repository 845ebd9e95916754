/**
 * Parts: the share of one provider in an edition, staged as text in a table of its own in the schema `staging`.
 * The tables are UNLOGGED and dropped, never deleted from, so a crash may empty one: its part is then staged again.
 * Only this file writes the table `part`.
 */
import type { Operation } from '../../bundle/index.ts'
import { type Contract, intakeFields } from '../../contract/index.ts'
import type { Database, Runner, Transaction } from '../../db/database.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { lockKey } from '../../db/lock.ts'

export interface StagedPart {
  readonly id: number
  readonly dataset: string
  readonly edition: string
  readonly provider: string
  readonly bundleId: string
  readonly contractVersion: number
  readonly rows: number
  readonly synthetic: boolean
  /** Of a delta: the bundle of the part whose rows it changes. */
  readonly baseId: string | null
  /** How many deltas rest on each other, this one included. */
  readonly chain: number
  /** All bundles that the rows may come from. */
  readonly bundles: readonly string[]
}

/** Columns that tell where a staged row came from: the index of its file in the bundle, and its row as Excel counts. */
export const fileColumn = '_file'
export const rowColumn = '_row'

/** The index of the file where a row is of a delta's base: no file of the bundle at hand has it. */
export const baseFile = -1

/** Hex digits of a bundle's digest in its table's name; 160 bits leave no room for two bundles to meet. */
const digestDigits = 40

/** The staging table of a bundle's rows, as SQL writes it. */
export function stagingTable(bundleId: string): string {
  return tableOf('b', bundleId)
}

/** Where the rows that a delta brings or deletes stand, until they are merged with those of its base. */
export function deltaTable(operation: Operation, bundleId: string): string {
  return tableOf(operation === 'upsert' ? 'u' : 'd', bundleId)
}

function tableOf(kind: 'b' | 'u' | 'd', bundleId: string): string {
  return `staging.${quoteIdentifier(`${kind}_${bundleId.slice(0, digestDigits)}`)}`
}

/**
 * Makes a staging table of a bundle anew and copies rows into it; gives how many. Nothing refers to the table until
 * the part is written, so what a crash or a refusal leaves of it is seen by nobody, and replaced or dropped.
 */
export async function copyStaged(
  database: Database,
  contract: Contract,
  table: string,
  rows: AsyncIterable<Uint8Array | string>,
): Promise<number> {
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
  await dropDelta(database, bundleId)
}

/** Drops what a delta was merged from. */
export async function dropDelta(database: Database, bundleId: string): Promise<void> {
  const tables = (['upsert', 'delete'] as const).map((operation) => deltaTable(operation, bundleId))
  await database.work.unsafe(`DROP TABLE IF EXISTS ${tables.join(', ')}`)
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
  part: Omit<StagedPart, 'id' | 'synthetic'>,
  at: Date,
): Promise<string | undefined> {
  // Without this, two processes that stage at once would each see no part to replace, and leave two in hand.
  const name = `part ${part.dataset} ${part.edition} ${part.provider}`
  await tx`SELECT pg_advisory_xact_lock(${lockKey(name)}::bigint)`
  const [newer] = await tx`
    SELECT FROM qingdan.part p
    WHERE p.dataset = ${part.dataset} AND p.edition = ${part.edition} AND p.provider = ${part.provider}
      AND p.replaced_at IS NULL AND
      (SELECT max(received_at) FROM qingdan.bundle
        WHERE id = p.bundle_id OR jsonb_exists(p.bundles, id)) >
      (SELECT max(received_at) FROM qingdan.bundle WHERE id = ANY(${[...part.bundles]}))`
  const [former] =
    newer !== undefined
      ? []
      : await tx<{ id: string }[]>`
          UPDATE qingdan.part SET replaced_at = ${at}
          WHERE dataset = ${part.dataset} AND edition = ${part.edition} AND provider = ${part.provider}
            AND replaced_at IS NULL RETURNING bundle_id AS id`
  await tx`
    INSERT INTO qingdan.part
      (dataset, edition, provider, bundle_id, contract_version, rows, base_id, chain, bundles, staged_at, replaced_at)
    VALUES (${part.dataset}, ${part.edition}, ${part.provider}, ${part.bundleId}, ${part.contractVersion},
      ${part.rows}, ${part.baseId}, ${part.chain}, ${tx.json([...part.bundles])}, ${at},
      ${newer === undefined ? null : at})`
  return former?.id
}

/** The parts in hand for an edition, one a provider, by provider. */
export async function listParts(
  runner: Runner,
  dataset: string,
  edition: string,
): Promise<readonly StagedPart[]> {
  return runner<StagedPart[]>`
    ${selectParts(runner)}
    WHERE p.dataset = ${dataset} AND p.edition = ${edition} AND p.replaced_at IS NULL
    ORDER BY p.provider COLLATE "C"`
}

/** The part that a bundle became, in hand or replaced. Throws a plain Error where it became none. */
export async function getPart(runner: Runner, bundleId: string): Promise<StagedPart> {
  const [part] = await runner<StagedPart[]>`
    ${selectParts(runner)} WHERE p.bundle_id = ${bundleId} ORDER BY p.id DESC LIMIT 1`
  if (part === undefined) throw new Error(`the bundle ${bundleId} never became a part`)
  return part
}

/** Before bundles were kept for each part, there was one. What any of them made up is made up. */
function selectParts(runner: Runner) {
  return runner`
    SELECT p.id::float8, p.dataset, p.edition, p.provider, p.bundle_id AS "bundleId",
      p.contract_version AS "contractVersion", p.rows::float8, p.base_id AS "baseId", p.chain,
      CASE WHEN p.bundles = '[]' THEN jsonb_build_array(p.bundle_id) ELSE p.bundles END AS bundles,
      EXISTS (SELECT FROM qingdan.bundle b
        WHERE (b.id = p.bundle_id OR jsonb_exists(p.bundles, b.id)) AND b.synthetic) AS synthetic
    FROM qingdan.part p`
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
