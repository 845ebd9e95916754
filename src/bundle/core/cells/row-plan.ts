/**
 * What the rows of a contract are read with: the readers of its cells, its key and its checks. Both the fast
 * path and the strict path use it.
 */
import {
  type BuiltCheck,
  buildChecks,
  type CheckUse,
  type Contract,
  type Contracts,
  type Field,
  intakeFields,
  intakeKey,
  isPersonal,
  type ProviderPart,
  standInOf,
} from '../../../contract/index.ts'
import { buildNoRecordTest, type NoRecordTest } from './no-record.ts'
import { buildCellReader, type CellReader } from './read-cell.ts'

interface RowPlanOptions {
  readonly contract: Contract
  readonly contracts: Pick<Contracts, 'codes'>
  /** The day, `YYYY-MM-DD`, on which codes must be valid. */
  readonly editionDay: string
  readonly part?: ProviderPart | undefined
}

export interface FieldReader {
  readonly field: Field
  readonly index: number
  readonly read: CellReader
  /** Index of the field that this one's codes depend on. */
  readonly above?: number
}

export interface RowPlan {
  readonly fields: readonly Field[]
  /** In reading order: a field after the one that its codes depend on. */
  readonly readers: readonly FieldReader[]
  readonly keyIndexes: readonly number[]
  readonly checks: readonly BuiltCheck[]
  readonly noRecord: NoRecordTest
  /** Indexes of the fields of coordinates; -1 for none. */
  readonly coordinates: { readonly longitude: number; readonly latitude: number }
}

/** Plans how rows are read. Throws a plain Error if the contract's fields depend on each other in a cycle. */
export function planRows(options: RowPlanOptions): RowPlan {
  const { contract, part } = options
  const fields = intakeFields(contract)
  const keyIndexes = intakeKey(contract).map((name) => fields.findIndex((field) => field.name === name))
  return {
    fields,
    readers: fieldReaders(fields, options),
    keyIndexes,
    noRecord: buildNoRecordTest(contract, fields, keyIndexes),
    coordinates: {
      longitude: fields.findIndex(({ name }) => name === contract.coordinates?.longitude),
      latitude: fields.findIndex(({ name }) => name === contract.coordinates?.latitude),
    },
    checks: buildChecks(checkUses(contract, part), { fields, part }),
  }
}

function fieldReaders(fields: readonly Field[], options: RowPlanOptions): readonly FieldReader[] {
  const { contract, contracts, editionDay } = options
  const all = fields.map((field, index): FieldReader => {
    const above = fields.findIndex(({ name }) => name === field.codesBy)
    const { missingValues } = contract
    const rules = { missingValues, standIn: standInOf(contract, field), isPersonal: isPersonal(contract) }
    const read = buildCellReader(field, rules, contracts, editionDay)
    return above < 0 ? { field, index, read } : { field, index, read, above }
  })
  const ordered: FieldReader[] = []
  const visit = (reader: FieldReader | undefined, depth: number): void => {
    if (reader === undefined || ordered.includes(reader)) return
    if (depth > fields.length) throw new Error('Fields of the contract depend on each other in a cycle.')
    if (reader.above !== undefined) visit(all[reader.above], depth + 1)
    ordered.push(reader)
  }
  for (const reader of all) visit(reader, 0)
  return ordered
}

/** A part's scope applies even if the contract omits it: no provider may bring another's rows. */
function checkUses(contract: Contract, part: ProviderPart | undefined): readonly CheckUse[] {
  const uses = contract.checks ?? []
  const scoped = part?.scope !== undefined && !uses.some(({ check }) => check === 'part-scope')
  return scoped ? [...uses, { check: 'part-scope' }] : uses
}
