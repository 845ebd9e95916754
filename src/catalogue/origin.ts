/**
 * The origin of the published data: a random id that this service creates once, or, on a mirror, the id of
 * the service that it mirrors. A mirror publishes nothing of its own, so every publishing operation is
 * refused here.
 */
import { randomUUID } from 'node:crypto'
import type { Database, Runner, Transaction } from '../db/database.ts'
import { readSetting, writeSetting, writeSettingOnce } from '../db/settings-store.ts'
import { problem } from '../platform/problem.ts'

const originSetting = 'origin'
const mirrorSetting = 'mirror'

/** The origin of a mirror, and its position. */
export interface MirrorState {
  /** Id of the origin. */
  readonly origin: string
  /** The cursor of the last export applied; null before the first. */
  readonly cursor: string | null
  /** The position of that cursor in the origin's changes. */
  readonly position: number
  /** Whether restricted datasets are mirrored too. */
  readonly restricted: boolean
  /** The folder of contracts and code lists in the file store. */
  readonly contracts: string
}

/** The id of the origin, which the feed and its cursors contain; created on first use. */
export async function findOrigin({ serve, work }: Pick<Database, 'serve' | 'work'>): Promise<string> {
  const known = (await readSetting(serve, originSetting)) as { readonly id: string } | undefined
  if (known !== undefined) return known.id
  await writeSettingOnce(work, originSetting, { id: randomUUID() })
  return ((await readSetting(work, originSetting)) as { readonly id: string }).id
}

/** The state of this mirror; undefined if the service is not a mirror. */
export async function readMirror(runner: Runner): Promise<MirrorState | undefined> {
  return (await readSetting(runner, mirrorSetting)) as MirrorState | undefined
}

/** Writes the state of a mirror, and its origin. */
export async function writeMirror(tx: Transaction, state: MirrorState): Promise<void> {
  await writeSetting(tx, originSetting, { id: state.origin })
  await writeSetting(tx, mirrorSetting, { ...state })
}

/** Throws `mirror-read-only` on a mirror. Call it before accepting or changing anything. */
export async function refuseOnMirror(runner: Runner): Promise<void> {
  const mirror = await readMirror(runner)
  if (mirror !== undefined) throw problem('mirror-read-only', { origin: mirror.origin })
}
