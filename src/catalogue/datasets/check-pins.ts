/** Compares pinned contracts with their digests, and restores a damaged copy from the contract's file. */
import type { Contracts } from '../../contract/index.ts'
import type { Database } from '../../db/database.ts'
import { canonicalJson, digestOf } from '../../platform/digest.ts'

interface Pin {
  readonly dataset: string
  readonly contractVersion: number
}

/** The number of pinned contracts, and those whose stored copy does not have its digest. */
export async function checkPins(
  database: Pick<Database, 'work'>,
): Promise<{ readonly pins: number; readonly damaged: readonly Pin[] }> {
  const rows = await database.work<(Pin & { readonly digest: string; readonly body: object })[]>`
    SELECT dataset, contract_version AS "contractVersion", digest, body FROM qingdan.contract
    ORDER BY dataset COLLATE "C", contract_version`
  const damaged = rows.filter(({ digest, body }) => digestOf(canonicalJson(body)) !== digest)
  return { pins: rows.length, damaged }
}

/** Restores the copy of a pinned contract from the loaded one, if that has the digest. Returns whether it has. */
export async function restorePin(
  database: Pick<Database, 'work'>,
  contracts: Contracts,
  { dataset, contractVersion }: Pin,
): Promise<boolean> {
  const loaded = contracts.find(dataset, contractVersion)
  if (loaded === undefined) return false
  const { work } = database
  const restored = await work`
    UPDATE qingdan.contract SET body = ${work.json(loaded.document as never)}
    WHERE dataset = ${dataset} AND contract_version = ${contractVersion} AND digest = ${loaded.digest}`
  return restored.count === 1
}
