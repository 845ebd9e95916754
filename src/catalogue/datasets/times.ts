/**
 * The times at which each dataset was created and last changed, from the change log, for catalogue protocols.
 */
import { max, min } from 'drizzle-orm'
import type { Database } from '../../db/database.ts'
import { lookUp } from '../lookups.ts'
import { change } from '../tables.ts'

export interface DatasetTimes {
  readonly created: Date
  /** Time of the last change of any kind: a new contract, a publication, a correction, a withdrawal. */
  readonly modified: Date
}

/** The times of all datasets, including restricted ones; cached between changes. */
export function listDatasetTimes(database: Database): Promise<ReadonlyMap<string, DatasetTimes>> {
  return lookUp(
    database,
    'dataset times',
    () => readTimes(database),
    ({ size }) => size > 0,
  )
}

async function readTimes(database: Database): Promise<ReadonlyMap<string, DatasetTimes>> {
  const rows = await database.read
    .select({ dataset: change.dataset, created: min(change.at), modified: max(change.at) })
    .from(change)
    .groupBy(change.dataset)
  return new Map(
    rows.flatMap(({ dataset, created, modified }): [string, DatasetTimes][] =>
      created === null || modified === null ? [] : [[dataset, { created, modified }]],
    ),
  )
}
