/** Quarantine: a refused bundle rests with its findings, and what is served never hears of it. */
import type { House } from '../catalogue/index.ts'
import { writeFindings, writeState } from './receipts.ts'
import type { Refused } from './refusal.ts'
import type { Share } from './shares.ts'

/** Writes why a bundle was refused. Its bytes stay where they were stored, under its digest. */
export async function refuse(house: House, id: string, refused: Refused): Promise<void> {
  const count = (severity: string) =>
    refused.findings.filter((finding) => finding.severity === severity).length
  await house.database.work.begin(async (tx) => {
    await writeFindings(tx, id, refused.findings)
    await writeState(tx, id, 'refused', house.clock(), {
      errors: refused.errors ?? count('error'),
      warnings: refused.warnings ?? count('warning'),
      ...(refused.files === undefined ? {} : { files: refused.files }),
    })
  })
  house.observe('bundle-advanced', { bundle: id, state: 'refused', errors: refused.errors ?? count('error') })
}

/** Refuses all bags of a group, in one transaction: none is taken without the others. */
export async function refuseShares(house: House, shares: readonly Share[]): Promise<void> {
  const at = house.clock()
  await house.database.work.begin(async (tx) => {
    for (const { bundleId, findings, files, errors, warnings } of shares) {
      await writeFindings(tx, bundleId, findings)
      await writeState(tx, bundleId, 'refused', at, { errors, warnings, files })
    }
  })
  for (const { bundleId, errors } of shares)
    house.observe('bundle-advanced', { bundle: bundleId, state: 'refused', errors })
}
