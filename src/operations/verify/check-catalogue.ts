/** Compares the pinned contracts with their digests, and the change log with the versions and contracts. */
import {
  checkChangeLog,
  checkPins,
  restoreChanges,
  restoreCounter,
  restorePin,
} from '../../catalogue/index.ts'
import type { Verification } from './verification.ts'

export async function checkCatalogue(verification: Verification): Promise<void> {
  await checkContracts(verification)
  await checkChanges(verification)
}

async function checkContracts({ context, counts, report, repair, progress }: Verification): Promise<void> {
  progress('contracts', 0)
  const { pins, damaged } = await checkPins(context.database)
  counts.contracts = pins
  for (const pin of damaged) {
    const isRepaired = repair && (await restorePin(context.database, context.contracts, pin))
    report('contract-digest', `${pin.dataset} ${pin.contractVersion}`, {
      action: isRepaired ? 'repaired' : null,
    })
  }
}

async function checkChanges({ context, counts, report, repair, progress }: Verification): Promise<void> {
  progress('changes', 0)
  const log = await checkChangeLog(context.database)
  counts.changes = log.changes
  const action = repair && (await restoreChanges(context.database, log)) ? 'repaired' : null
  for (const position of log.gaps) report('change-gap', `position ${position}`, { action })
  for (const { kind, dataset, edition, version } of log.missing) {
    const of = [edition, version === undefined ? undefined : `v${version}`]
    report('change-missing', [kind, dataset, ...of].filter(Boolean).join(' '), { action })
  }
  for (const position of log.different) report('change-differs', `position ${position}`)
  for (const position of log.surplus) report('change-surplus', `position ${position}`)
  if (!log.isCounterBehind) return
  if (repair) await restoreCounter(context.database)
  report('change-counter', 'change_counter', { action: repair ? 'repaired' : null })
}
