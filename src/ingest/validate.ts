/**
 * Validate: decode strictly, map headers, type row by row, then the contract's checks. What is taken goes by COPY into
 * a table of its own, unseen; what is wrong becomes findings. More errors than the contract bears refuse the bundle.
 */
import type { House } from '../catalogue/index.ts'
import { dropStaged } from './parts.ts'
import type { Progress } from './progress.ts'
import { lockOf } from './publication-acts.ts'
import { type Changes, writeFindings, writeState } from './receipts.ts'
import { Refusal } from './refusal.ts'
import { exceedsTolerance, type Hold, holdersOf, type Validated, validateRows } from './rows.ts'
import { type Share, withPointers } from './shares.ts'
import type { Verified } from './verify.ts'

/** Validates a bundle and writes the state `validated`. Throws Refusal where errors exceed the tolerance. */
export async function validate(house: House, verified: Verified, progress: Progress): Promise<Validated> {
  const underLock: Hold = (work) => house.database.lock(lockOf(verified.manifest), work)
  const outcome = await validateRows(house, verified, progress, underLock)
  const { sink, files, changes, misfit, ...validated } = outcome
  house.observe('step-reached', { step: 'validate', point: 'rows-written' })
  const { errors, warnings } = sink.counts()
  const shares = sink.shares(files)
  if (misfit || exceedsTolerance(verified.loaded.contract, files, errors)) {
    // Before the state is written, for after it nobody looks here again.
    await dropStaged(house.database, verified.bundleId)
    const told = { shares: withPointers(shares, holdersOf(verified)) }
    throw new Refusal({ findings: sink.findings(), errors, warnings, files, ...told })
  }
  const { dataset } = verified.manifest
  await writeValidated(house, shares, changes)
  house.observe('bundle-advanced', {
    bundle: verified.bundleId,
    dataset,
    state: 'validated',
    rows: outcome.rows,
  })
  return validated
}

async function writeValidated(house: House, shares: readonly Share[], changes?: Changes): Promise<void> {
  const at = house.clock()
  await house.database.work.begin(async (tx) => {
    for (const { bundleId, findings, files, errors, warnings } of shares) {
      await writeFindings(tx, bundleId, findings)
      const facts = { files, errors, warnings, ...(changes === undefined ? {} : { changes }) }
      await writeState(tx, bundleId, 'validated', at, facts)
    }
  })
}
