/**
 * Verifies an erasure: forces deleted rows out of the database's files and log, then searches a marker, a text
 * that occurred in the erased rows, in every table and every file of the data folder and the inbox.
 */
import { readdir } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { AppContext } from '../../catalogue/index.ts'
import { findClusterLocation } from '../../db/embedded/location.ts'
import { findInTables, forceOut, type RefusedStep } from '../../db/traces.ts'
import { type FileTraces, findInFiles } from './find-in-files.ts'

interface ErasureCheck {
  /** Tables with the marker, and in how many rows. */
  readonly tables: readonly { readonly table: string; readonly rows: number }[]
  /** Files with the marker, relative to the data folder where they are in it. */
  readonly files: readonly string[]
  readonly unsearched: FileTraces['unsearched']
  readonly filesSearched: number
  /** Steps that the user of the database may not do, with the SQL for an administrator. */
  readonly refused: readonly RefusedStep[]
  /** Whether the files of the database could be searched; those of an external server can't. */
  readonly isEmbedded: boolean
}

export type Progress = (step: string, done: number, total: number) => void

/** Forces out what is deleted and says where the marker is still found. */
export async function verifyErasure(
  context: AppContext,
  marker: string,
  progress: Progress,
): Promise<ErasureCheck> {
  const { config, database, observe } = context
  const data = resolve(config.QINGDAN_DATA)
  const isEmbedded = config.DATABASE_URL === undefined
  const home = isEmbedded ? (await findClusterLocation(data, observe)).home : undefined
  const log = home === undefined ? undefined : join(home, 'database', 'cluster', 'pg_wal')
  const refused = await forceOut(
    database.ownerUrl,
    async () => (log === undefined ? 0 : (await readdir(log)).length),
    progress,
  )
  const tables = await findInTables(database.ownerUrl, marker, progress)
  const folders = [data, ...(home === undefined || home === data ? [] : [home])]
  const inbox = config.QINGDAN_INBOX === '' ? [] : [resolve(config.QINGDAN_INBOX)]
  const traces = await findInFiles([...folders, ...inbox], marker, progress)
  const shown = (path: string) => (path.startsWith(`${data}/`) ? relative(data, path) : path)
  return {
    tables,
    files: traces.found.map(shown),
    unsearched: traces.unsearched.map(({ path, reason }) => ({ path: shown(path), reason })),
    filesSearched: traces.files,
    refused,
    isEmbedded,
  }
}
