/**
 * The ledger of erasures in a folder of backups: one JSON line each in `erasures.jsonl`. A restore applies
 * those that are later than its set. An erasure is written once, however often its command is repeated.
 */
import { mkdir, open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type ErasureEntry, erasuresFile } from '../backup/erasures.ts'
import { setsFolder } from '../backup/set.ts'

/** What identifies an erasure: its subject and its moment. */
const identityOf = ({ reason: _reason, ...named }: ErasureEntry) =>
  JSON.stringify(Object.entries(named).sort())

/** Appends the entries that the ledger of a folder does not have, and creates both if they are missing. */
export async function appendErasures(folder: string, entries: readonly ErasureEntry[]): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const text = await readFile(join(folder, erasuresFile), 'utf8').catch(unlessMissing)
  const known = new Set(parseErasures(text ?? '').map(identityOf))
  const added = entries.filter((entry) => !known.has(identityOf(entry)))
  if (added.length === 0) return
  // A killed process may have left a line without its end.
  const gap = text === undefined || text === '' || text.endsWith('\n') ? '' : '\n'
  const lines = added.map((entry) => `${JSON.stringify(entry)}\n`)
  const handle = await open(join(folder, erasuresFile), 'a', 0o600)
  try {
    await handle.write(`${gap}${lines.join('')}`)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The entries of a ledger; a line that a killed process left incomplete is skipped. */
export function parseErasures(text: string): readonly ErasureEntry[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as ErasureEntry]
    } catch {
      return []
    }
  })
}

/** Throws a plain Error if a folder holds no backup: a mistyped name would leave the erasure unrecorded. */
export async function requireBackups(folder: string): Promise<void> {
  const found = await stat(join(folder, setsFolder)).catch(unlessMissing)
  if (found?.isDirectory() === true) return
  throw new Error(`${folder} holds no backup of qingdan backup. Nothing was erased. Correct --backups.`)
}

/**
 * The sets of a folder that may still hold erased bytes: those written since the bytes arrived. Sets are
 * encrypted, so their content is not read.
 */
export async function listSetsSince(folder: string, since: Date): Promise<readonly string[]> {
  const names = (await readdir(join(folder, setsFolder)).catch(unlessMissing)) ?? []
  const sets: string[] = []
  for (const name of names.filter((one) => one.endsWith('.json'))) {
    const found = await stat(join(folder, setsFolder, name)).catch(unlessMissing)
    if (found !== undefined && found.mtimeMs >= since.getTime()) sets.push(name.slice(0, -'.json'.length))
  }
  return sets.sort()
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
