/**
 * The two journeys. A bundle, when it arrives: verify, validate, stage. An edition, when someone with the right says
 * so: assemble, derive, control, publish. Each step takes the former step's value, so that a step out of order does
 * not compile; each may run again after a crash, because it writes its state last.
 */

import { BundleRefusal, isGrouped } from '../../bundle/index.ts'
import type { House } from '../../catalogue/index.ts'
import { withoutValues } from '../../db/database-error.ts'
import {
  assemble,
  control,
  derive,
  findPublication,
  isOpenPublication,
  lockOf,
  type Publication,
  publish,
  release,
  writeRefused,
} from '../../publication/index.ts'
import { admit, findGroup, type GroupName, takeGroup } from '../groups/groups.ts'
import { getReceipt, type Receipt, writeFailed } from '../receipts/receipts.ts'
import { type Received, readReceived } from '../receive/receive.ts'
import type { Progress } from './progress.ts'
import { Refusal } from './refusal.ts'
import { refuse } from './refuse.ts'
import { stage } from './stage.ts'
import { validate } from './validate.ts'
import { type Verified, verify } from './verify.ts'

/**
 * Walks a received bundle to `staged` or `refused`, and gives its receipt. Safe to call again at any time: what is
 * done is not done twice, and two callers wait for each other. Throws where the fault is ours; the receipt then says
 * `failed`, and the next call begins again.
 */
export async function takeBundle(house: House, id: string, progress: Progress = () => {}): Promise<Receipt> {
  return house.database.lock(`bundle ${id}`, async () => {
    const received = await readReceived(house, id)
    if (received === undefined) return getReceipt(house.database.work, id)
    try {
      await walkBundle(house, received, progress)
    } catch (error) {
      if (error instanceof Refusal) await refuse(house, id, error.refused)
      else if (error instanceof BundleRefusal) await refuse(house, id, { findings: error.findings })
      else {
        await writeFailed(house.database.work, id, house.clock())
        // What the database says of a fault may quote a row.
        throw withoutValues(error)
      }
    }
    return getReceipt(house.database.work, id)
  })
}

async function walkBundle(house: House, received: Received, progress: Progress): Promise<void> {
  const waiting = await findGroup(house, received.bundleId)
  if (waiting !== undefined) return walkGroup(house, waiting, progress)
  const verified = await verify(house, received, progress)
  const { manifest } = verified
  if (isGrouped(manifest)) return walkGroup(house, await admit(house, verified, manifest), progress)
  await walkRows(house, verified, progress)
}

/** Of several bags that make one bundle, whoever is the last takes them all on. */
async function walkGroup(house: House, group: GroupName, progress: Progress): Promise<void> {
  await takeGroup(house, group, (whole) => walkRows(house, whole, progress))
}

async function walkRows(house: House, verified: Verified, progress: Progress): Promise<void> {
  const validated = await validate(house, verified, progress)
  await stage(house, validated)
}

/**
 * Walks an asked-for publication to its end, or to where it waits for its moment or for an approval. Safe to call again
 * at any time: a crash anywhere and a second call give exactly one publication.
 */
export async function publishEdition(
  house: House,
  publicationId: number,
  progress: Progress = () => {},
): Promise<Publication> {
  const asked = await findPublication(house, publicationId)
  if (asked === undefined) throw new Error(`no publication ${publicationId}`)
  return house.database.lock(lockOf(asked), async () => {
    const now = await findPublication(house, publicationId)
    if (now === undefined || !isOpenPublication(now)) return now ?? asked
    try {
      if (now.state === 'prepared') await release(house, publicationId)
      else await walkEdition(house, now, progress)
    } catch (error) {
      if (!(error instanceof Refusal)) throw withoutValues(error)
      await writeRefused(house, publicationId, error.refused.findings)
    }
    return (await findPublication(house, publicationId)) ?? now
  })
}

async function walkEdition(house: House, asked: Publication, progress: Progress): Promise<void> {
  const assembled = await assemble(house, asked, progress)
  const derived = await derive(house, assembled)
  const controlled = await control(house, derived, progress)
  await publish(house, controlled, progress)
}
