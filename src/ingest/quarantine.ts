/** Quarantine: a refused bundle rests with its findings, and what is served never hears of it. */
import type { House } from '../catalogue/index.ts'
import { writeFindings, writeState } from './receipts.ts'
import type { Refused } from './refusal.ts'

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
