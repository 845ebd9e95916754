/**
 * The pipeline of a received bundle: verify, validate, stage. Each step takes the previous step's result, so
 * a wrong order does not compile. Each step may run again after a crash, because it writes its state last.
 */

import { BundleRefusal, isGrouped } from '../../bundle/index.ts'
import type { AppContext } from '../../catalogue/index.ts'
import { withoutValues } from '../../db/database-error.ts'
import { removeBytes } from '../erasure/stored-bytes.ts'
import { admit, findGroup, type GroupName, takeGroup } from '../groups/groups.ts'
import { getReceipt, type Receipt, writeFailed } from '../receipts/receipts.ts'
import { type Received, readReceived } from '../receive/receive.ts'
import type { Progress } from './progress.ts'
import { Refusal } from './refusal.ts'
import { refuseBundle } from './refuse.ts'
import { stage } from './stage.ts'
import { validate } from './validate.ts'
import { type Verified, verify } from './verify.ts'

/**
 * Processes a received bundle to `staged` or `refused` and returns its receipt. Safe to call again at any
 * time: finished steps are not repeated, and concurrent callers wait for each other. Throws on internal
 * errors; the receipt then has the state `failed`, and the next call starts again.
 */
export async function takeBundle(
  context: AppContext,
  id: string,
  progress: Progress = () => {},
): Promise<Receipt> {
  return context.database.lock(`bundle ${id}`, async () => {
    const received = await readReceived(context, id)
    if (received === undefined) return getReceipt(context.database.work, id)
    try {
      await processBundle(context, received, progress)
    } catch (error) {
      if (error instanceof Refusal) await refuseBundle(context, id, error.refused)
      else if (error instanceof BundleRefusal) await refuseBundle(context, id, { findings: error.findings })
      else {
        await writeFailed(context.database.work, id, context.clock())
        // A database error message may quote a row.
        throw withoutValues(error)
      }
    }
    return removeOpenRows(context, await getReceipt(context.database.work, id))
  })
}

/** Rows about persons that were sent unencrypted are not kept at all. */
async function removeOpenRows(context: AppContext, receipt: Receipt): Promise<Receipt> {
  const { id, state, summary } = receipt
  if (state !== 'refused' || !summary.some(({ check }) => check === 'encryption-missing')) return receipt
  await removeBytes(context, { id, state, copies: true })
  return getReceipt(context.database.work, id)
}

async function processBundle(context: AppContext, received: Received, progress: Progress): Promise<void> {
  const waiting = await findGroup(context, received.bundleId)
  if (waiting !== undefined) return processGroup(context, waiting, progress)
  const verified = await verify(context, received, progress)
  const { manifest } = verified
  if (isGrouped(manifest)) return processGroup(context, await admit(context, verified, manifest), progress)
  await processRows(context, verified, progress)
}

/** Of several bags that make one bundle, the last to arrive starts the processing of all. */
async function processGroup(context: AppContext, group: GroupName, progress: Progress): Promise<void> {
  await takeGroup(context, group, (whole) => processRows(context, whole, progress))
}

async function processRows(context: AppContext, verified: Verified, progress: Progress): Promise<void> {
  const validated = await validate(context, verified, progress)
  await stage(context, validated)
}
