/**
 * Derive: turns the delivered rows into the dataset's rows. Currently the identity: the same fields, typed by
 * the contract, with those that control fills still empty. It is a SELECT, so nothing is copied.
 */
import { type AppContext, advanceDraft } from '../../catalogue/index.ts'
import { type Contract, fieldType, intakeFields } from '../../contract/index.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { type StagedPart, stagingTable } from '../../ingest/index.ts'
import type { Assembled } from './assemble.ts'

export interface Derived extends Assembled {
  /** SQL that selects the dataset's typed rows. It reads staging, so only this module may run it. */
  readonly select: string
}

export async function derive(context: AppContext, assembled: Assembled): Promise<Derived> {
  const { draft, loaded, parts } = assembled
  const select = parts.map((part) => selectPart(loaded.contract, part)).join(' UNION ALL ')
  await advanceDraft(context.database.work, draft.id, { state: 'derived' })
  context.observe('checkpoint-reached', { step: 'derive', point: 'written' })
  return { ...assembled, select }
}

function selectPart(contract: Contract, part: StagedPart): string {
  const delivered = new Set(intakeFields(contract).map((field) => field.name))
  const columns = contract.fields.map((field) => {
    const name = quoteIdentifier(field.name)
    const type = fieldType(field.type)
    return delivered.has(field.name) ? `${type.cast(name)} AS ${name}` : `NULL::${type.column} AS ${name}`
  })
  return `SELECT ${columns.join(', ')} FROM ${stagingTable(part.bundleId)}`
}
