/**
 * Pinned contracts: a contract version never changes once it was loaded, since editions depend on it. A file
 * that has changed is refused at start; the remedy is a new contract version.
 */
import {
  type ContractInUse,
  type Contracts,
  compareContracts,
  type LoadedContract,
} from '../../contract/index.ts'
import type { Database, Transaction } from '../../db/database.ts'
import { appendChange } from '../changes/change-log.ts'

/**
 * Pins new contracts, compares the others with their pins, and returns the new ones. Throws an Error that
 * names every file which differs from its pin.
 */
export async function pinContracts(
  database: Database,
  contracts: Contracts,
  at: Date,
): Promise<readonly LoadedContract[]> {
  const loaded = contracts.list().flatMap(({ contract }) => contracts.versions(contract.dataset))
  return database.work.begin(async (tx) => {
    await tx`LOCK TABLE qingdan.contract IN SHARE ROW EXCLUSIVE MODE`
    const pins = await tx<{ dataset: string; contract_version: number; digest: string }[]>`
      SELECT dataset, contract_version, digest FROM qingdan.contract`
    const pinned = new Map(pins.map((pin) => [`${pin.dataset} ${pin.contract_version}`, pin.digest]))
    const changed: string[] = []
    const added: LoadedContract[] = []
    for (const one of loaded) {
      const digest = pinned.get(`${one.contract.dataset} ${one.contract.contractVersion}`)
      if (digest === undefined) {
        await pin(tx, contracts, one, at)
        added.push(one)
      } else if (digest !== one.digest) changed.push(one.file)
    }
    if (changed.length === 0) return added
    throw new Error(
      `These contracts have changed since they were first loaded: ${changed.join(', ')}. ` +
        'Restore them, and put the changes into the next contract.vN.json.',
    )
  })
}

/** All pinned contracts, as their documents were when they were first loaded. */
export async function readPinnedContracts(
  database: Pick<Database, 'work'>,
): Promise<readonly ContractInUse[]> {
  return database.work<ContractInUse[]>`
    SELECT dataset, contract_version AS "contractVersion", digest, body AS document FROM qingdan.contract`
}

async function pin(tx: Transaction, contracts: Contracts, loaded: LoadedContract, at: Date) {
  const { contract, document, digest } = loaded
  const before = contracts.find(contract.dataset, contract.contractVersion - 1)
  const verdict = before === undefined ? null : compareContracts(before.contract, contract).verdict
  await tx`
    INSERT INTO qingdan.contract (dataset, contract_version, digest, body, verdict, loaded_at)
    VALUES (${contract.dataset}, ${contract.contractVersion}, ${digest}, ${tx.json(document as never)},
      ${verdict}, ${at})`
  await appendChange(tx, {
    at,
    kind: 'contract-added',
    dataset: contract.dataset,
    body: { contractVersion: contract.contractVersion, digest, verdict },
  })
}
