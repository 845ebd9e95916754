/** One step in SQL: changes, contracts with their tables, records in and out, and the current versions. */
import type { Client } from 'pg'
import { quoteIdentifier } from '../../db/identifier.ts'
import { type Ledger, lineageOf, type VersionKey } from '../ledger.ts'
import type { SourceChange } from '../response-shapes.ts'
import type { FetchedContract, FetchedVersion, OnPoint, Step } from '../sink.ts'
import { loadVersion } from './load.ts'
import { recordsName, recordsTable } from './sql-tables.ts'

/** Applies a step within a transaction. `before` is the number of changes already applied. */
export async function applyStep(
  client: Client,
  schema: string,
  step: Step,
  before: number,
  onPoint: OnPoint,
): Promise<void> {
  const name = quoteIdentifier(schema)
  await enterChanges(client, name, step.changes, before)
  for (const change of step.completed) {
    await client.query(`UPDATE ${name}._change SET body = $2 WHERE id = $1`, [
      change.id,
      JSON.stringify(change),
    ])
  }
  for (const change of step.changes) await enterVersion(client, name, change, step.ledger)
  for (const contract of step.contracts) await putContract(client, schema, contract)
  for (const version of step.take) {
    await loadVersion(client, name, version)
    await enterHeld(client, name, version)
    onPoint('loaded')
  }
  for (const key of step.drop) await dropVersion(client, name, key)
  const datasets = new Set(step.touched.map(({ dataset }) => dataset))
  for (const dataset of datasets) await markCurrent(client, name, dataset)
}

async function enterChanges(
  client: Client,
  name: string,
  changes: readonly SourceChange[],
  before: number,
): Promise<void> {
  if (changes.length === 0) return
  await client.query(
    `INSERT INTO ${name}._change (n, id, type, at, dataset, edition, version, reason, body)
     SELECT $2::bigint + n, b->>'id', b->>'type', (b->>'at')::timestamptz, b->>'dataset', b->>'edition',
       (b->>'version')::integer, b->>'reason', b
     FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS entry (b, n)`,
    [JSON.stringify(changes), before],
  )
}

/** Records what a change means for a version or a whole dataset. */
async function enterVersion(
  client: Client,
  name: string,
  change: SourceChange,
  ledger: Ledger,
): Promise<void> {
  const { type, dataset, edition, version, at, reason, released } = change
  if (type === 'dataset-closed' && ledger.closed.has(dataset)) {
    await client.query(`UPDATE ${name}._dataset SET closed_at = $2 WHERE dataset = $1`, [dataset, at])
  }
  if (type === 'dataset-opened') {
    await client.query(`UPDATE ${name}._dataset SET closed_at = NULL WHERE dataset = $1`, [dataset])
  }
  if (edition === null || version === null) return
  const key = [dataset, edition, version]
  if (type === 'version-withdrawn') {
    await client.query(
      `INSERT INTO ${name}._version AS v (dataset, edition, version, withdrawn_at, withdrawn_reason)
       VALUES ($1, $2, $3, $4, $5) ON CONFLICT (dataset, edition, version)
       DO UPDATE SET withdrawn_at = excluded.withdrawn_at, withdrawn_reason = excluded.withdrawn_reason`,
      [...key, at, reason],
    )
  } else if (released !== undefined) {
    const { contractVersion, records, sha256 } = released
    await client.query(
      `INSERT INTO ${name}._version AS v
         (dataset, edition, version, contract_version, lineage, records, sha256, published_at, reason)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (dataset, edition, version)
       DO UPDATE SET contract_version = excluded.contract_version, lineage = excluded.lineage,
         records = excluded.records, sha256 = excluded.sha256, published_at = excluded.published_at,
         reason = excluded.reason`,
      [...key, contractVersion, lineageOf(ledger, dataset, contractVersion), records, sha256, at, reason],
    )
  }
}

async function putContract(client: Client, schema: string, fetched: FetchedContract): Promise<void> {
  const { contract, lineage, codes, sha256, notice } = fetched
  const { dataset, contractVersion, title } = contract
  const name = quoteIdentifier(schema)
  const table = recordsName(dataset, lineage)
  const { rowCount: known } = await client.query(
    `SELECT FROM ${name}._contract WHERE dataset = $1 AND contract_version = $2`,
    [dataset, contractVersion],
  )
  if (known === 0) {
    const { rows } = await client.query<{ field: string }>(
      `SELECT column_name AS field FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2`,
      [schema, table],
    )
    const existing = new Set(rows.map(({ field }) => field))
    for (const statement of recordsTable(name, contract, lineage, existing)) await client.query(statement)
  }
  await client.query(
    `INSERT INTO ${name}._contract AS c
       (dataset, contract_version, lineage, records_table, sha256, notice_since, sunset, body)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (dataset, contract_version)
     DO UPDATE SET notice_since = coalesce(excluded.notice_since, c.notice_since),
       sunset = coalesce(excluded.sunset, c.sunset)`,
    [
      ...[dataset, contractVersion, lineage, table, sha256],
      ...[notice?.since ?? null, notice?.sunset ?? null, JSON.stringify(contract)],
    ],
  )
  await client.query(
    `INSERT INTO ${name}._dataset AS d (dataset, title_zh, title_en, contract_version) VALUES ($1, $2, $3, $4)
     ON CONFLICT (dataset) DO UPDATE SET title_zh = excluded.title_zh, title_en = excluded.title_en,
       contract_version = excluded.contract_version WHERE excluded.contract_version >= d.contract_version`,
    [dataset, title.zh, title.en, contractVersion],
  )
  await client.query(
    `INSERT INTO ${name}._code (dataset, list, code, zh, en)
     SELECT $1, list, code, zh, en FROM jsonb_to_recordset($2::jsonb) AS label (list text, code text, zh text, en text)
     ON CONFLICT (dataset, list, code) DO UPDATE SET zh = excluded.zh, en = excluded.en`,
    [dataset, JSON.stringify(codes)],
  )
}

async function enterHeld(client: Client, name: string, { facts, signedBy }: FetchedVersion): Promise<void> {
  await client.query(
    `UPDATE ${name}._version SET held = true, signed_by = $4, facts = $5
     WHERE dataset = $1 AND edition = $2 AND version = $3`,
    [facts.dataset, facts.edition, facts.version, signedBy, JSON.stringify(facts)],
  )
}

async function dropVersion(
  client: Client,
  name: string,
  { dataset, edition, version }: VersionKey,
): Promise<void> {
  const { rows } = await client.query<{ table: string }>(
    `UPDATE ${name}._version v SET held = false FROM ${name}._contract c
     WHERE v.dataset = $1 AND v.edition = $2 AND v.version = $3
       AND c.dataset = v.dataset AND c.contract_version = v.contract_version
     RETURNING c.records_table AS table`,
    [dataset, edition, version],
  )
  const [found] = rows
  if (found === undefined) throw new Error('Expected a contract for the held version')
  const table = `${name}.${quoteIdentifier(found.table)}`
  await client.query(`DELETE FROM ${table} WHERE _edition = $1 AND _version = $2`, [edition, version])
}

/**
 * Marks the current version of each edition and of the dataset, within each lineage. As at the source: if the
 * newest edition is withdrawn completely, no older one becomes the latest.
 */
async function markCurrent(client: Client, name: string, dataset: string): Promise<void> {
  await client.query(
    `WITH latest AS (
       SELECT edition, version, lineage,
         held AND version = max(version) FILTER (WHERE held) OVER (PARTITION BY lineage, edition) AS is_current,
         edition = max(edition) OVER (PARTITION BY lineage) AS is_newest
       FROM ${name}._version WHERE dataset = $1 AND lineage IS NOT NULL)
     UPDATE ${name}._version v SET is_current = s.is_current, is_latest = s.is_current AND s.is_newest
     FROM latest s WHERE v.dataset = $1 AND v.edition = s.edition AND v.version = s.version
       AND (v.is_current, v.is_latest) IS DISTINCT FROM (s.is_current, s.is_current AND s.is_newest)`,
    [dataset],
  )
}
