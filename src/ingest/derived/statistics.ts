/**
 * The confidential statistics of a part: the table of its cells, and the table of the digests of its keys. Both
 * are logged, because the rows that they were computed from are not stored, and are dropped as a whole.
 */

import { escapeCopy } from '../../bundle/index.ts'
import type { Contract } from '../../contract/index.ts'
import type { Database, Runner } from '../../db/database.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { getDerivation, type StatisticsRow } from '../../derivations/index.ts'
import { digestTable, statisticsTable } from '../pipeline/parts.ts'
import type { KeyDigests } from './key-digests.ts'

/** Characters encoded at a time. */
const textCharacters = 1 << 16

/** Lines read at a time. */
const batchSize = 5_000

/** Replaces the statistics of a bundle. Nothing refers to them until its part is written. */
export async function writeStatistics(
  database: Database,
  contract: Contract,
  bundleId: string,
  of: { readonly statistics: Iterable<StatisticsRow>; readonly digests: KeyDigests },
): Promise<void> {
  const [cells, digests] = [statisticsTable(bundleId), digestTable(bundleId)]
  const columns = columnsOf(contract).map((name) => `${name} text COLLATE "C" NOT NULL`)
  await database.work.begin(async (tx) => {
    await tx.unsafe(`DROP TABLE IF EXISTS ${cells}, ${digests}`)
    await tx.unsafe(`CREATE TABLE ${cells} (${columns.join(', ')}, _amount bigint NOT NULL)`)
    await tx.unsafe(
      `CREATE TABLE ${digests} (digest bigint NOT NULL, file integer NOT NULL, row bigint NOT NULL)`,
    )
  })
  await database.copyFrom(`COPY ${cells} FROM STDIN`, encode(of.statistics))
  await database.copyFrom(`COPY ${digests} FROM STDIN`, of.digests.rows())
}

/** The rows as COPY text. Rows follow each other that differ in the last column only, so the others are encoded once. */
async function* encode(statistics: Iterable<StatisticsRow>): AsyncGenerator<string> {
  let text = ''
  let former: readonly string[] = []
  let prefix = ''
  for (const { cell, amount } of statistics) {
    if (!Number.isSafeInteger(amount)) throw new Error('An amount of a statistic is no safe integer.')
    const last = cell.length - 1
    let same = former.length === cell.length ? 0 : -1
    while (same >= 0 && same < last && former[same] === cell[same]) same += 1
    if (same !== last) {
      prefix = ''
      for (let at = 0; at < last; at++) prefix += `${escapeCopy(cell[at] ?? '')}\t`
    }
    former = cell
    text += `${prefix}${escapeCopy(cell[last] ?? '')}\t${amount}\n`
    if (text.length < textCharacters) continue
    yield text
    text = ''
  }
  yield text
}

/** Rows that the statistics of a bundle were computed from; undefined where there are none. */
export async function countDigests(runner: Runner, bundleId: string): Promise<number | undefined> {
  const table = digestTable(bundleId)
  const [found] = await runner`SELECT to_regclass(${table}) AS name`
  if (found === undefined || found['name'] === null) return undefined
  const [row] = await runner.unsafe(`SELECT count(*)::float8 AS rows FROM ${table}`)
  return row?.['rows'] as number
}

/** The sums of the statistics of parts, in the order of their cells, in batches. */
export async function* readStatistics(
  database: Database,
  contract: Contract,
  bundleIds: readonly string[],
): AsyncGenerator<readonly StatisticsRow[]> {
  const columns = columnsOf(contract).join(', ')
  const parts = bundleIds.map((id) => `SELECT ${columns}, _amount FROM ${statisticsTable(id)}`)
  const cursor = database.work
    .unsafe(
      `SELECT ${columns}, sum(_amount)::float8 FROM (${parts.join(' UNION ALL ')}) AS parts
       GROUP BY ${columns} ORDER BY ${columns}`,
    )
    .values()
    .cursor(batchSize)
  for await (const rows of cursor) {
    yield (rows as unknown as readonly (readonly (string | number)[])[]).map((values) => ({
      cell: values.slice(0, -1) as string[],
      amount: values.at(-1) as number,
    }))
  }
}

/** The columns of a derivation's statistics, as SQL writes them. */
function columnsOf(contract: Contract): readonly string[] {
  return getDerivation(contract.derivation?.name ?? '')
    .columns(contract)
    .map(quoteIdentifier)
}

/** Rows of different parts with the same key, in the order of the parts. */
export async function listSharedKeys(
  runner: Runner,
  bundleIds: readonly string[],
  limit: number,
): Promise<readonly { readonly part: number; readonly file: number; readonly row: number }[]> {
  if (bundleIds.length < 2) return []
  const parts = bundleIds.map(
    (id, index) => `SELECT ${index} AS part, digest, file, row FROM ${digestTable(id)}`,
  )
  return runner.unsafe(
    `WITH every AS (${parts.join(' UNION ALL ')}),
       shared AS (SELECT digest FROM every GROUP BY digest HAVING count(*) > 1)
     SELECT part, file, row::float8 FROM every JOIN shared USING (digest)
     ORDER BY part, file, row LIMIT ${limit}`,
  )
}
