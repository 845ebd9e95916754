/**
 * Validate: decode strictly, map headers, type row by row, then run the contract's checks. Valid rows go by
 * COPY into a separate table that nothing reads yet; faults become findings. A bundle with an unreadable file
 * is refused; one that exceeds its contract's tolerance is quarantined until somebody releases or drops it.
 */

import type { AppContext } from '../../catalogue/index.ts'
import { defined } from '../../platform/defined.ts'
import type { Finding } from '../../platform/finding.ts'
import { type BagFindings, prependToFirst, withReferences } from '../groups/distribute-findings.ts'
import { writeFindings, writeState } from '../receipts/receipts.ts'
import type { Changes } from '../receipts/schemas.ts'
import { lockOf } from './edition-lock.ts'
import { dropStaged } from './parts.ts'
import type { Progress } from './progress.ts'
import { Refusal } from './refusal.ts'
import { bagsOf, exceededOf, isBroken, type RunLocked, type Validated, validateRows } from './rows.ts'
import { findShiftedPoints } from './shifted-points.ts'
import type { Verified } from './verify.ts'

/** Stored with the rows of a released bundle, and published with each version that contains them. */
const released: Finding = {
  check: 'quarantine-released',
  severity: 'warning',
  message:
    'The bundle exceeded the tolerance of its contract. An officer released it without the rows with errors.',
  messageZh: '问题超出数据契约的容许范围，经人工决定放行，仅采用无错误的行。',
}

/** Validates a bundle and writes the state `validated`. Throws Refusal where the tolerance is exceeded. */
export async function validate(
  context: AppContext,
  verified: Verified,
  progress: Progress,
): Promise<Validated> {
  const runLocked: RunLocked = (work) => context.database.lock(lockOf(verified.manifest), work)
  const outcome = await validateRows(context, verified, progress, runLocked)
  const { sink, files, changes, misfit, ...validated } = outcome
  context.observe('checkpoint-reached', { step: 'validate', point: 'rows-written' })
  const broken = misfit || isBroken(files)
  // Without rows there may be no table.
  const shifted = broken || outcome.rows === 0 ? undefined : await findShiftedPoints(context, verified)
  if (shifted !== undefined) sink.add(shifted)
  const byBag = sink.byBag(files)
  const exceeded = exceededOf(verified, files, sink.counts())
  if (broken || (exceeded.length > 0 && !verified.released)) {
    // Before the state is written, because no later step cleans up here.
    await dropStaged(context.database, verified.bundleId)
    const refused = {
      findings: sink.findings(),
      counts: sink.counts(),
      files,
      byBag: withReferences(byBag, bagsOf(verified)),
    }
    throw new Refusal(broken ? refused : { ...refused, exceeded })
  }
  const { dataset } = verified.manifest
  await writeValidated(context, exceeded.length > 0 ? prependToFirst(byBag, released) : byBag, changes)
  context.observe('bundle-state-changed', {
    bundle: verified.bundleId,
    dataset,
    state: 'validated',
    rows: outcome.rows,
  })
  return validated
}

async function writeValidated(
  context: AppContext,
  byBag: readonly BagFindings[],
  changes?: Changes,
): Promise<void> {
  const at = context.clock()
  await context.database.work.begin(async (tx) => {
    for (const { bundleId, findings, ...counted } of byBag) {
      await writeFindings(tx, bundleId, findings)
      const facts = { ...counted, ...defined({ changes }) }
      await writeState(tx, bundleId, 'validated', at, facts)
    }
  })
}
