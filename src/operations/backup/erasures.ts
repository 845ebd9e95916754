/**
 * The ledger of erasures beside the sets: JSON Lines in `erasures.jsonl`, one line for each version or bundle
 * that was erased. A set notes the lines that were there before its snapshot; a restore applies all others, so
 * that no erased data return, whatever the clock said. A faulty line stops the restore, since it may name what
 * must not return; only an incomplete last line is passed over, because its erasure was never committed.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import type { AppContext } from '../../catalogue/index.ts'
import { digestOf } from '../../platform/digest.ts'
import { BackupFault } from './fault.ts'
import { type KnownErasures, parseJson, type SignedSet } from './set.ts'

export const erasuresFile = 'erasures.jsonl'

const Moment = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,3})?Z$' })

const common = {
  at: Moment,
  /** The service that erased, since several may share a folder; without it, the line is for any. */
  origin: Type.Optional(Type.String()),
  reason: Type.String(),
}

const ErasureEntry = Type.Union([
  Type.Object({
    ...common,
    kind: Type.Literal('version'),
    dataset: Type.String(),
    edition: Type.String(),
    version: Type.Integer({ minimum: 1 }),
    /** The withdrawal, if it was an earlier act. */
    withdrawn: Type.Optional(Type.Object({ at: Moment, reason: Type.String() })),
  }),
  Type.Object({
    ...common,
    kind: Type.Literal('bundle'),
    bundle: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  }),
])

export type ErasureEntry = Readonly<Static<typeof ErasureEntry>>

/** Erases what the entries name from a restored service. What is not there any more is passed over. */
export type ApplyErasures = (context: AppContext, entries: readonly ErasureEntry[]) => Promise<void>

export interface Ledger {
  readonly entries: readonly ErasureEntry[]
  /** The complete lines, as text. */
  readonly text: string
  /** Bytes of an incomplete last line, which a killed process or a full disk left; 0 without one. */
  readonly tornBytes: number
}

/** Reads the ledger of a folder; an absent one is empty. Throws BackupFault for a faulty line but the last. */
export async function readLedger(folder: string): Promise<Ledger> {
  const path = join(folder, erasuresFile)
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0)
    throw error
  })
  const lines = bytes.toString('utf8').split('\n')
  const last = lines.pop() ?? ''
  // Written by hand without a line break, it is complete all the same.
  if (Value.Check(ErasureEntry, parseJson(Buffer.from(last)))) lines.push(last)
  const entries = lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    const value = parseJson(Buffer.from(line))
    if (Value.Check(ErasureEntry, value)) return [value]
    const message = `Line ${index + 1} of ${path} can't be read. Correct it: it says what must not be restored.`
    throw new BackupFault('erasures', message)
  })
  const text = lines.map((line) => `${line}\n`).join('')
  const isTorn = last.trim() !== '' && !text.endsWith(`${last}\n`)
  return { entries, text, tornBytes: isTorn ? Buffer.byteLength(last) : 0 }
}

/** What a set notes of the ledger: everything in it, read before the snapshot. */
export async function knownErasures(folder: string): Promise<KnownErasures> {
  const { text } = await readLedger(folder)
  return { bytes: Buffer.byteLength(text), sha256: digestOf(text) }
}

/**
 * The entries that a set does not know: those after the lines that it notes, or all of them where the ledger
 * does not begin with these lines.
 */
export function erasuresAfter(
  { entries, text }: Ledger,
  { description }: SignedSet,
): readonly ErasureEntry[] {
  const { bytes, sha256 } = description.erasures ?? { bytes: 0, sha256: '' }
  const known = Buffer.from(text).subarray(0, bytes)
  if (known.length !== bytes || digestOf(known) !== sha256) return entries
  const isLine = (line: string) => line.trim() !== ''
  return entries.slice(known.toString('utf8').split('\n').filter(isLine).length)
}
