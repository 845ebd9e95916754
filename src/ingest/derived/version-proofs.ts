/**
 * The proof of a version: its confidential rows, the rows as published, and the witnesses. The next version is controlled
 * together with it. It is confidential as the statistics of parts are, and is destroyed with them.
 */
import { encodeCopy } from '../../bundle/index.ts'
import type { Database, Runner } from '../../db/database.ts'
import { quoteIdentifier } from '../../db/identifier.ts'

type Row = readonly (string | null)[]

export interface VersionProof {
  readonly confidential: readonly Row[]
  readonly published: readonly Row[]
  /** One for each block, as JSON. */
  readonly witnesses: readonly unknown[]
}

/** Lines encoded at a time. */
const batchSize = 5_000

const kinds = ['confidential', 'published', 'witnesses'] as const

/** Replaces the proof of a version. The table is logged: its rows can't be computed again after a correction. */
export async function writeProof(database: Database, versionId: number, proof: VersionProof): Promise<void> {
  const table = proofTable(versionId)
  await database.work.begin(async (tx) => {
    await tx.unsafe(`DROP TABLE IF EXISTS ${table}`)
    await tx.unsafe(`CREATE TABLE ${table} (kind text NOT NULL, place integer NOT NULL, line jsonb NOT NULL)`)
  })
  await database.copyFrom(`COPY ${table} FROM STDIN`, encode(proof))
}

async function* encode(proof: VersionProof): AsyncGenerator<string> {
  for (const kind of kinds) {
    const lines = proof[kind]
    for (let from = 0; from < lines.length; from += batchSize)
      yield encodeCopy(
        lines.slice(from, from + batchSize).map((line, n) => [kind, String(from + n), JSON.stringify(line)]),
      )
  }
}

/** Reads the proof of a version; undefined if there is none, or not any more. */
export async function readProof(runner: Runner, versionId: number): Promise<VersionProof | undefined> {
  const table = proofTable(versionId)
  const [found] = await runner`SELECT to_regclass(${table}) AS name`
  if (found === undefined || found['name'] === null) return undefined
  const linesOf = async <T>(kind: (typeof kinds)[number]) => {
    const rows = await runner.unsafe<{ line: T }[]>(
      `SELECT line FROM ${table} WHERE kind = '${kind}' ORDER BY place`,
    )
    return rows.map(({ line }) => line)
  }
  return {
    confidential: await linesOf<Row>('confidential'),
    published: await linesOf<Row>('published'),
    witnesses: await linesOf<unknown>('witnesses'),
  }
}

/** Drops the proof of a version. */
export async function dropProof(runner: Runner, versionId: number): Promise<void> {
  await runner.unsafe(`DROP TABLE IF EXISTS ${proofTable(versionId)}`)
}

/** Drops the proofs of all versions of an edition. */
export async function dropProofs(
  runner: Runner,
  { dataset, edition }: { readonly dataset: string; readonly edition: string },
): Promise<void> {
  const versions = await runner<{ id: number }[]>`
    SELECT v.id::float8 AS id FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE e.dataset = ${dataset} AND e.edition = ${edition}`
  for (const { id } of versions) await dropProof(runner, id)
}

/** Ids of versions that do not exist any more and whose proof does. */
export async function listOrphanProofs(runner: Runner): Promise<readonly number[]> {
  const rows = await runner<{ id: number }[]>`
    SELECT substr(t.tablename, 3)::float8 AS id FROM pg_tables t
    WHERE t.schemaname = 'staging' AND t.tablename ~ '^k_[0-9]{1,15}$'
      AND NOT EXISTS (SELECT FROM qingdan.version v WHERE v.id = substr(t.tablename, 3)::bigint)
    ORDER BY 1`
  return rows.map(({ id }) => id)
}

function proofTable(versionId: number): string {
  return `staging.${quoteIdentifier(`k_${versionId}`)}`
}
