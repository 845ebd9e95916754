/**
 * Parts: one provider's share of an edition, staged as text in its own table in the schema `staging`. The
 * tables are UNLOGGED and dropped, never deleted from; if a crash empties one, its part is staged again. Of a
 * dataset with a derivation, the statistics of a part are staged instead (derived/statistics.ts). Only this file
 * writes the table `part`.
 */
import type { Operation } from '../../bundle/index.ts'
import { type Contract, intakeFields } from '../../contract/index.ts'
import type { Database, Runner, Transaction } from '../../db/database.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { lockKey } from '../../db/lock.ts'
import { convertPoints } from './convert-points.ts'

export interface StagedPart {
  readonly id: number
  readonly dataset: string
  readonly edition: string
  readonly provider: string
  readonly bundleId: string
  readonly contractVersion: number
  readonly rows: number
  readonly synthetic: boolean
  /** Of a delta: the bundle whose part it changes. */
  readonly baseId: string | null
  /** Length of the chain of deltas, this one included. */
  readonly chain: number
  /** All bundles that the rows may come from. */
  readonly bundles: readonly string[]
  /** The published directories that its derivation has looked up. */
  readonly directories: readonly DirectoryPin[]
}

/** A version of a directory, by the derivation's name for it. */
export interface DirectoryPin {
  readonly name: string
  readonly dataset: string
  readonly edition: string
  readonly version: number
}

/** Origin of a staged row: the index of its file in the bundle, and its row number as in Excel. */
export const fileColumn = '_file'
export const rowColumn = '_row'

/** File index of rows that come from a delta's base, since no file of the current bundle contains them. */
export const baseFile = -1

/** Hex digits of a bundle's digest in its table's name; 160 bits rule out collisions. */
const digestDigits = 40

/** The staging table of a bundle's rows, as SQL writes it. */
export function stagingTable(bundleId: string): string {
  return tableOf('b', bundleId)
}

/** Table for the rows that a delta adds or deletes, until they are merged with its base. */
export function deltaTable(operation: Operation, bundleId: string): string {
  return tableOf(operation === 'upsert' ? 'u' : 'd', bundleId)
}

/** The table of the cells of a bundle whose rows are not stored. */
export function statisticsTable(bundleId: string): string {
  return tableOf('s', bundleId)
}

/** The table of the digests of its keys. */
export function digestTable(bundleId: string): string {
  return tableOf('k', bundleId)
}

function tableOf(kind: 'b' | 'u' | 'd' | 's' | 'k', bundleId: string): string {
  return `staging.${quoteIdentifier(`${kind}_${bundleId.slice(0, digestDigits)}`)}`
}

/**
 * Recreates a bundle's staging table and copies rows into it; returns how many. Nothing refers to the table
 * until the part is written: leftovers of a crash or refusal are never visible, and are replaced or dropped. Coordinates
 * become WGS-84.
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
  const copied = await database.copyFrom(`COPY ${table} FROM STDIN (NULL '')`, rows)
  await convertPoints(database, contract, table)
  return copied
}

/** Drops the staged rows or statistics of a bundle. */
export async function dropStaged(database: Database, bundleId: string): Promise<void> {
  const tables = [stagingTable(bundleId), statisticsTable(bundleId), digestTable(bundleId)]
  await database.work.unsafe(`DROP TABLE IF EXISTS ${tables.join(', ')}`)
  await dropDelta(database, bundleId)
}

/** Drops the tables that a delta was merged from. */
export async function dropDelta(database: Database, bundleId: string): Promise<void> {
  const tables = (['upsert', 'delete'] as const).map((operation) => deltaTable(operation, bundleId))
  await database.work.unsafe(`DROP TABLE IF EXISTS ${tables.join(', ')}`)
}

/** Number of a bundle's staged rows; undefined where its table does not exist. */
export async function countStaged(runner: Runner, bundleId: string): Promise<number | undefined> {
  const [table] = await runner`SELECT to_regclass(${stagingTable(bundleId)}) AS name`
  if (table?.['name'] === null || table === undefined) return undefined
  const [row] = await runner.unsafe(`SELECT count(*)::float8 AS rows FROM ${stagingTable(bundleId)}`)
  return row?.['rows'] as number
}

/**
 * Makes a staged bundle the provider's part of the edition, replacing the former part. The bundle received
 * later wins, whatever the order of processing: retrying an older failed bundle must not replace a newer one.
 * Returns the id of the replaced bundle.
 */
export async function writePart(
  tx: Transaction,
  part: Omit<StagedPart, 'id' | 'synthetic'>,
  at: Date,
): Promise<string | undefined> {
  // Without this lock, two processes could each find no part to replace, and leave two current.
  const name = `part ${part.dataset} ${part.edition} ${part.provider}`
  await tx`SELECT pg_advisory_xact_lock(${lockKey(name)}::bigint)`
  const [newer] = await tx`
    SELECT FROM qingdan.part p
    WHERE p.dataset = ${part.dataset} AND p.edition = ${part.edition} AND p.provider = ${part.provider}
      AND p.replaced_at IS NULL AND
      (SELECT max(arrival) FROM qingdan.bundle
        WHERE id = p.bundle_id OR jsonb_exists(p.bundles, id)) >
      (SELECT max(arrival) FROM qingdan.bundle WHERE id = ANY(${[...part.bundles]}))`
  const [former] =
    newer !== undefined
      ? []
      : await tx<{ id: string }[]>`
          UPDATE qingdan.part SET replaced_at = ${at}
          WHERE dataset = ${part.dataset} AND edition = ${part.edition} AND provider = ${part.provider}
            AND replaced_at IS NULL RETURNING bundle_id AS id`
  await tx`
    INSERT INTO qingdan.part
      (dataset, edition, provider, bundle_id, contract_version, rows, base_id, chain, bundles, directories,
       staged_at, replaced_at)
    VALUES (${part.dataset}, ${part.edition}, ${part.provider}, ${part.bundleId}, ${part.contractVersion},
      ${part.rows}, ${part.baseId}, ${part.chain}, ${tx.json([...part.bundles])},
      ${tx.json(part.directories as never)}, ${at},
      ${newer === undefined ? null : at})`
  return former?.id
}

/** Records the directories that a part has looked up again. */
export async function writeDirectories(
  runner: Runner,
  id: number,
  directories: readonly DirectoryPin[],
): Promise<void> {
  await runner`UPDATE qingdan.part SET directories = ${runner.json(directories as never)} WHERE id = ${id}`
}

/** The current parts of an edition, one per provider, sorted by provider. */
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

/** The part made from a bundle, current or replaced. Throws a plain Error if there is none. */
export async function getPart(runner: Runner, bundleId: string): Promise<StagedPart> {
  const [part] = await runner<StagedPart[]>`
    ${selectParts(runner)} WHERE p.bundle_id = ${bundleId} ORDER BY p.id DESC LIMIT 1`
  if (part === undefined) throw new Error(`the bundle ${bundleId} never became a part`)
  return part
}

/** Parts older than `bundles` have one bundle. If any of the bundles is synthetic, so is the part. */
function selectParts(runner: Runner) {
  return runner`
    SELECT p.id::float8, p.dataset, p.edition, p.provider, p.bundle_id AS "bundleId",
      p.contract_version AS "contractVersion", p.rows::float8, p.base_id AS "baseId", p.chain, p.directories,
      CASE WHEN p.bundles = '[]' THEN jsonb_build_array(p.bundle_id) ELSE p.bundles END AS bundles,
      EXISTS (SELECT FROM qingdan.bundle b
        WHERE (b.id = p.bundle_id OR jsonb_exists(p.bundles, b.id)) AND b.synthetic) AS synthetic
    FROM qingdan.part p`
}

/**
 * Ends every part that has rows of these bundles, so that no later version can have them, and returns the
 * bundles of these parts, whose staging tables are to be dropped. Safe to repeat.
 */
export async function endParts(
  tx: Transaction,
  bundleIds: readonly string[],
  at: Date,
): Promise<readonly string[]> {
  const rows = await tx<{ id: string }[]>`
    UPDATE qingdan.part SET replaced_at = coalesce(replaced_at, ${at})
    WHERE bundle_id = ANY(${[...bundleIds]}) OR jsonb_exists_any(bundles, ${[...bundleIds]})
    RETURNING bundle_id AS id`
  return [...new Set(rows.map(({ id }) => id))]
}

/** Drops the rows of replaced parts. Call under the edition's lock, once no draft uses them. */
export async function dropReplaced(database: Database, dataset: string, edition: string): Promise<void> {
  const replaced = await database.work<{ bundle_id: string }[]>`
    SELECT bundle_id FROM qingdan.part
    WHERE dataset = ${dataset} AND edition = ${edition} AND replaced_at IS NOT NULL`
  for (const { bundle_id } of replaced) {
    await dropStaged(database, bundle_id)
  }
}
