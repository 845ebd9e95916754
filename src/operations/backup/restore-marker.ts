/**
 * A file in a data folder whose restore has not ended: the service does not start there, and the same restore
 * may run again. It says how far the restore has come.
 */
import { readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Config } from '../../platform/config.ts'
import { writeFileWhole } from './atomic-file.ts'
import { parseJson } from './set.ts'

export const restoreMarker = 'restore-unfinished'

export interface RestoreState {
  readonly set: string
  /** `loaded`: files and database are complete; what remains is to queue unfinished work again. */
  readonly step: 'files' | 'loaded'
}

export async function readRestoreState(dataFolder: string): Promise<RestoreState | undefined> {
  const bytes = await readFile(join(dataFolder, restoreMarker)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (bytes === undefined) return undefined
  const { set, step } = (parseJson(bytes) ?? {}) as Partial<RestoreState>
  return { set: String(set), step: step === 'loaded' ? 'loaded' : 'files' }
}

export async function writeRestoreState(dataFolder: string, state: RestoreState): Promise<void> {
  await writeFileWhole(join(dataFolder, restoreMarker), `${JSON.stringify(state)}\n`)
}

export async function removeRestoreState(dataFolder: string): Promise<void> {
  await rm(join(dataFolder, restoreMarker), { force: true })
}

/** Throws where the data folder is that of an unfinished restore. Call it before anything is opened. */
export async function refuseUnfinishedRestore(config: Pick<Config, 'QINGDAN_DATA'>): Promise<void> {
  const dataFolder = resolve(config.QINGDAN_DATA)
  const state = await readRestoreState(dataFolder)
  if (state === undefined) return
  throw new Error(
    `The restore of the set ${state.set} into ${dataFolder} has not ended. Run the same qingdan restore again; ` +
      'or delete the folder, and restore into an empty one.',
  )
}
