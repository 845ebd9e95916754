/**
 * Where what stands here was published first: a random id that this house gives itself once, or that of another house of
 * which it is a mirror. A mirror publishes nothing of its own, so every act that would is refused here.
 */
import { randomUUID } from 'node:crypto'
import type { Database, Runner, Transaction } from '../db/database.ts'
import { readSetting, writeSetting, writeSettingOnce } from '../db/settings-store.ts'
import { problem } from '../platform/problem.ts'

const originNote = 'origin'
const mirrorNote = 'mirror'

/** How far a mirror has come. */
export interface MirrorState {
  /** Id of the house that is mirrored. */
  readonly origin: string
  /** The cursor of the export that was taken last; null before the first. */
  readonly cursor: string | null
  /** The position of that cursor in the origin's changes. */
  readonly position: number
  /** Whether datasets that are not open are mirrored too. */
  readonly restricted: boolean
  /** The folder of contracts and code lists among the stored files. */
  readonly contracts: string
}

/** The id of this house, which its feed and its cursors carry; made at the first asking. A mirror has its origin's. */
export async function findOrigin({ serve, work }: Pick<Database, 'serve' | 'work'>): Promise<string> {
  const known = (await readSetting(serve, originNote)) as { readonly id: string } | undefined
  if (known !== undefined) return known.id
  await writeSettingOnce(work, originNote, { id: randomUUID() })
  return ((await readSetting(work, originNote)) as { readonly id: string }).id
}

/** How far this mirror has come; undefined where the house is none. */
export async function readMirror(runner: Runner): Promise<MirrorState | undefined> {
  return (await readSetting(runner, mirrorNote)) as MirrorState | undefined
}

/** Writes how far a mirror has come, and whose it is. */
export async function writeMirror(tx: Transaction, state: MirrorState): Promise<void> {
  await writeSetting(tx, originNote, { id: state.origin })
  await writeSetting(tx, mirrorNote, { ...state })
}

/** Throws `mirror-read-only` on a mirror. Call it before anything is taken or changed. */
export async function refuseOnMirror(runner: Runner): Promise<void> {
  const mirror = await readMirror(runner)
  if (mirror !== undefined) throw problem('mirror-read-only', { origin: mirror.origin })
}
