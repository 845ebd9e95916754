/** Stage: the rows that were validated into a table of their own become the provider's part of the edition. */
import type { House } from '../../catalogue/index.ts'
import type { Transaction } from '../../db/database.ts'
import { lockKey } from '../../db/lock.ts'
import { writeState } from '../receipts/receipts.ts'
import { dropStaged, writePart } from './parts.ts'
import { Refusal } from './refusal.ts'
import { holdersOf, type Validated } from './rows.ts'
import { findPlace } from './sequence.ts'

/**
 * Stages a validated bundle and writes the state `staged`, in one transaction with the part. Throws Refusal where another
 * bundle has taken its place meanwhile.
 */
export async function stage(house: House, validated: Validated): Promise<void> {
  const { bundleId, manifest, rows } = validated
  const { dataset } = manifest
  try {
    await house.database.work.begin((tx) => writeStaged(house, tx, validated))
  } catch (error) {
    if (error instanceof Refusal) await dropStaged(house.database, bundleId)
    throw error
  }
  house.observe('step-reached', { step: 'stage', point: 'written' })
  house.observe('bundle-advanced', { bundle: bundleId, dataset, state: 'staged', rows })
}

async function writeStaged(house: House, tx: Transaction, validated: Validated): Promise<void> {
  const { bundleId, manifest, rows, base } = validated
  const { dataset, edition, provider, contractVersion } = manifest
  const at = house.clock()
  // One bundle of a provider at a time: of two with the same number, or on the same base, the second is refused.
  const name = `taking ${dataset} ${provider}`
  await tx`SELECT pg_advisory_xact_lock(${lockKey(name)}::bigint)`
  const place = await findPlace(house, tx, manifest)
  if (place.base?.bundleId !== base?.bundleId)
    throw new Error('the base changed, and the place was not refused')
  const bags = holdersOf(validated).map((bag) => bag.bundleId)
  const replaces = await writePart(
    tx,
    {
      ...{ dataset, edition, provider, bundleId, contractVersion, rows },
      baseId: base?.bundleId ?? null,
      chain: base === undefined ? 0 : base.chain + 1,
      bundles: [...(base?.bundles ?? []), ...bags],
    },
    at,
  )
  const facts = replaces === undefined ? {} : { replaces }
  for (const bag of bags) await writeState(tx, bag, 'staged', at, facts)
}
