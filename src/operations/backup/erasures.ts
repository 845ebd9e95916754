/**
 * The ledger of erasures beside the sets: JSON Lines in `erasures.jsonl`, one line for each version or bundle
 * that was erased. A restore applies every line later than its set, so that no erased data return. A line that
 * can't be read stops the restore, since it may name what must not return.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import type { AppContext } from '../../catalogue/index.ts'
import { BackupFault } from './fault.ts'
import { parseJson } from './set.ts'

export const erasuresFile = 'erasures.jsonl'

const at = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,3})?Z$' })

const origin = Type.Optional(Type.String())

const ErasureEntry = Type.Union([
  Type.Object({
    at,
    /** The service that erased, since several may share a folder; without it, the line is for any. */
    origin,
    kind: Type.Literal('version'),
    dataset: Type.String(),
    edition: Type.String(),
    version: Type.Integer({ minimum: 1 }),
    reason: Type.String(),
  }),
  Type.Object({
    at,
    origin,
    kind: Type.Literal('bundle'),
    bundle: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    reason: Type.String(),
  }),
])

export type ErasureEntry = Readonly<Static<typeof ErasureEntry>>

/** Erases what the entries name from a restored service. What is not there any more is passed over. */
export type ApplyErasures = (context: AppContext, entries: readonly ErasureEntry[]) => Promise<void>

/** An erasure that began before the snapshot may have ended after it, so that the set still holds the data. */
const runningMilliseconds = 3_600_000

/** The entries that the set of a moment may not know of. Throws BackupFault for a faulty line. */
export async function readErasures(folder: string, setAt: Date): Promise<readonly ErasureEntry[]> {
  const path = join(folder, erasuresFile)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const entries = text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    const value = parseJson(Buffer.from(line))
    if (Value.Check(ErasureEntry, value)) return [value]
    const message = `Line ${index + 1} of ${path} can't be read. Correct it: it says what must not be restored.`
    throw new BackupFault('erasures', message)
  })
  const since = setAt.getTime() - runningMilliseconds
  return entries.filter((entry) => Date.parse(entry.at) >= since)
}
