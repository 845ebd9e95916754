/**
 * Reads the content of a copy from its folder or schema without the puller's code, and compares it with what
 * it must be.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import { type FieldTypeName, fieldType } from '../../src/contract/index.ts'
import { digestOfFile } from '../../src/platform/digest.ts'
import { administer } from './database.ts'
import type { LiveVersion } from './pull-source.ts'

interface StoredContract {
  readonly dataset: string
  readonly contract_version: number
  readonly lineage: number
  readonly records_table: string
  readonly body: { readonly fields: readonly { readonly name: string; readonly type: FieldTypeName }[] }
}

/**
 * Every difference between the records in a schema and those at the source, both ways; empty if they are the
 * same. Values are compared by the text in the plain file.
 */
export async function differencesInSchema(
  url: string,
  live: readonly LiveVersion[],
  schema = 'qingdan_copy',
): Promise<readonly string[]> {
  return administer(url, async (client) => {
    const { rows: contracts } = await client.query<StoredContract>(
      `SELECT * FROM ${schema}._contract ORDER BY dataset, contract_version`,
    )
    const faults: string[] = []
    const expected = new Set(live.map((one) => `${one.dataset} ${one.lineage} ${one.edition} ${one.version}`))
    const tables = new Map(contracts.map((one) => [`${one.dataset} ${one.lineage}`, one.records_table]))
    for (const [line, table] of tables) {
      const { rows } = await client.query<{ of: string }>(
        `SELECT DISTINCT _edition || ' ' || _version AS of FROM ${schema}.${table}`,
      )
      for (const { of } of rows)
        if (!expected.has(`${line} ${of}`)) faults.push(`${line} ${of} is in the copy but not live`)
    }
    for (const version of live) faults.push(...(await differencesOf(client, schema, contracts, version)))
    return faults
  })
}

async function differencesOf(
  client: pg.Client,
  schema: string,
  contracts: readonly StoredContract[],
  { dataset, edition, version, contractVersion, lineage, header, rows }: LiveVersion,
): Promise<readonly string[]> {
  const name = `${dataset} ${edition} v${version}`
  const contract = contracts.find(
    (one) => one.dataset === dataset && one.contract_version === contractVersion,
  )
  if (contract === undefined) return [`${name}: its contract is missing`]
  if (contract.lineage !== lineage) return [`${name}: its contract has the lineage ${contract.lineage}`]
  const texts = contract.body.fields.map(
    (field) => `coalesce(${fieldType(field.type).select(`"${field.name}"`)}, '')`,
  )
  if (contract.body.fields.map((field) => field.name).join() !== header.join())
    return [`${name}: other fields`]
  const stored = await client.query<{ row: string[] }>(
    `SELECT ARRAY[${texts.join(', ')}] AS row FROM ${schema}.${contract.records_table}
     WHERE _edition = $1 AND _version = $2`,
    [edition, version],
  )
  const counts = new Map<string, number>()
  for (const row of rows) counts.set(JSON.stringify(row), (counts.get(JSON.stringify(row)) ?? 0) + 1)
  for (const { row } of stored.rows)
    counts.set(JSON.stringify(row), (counts.get(JSON.stringify(row)) ?? 0) - 1)
  return [...counts].flatMap(([row, count]) =>
    count === 0 ? [] : [`${name}: ${row} ${count > 0 ? 'is missing' : 'is too many'}`],
  )
}

/**
 * The same for a folder: which versions exist, and whether each file has the digest that the source states.
 */
export async function differencesInFolder(
  folder: string,
  live: readonly LiveVersion[],
  isWanted: (name: string) => boolean = () => true,
): Promise<readonly string[]> {
  const faults: string[] = []
  const existing = new Set(
    (await filesBelow(join(folder, 'datasets'))).filter((path) => /\/files\//.test(path)),
  )
  for (const { dataset, edition, version, files } of live) {
    for (const { name, sha256 } of files) {
      if (!isWanted(name)) continue
      const path = `${dataset}/editions/${edition}/versions/${version}/files/${name}`
      if (!existing.delete(path)) faults.push(`${path} is missing`)
      else if ((await digestOfFile(join(folder, 'datasets', path))) !== sha256) faults.push(`${path} differs`)
    }
  }
  for (const path of existing) faults.push(`${path} is in the copy but not live`)
  const own = await filesBelow(join(folder, '.qingdan-pull'))
  return [...faults, ...own.map((path) => `${path} was left behind`)]
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}

/** The progress and content of a copy as one value: two copies of the same source are equal in it. */
export async function stateOfFolder(folder: string): Promise<unknown> {
  const {
    source: _s,
    changedAt: _c,
    ...state
  } = JSON.parse(await readFile(join(folder, 'qingdan-copy.json'), 'utf8'))
  const log = (await readFile(join(folder, 'changes.ndjson'), 'utf8')).trimEnd().split('\n')
  const ids = log.map((line) => (JSON.parse(line) as { id: string }).id)
  const files = (await filesBelow(join(folder, 'datasets'))).toSorted()
  const digests = await Promise.all(
    files.map(async (path) => [path, await digestOfFile(join(folder, 'datasets', path))]),
  )
  return { state, ids, digests }
}

/** The same for a schema: every row of every table, except the time and address of the pull. */
export async function stateOfSchema(url: string, schema = 'qingdan_copy'): Promise<unknown> {
  return administer(url, async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = $1 ORDER BY 1`,
      [schema],
    )
    const found: Record<string, unknown> = {}
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(
        `SELECT (to_jsonb(r) - '{source,begun_at,changed_at}'::text[])::text AS row FROM ${schema}."${name}" r ORDER BY 1`,
      )
      found[name] = rows.map(({ row }) => row)
    }
    return found
  })
}
