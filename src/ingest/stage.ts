/** Stage: the rows that were validated into a table of their own become the provider's part of the edition. */
import type { House } from '../catalogue/index.ts'
import { countStaged, type Part, writePart } from './parts.ts'
import type { Progress } from './progress.ts'
import { getReceipt, writeState } from './receipts.ts'
import { readStored } from './receive.ts'
import { type Validated, validateRows } from './validate.ts'
import { verifyStored } from './verify.ts'

/** Stages a validated bundle and writes the state `staged`, in one transaction with the part. */
export async function stage(house: House, validated: Validated): Promise<void> {
  const { dataset, edition, provider, contractVersion } = validated.manifest
  const at = house.clock()
  await house.database.work.begin(async (tx) => {
    const { bundleId, rows } = validated
    const part = { dataset, edition, provider, bundleId, contractVersion, rows }
    const replaces = await writePart(tx, part, at)
    await writeState(tx, bundleId, 'staged', at, replaces === undefined ? {} : { replaces })
  })
  house.observe('step-reached', { step: 'stage', point: 'written' })
  house.observe('bundle-advanced', {
    bundle: validated.bundleId,
    dataset,
    state: 'staged',
    rows: validated.rows,
  })
}

/**
 * Makes sure that a part's rows are in staging. A crash of the database empties UNLOGGED tables; the stored bundle
 * still has the rows, and passed every check when it was taken.
 */
export async function ensureStaged(house: House, part: Part, progress: Progress): Promise<void> {
  if ((await countStaged(house.database.work, part.bundleId)) === part.rows) return
  const receipt = await getReceipt(house.database.work, part.bundleId)
  const verified = await verifyStored(house, await readStored(house, receipt))
  const validated = await validateRows(house, verified, progress)
  if (validated.rows !== part.rows)
    throw new Error(`bundle ${part.bundleId} gives other rows than when it was taken`)
}
