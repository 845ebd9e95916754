/** Stage: the validated rows of a bundle become the provider's part of the edition. */
import type { AppContext } from '../../catalogue/index.ts'
import type { Transaction } from '../../db/database.ts'
import { lockKey } from '../../db/lock.ts'
import { writeState } from '../receipts/receipts.ts'
import { dropStaged, writePart } from './parts.ts'
import { Refusal } from './refusal.ts'
import { bagsOf, type Validated } from './rows.ts'
import { findSequencePosition } from './sequence.ts'

/**
 * Stages a validated bundle and writes the state `staged` in one transaction with the part. Throws Refusal
 * where another bundle was staged in its position meanwhile.
 */
export async function stage(context: AppContext, validated: Validated): Promise<void> {
  const { bundleId, manifest, rows } = validated
  const { dataset } = manifest
  try {
    await context.database.work.begin((tx) => writeStaged(context, tx, validated))
  } catch (error) {
    if (error instanceof Refusal) await dropStaged(context.database, bundleId)
    throw error
  }
  context.observe('checkpoint-reached', { step: 'stage', point: 'written' })
  context.observe('bundle-state-changed', { bundle: bundleId, dataset, state: 'staged', rows })
}

async function writeStaged(context: AppContext, tx: Transaction, validated: Validated): Promise<void> {
  const { bundleId, manifest, rows, base } = validated
  const { dataset, edition, provider, contractVersion } = manifest
  const at = context.clock()
  // One bundle per provider at a time: of two with the same number or base, the second is refused.
  const name = `taking ${dataset} ${provider}`
  await tx`SELECT pg_advisory_xact_lock(${lockKey(name)}::bigint)`
  const position = await findSequencePosition(context, tx, manifest)
  if (position.base?.bundleId !== base?.bundleId)
    throw new Error('the base changed, but the position was accepted')
  const bags = bagsOf(validated).map((bag) => bag.bundleId)
  const replaces = await writePart(
    tx,
    {
      ...{ dataset, edition, provider, bundleId, contractVersion, rows },
      directories: validated.directories ?? [],
      baseId: base?.bundleId ?? null,
      chain: base === undefined ? 0 : base.chain + 1,
      bundles: [...(base?.bundles ?? []), ...bags],
    },
    at,
  )
  const facts = replaces === undefined ? {} : { replaces }
  for (const bag of bags) await writeState(tx, bag, 'staged', at, facts)
}
