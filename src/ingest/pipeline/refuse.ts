/** Refusing: a bundle is refused or quarantined with its findings; published data is not affected. */

import { buildFindingSink } from '../../bundle/index.ts'
import type { AppContext } from '../../catalogue/index.ts'
import type { Exceeded } from '../../contract/index.ts'
import { defined } from '../../platform/defined.ts'
import type { BagFindings } from '../groups/distribute-findings.ts'
import { summaryOf, writeFindings, writeState } from '../receipts/receipts.ts'
import type { Refused } from './refusal.ts'

/**
 * Records why a bundle was rejected: `quarantined` if it is readable but exceeds its contract's tolerance,
 * else `refused`, which nobody can release. Its bytes remain stored under its digest.
 */
export async function refuseBundle(context: AppContext, id: string, refused: Refused): Promise<void> {
  const { findings, files, exceeded } = refused
  const counts = refused.counts ?? countsOf(refused)
  const { errors, warnings } = counts
  const state = exceeded === undefined ? 'refused' : 'quarantined'
  await context.database.work.begin(async (tx) => {
    await writeFindings(tx, id, findings)
    await writeState(tx, id, state, context.clock(), {
      ...{ errors, warnings, summary: summaryOf(counts) },
      ...defined({ files, exceeded }),
    })
  })
  context.observe('bundle-state-changed', { bundle: id, state, errors })
}

function countsOf({ findings }: Refused) {
  const sink = buildFindingSink(0)
  for (const finding of findings) sink.add(finding)
  return sink.counts()
}

/**
 * Rejects all bags of a group in one transaction at one instant: they are staged, released or dropped only
 * together.
 */
export async function refuseBags(
  context: AppContext,
  byBag: readonly BagFindings[],
  exceeded?: readonly Exceeded[],
): Promise<void> {
  const at = context.clock()
  const state = exceeded === undefined ? 'refused' : 'quarantined'
  await context.database.work.begin(async (tx) => {
    for (const { bundleId, findings, ...counted } of byBag) {
      await writeFindings(tx, bundleId, findings)
      await writeState(tx, bundleId, state, at, {
        ...counted,
        ...defined({ exceeded }),
      })
    }
  })
  for (const { bundleId, errors } of byBag)
    context.observe('bundle-state-changed', { bundle: bundleId, state, errors })
}
