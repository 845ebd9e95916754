/**
 * Pinned contracts: a contract version never changes once it was loaded, since editions depend on it. A file that has
 * changed is refused at start; the remedy is a new contract version.
 */
import { type Contracts, compareContracts, type LoadedContract } from '../../contract/index.ts'
import type { Database, Transaction } from '../../db/database.ts'
import { appendChange } from '../changes/change-log.ts'

/** Pins new contracts and checks the others. Throws an Error that lists every file that differs from its pin. */
export async function pinContracts(database: Database, contracts: Contracts, at: Date): Promise<void> {
  const loaded = contracts.list().flatMap(({ contract }) => contracts.versions(contract.dataset))
  await database.work.begin(async (tx) => {
    await tx`LOCK TABLE qingdan.contract IN SHARE ROW EXCLUSIVE MODE`
    const pins = await tx<{ dataset: string; contract_version: number; digest: string }[]>`
      SELECT dataset, contract_version, digest FROM qingdan.contract`
    const pinned = new Map(pins.map((pin) => [`${pin.dataset} ${pin.contract_version}`, pin.digest]))
    const changed: string[] = []
    for (const candidate of loaded) {
      const digest = pinned.get(`${candidate.contract.dataset} ${candidate.contract.contractVersion}`)
      if (digest === undefined) await pin(tx, contracts, candidate, at)
      else if (digest !== candidate.digest) changed.push(candidate.file)
    }
    if (changed.length === 0) return
    throw new Error(
      `These contracts have changed since they were first loaded: ${changed.join(', ')}. ` +
        'Restore them, and put the changes into the next contract.vN.json.',
    )
  })
}

async function pin(tx: Transaction, contracts: Contracts, { contract, digest }: LoadedContract, at: Date) {
  const before = contracts.find(contract.dataset, contract.contractVersion - 1)
  const verdict = before === undefined ? null : compareContracts(before.contract, contract).verdict
  await tx`
    INSERT INTO qingdan.contract (dataset, contract_version, digest, body, verdict, loaded_at)
    VALUES (${contract.dataset}, ${contract.contractVersion}, ${digest}, ${tx.json(contract as never)},
      ${verdict}, ${at})`
  await appendChange(tx, {
    at,
    kind: 'contract-added',
    dataset: contract.dataset,
    body: { contractVersion: contract.contractVersion, digest, verdict },
  })
}
