/**
 * A delta is read in two passes: upserted rows, under the contract; and deleted rows, under a contract of the key
 * alone. A full bundle is one pass. Applying a delta to its base version needs the base, and is not part
 * of this module.
 */

import { type Contract, intakeFields, intakeKey, isPersonal } from '../../../contract/index.ts'
import type { Finding } from '../../../platform/finding.ts'
import type { Operation } from '../../core/bag/descriptor.ts'
import { faultAt } from '../../core/findings/checks.ts'
import { buildKeyIndex } from './key-index.ts'
import type { RowBatch } from './validate-bag.ts'
import type { ValidateOptions } from './walk.ts'

export interface RowPass {
  /** The operation on the rows; absent in a full bundle. */
  readonly operation?: Operation
  readonly options: ValidateOptions
}

/** The passes over a bundle, upserts before deletes; a pass without files is omitted. */
export function rowPassesOf(options: ValidateOptions): readonly RowPass[] {
  if (options.manifest.mode === 'full') return [{ options }]
  const pass = (operation: Operation, more: Partial<ValidateOptions>): readonly RowPass[] => {
    const files = options.manifest.files.filter((file) => file.operation === operation)
    if (files.length === 0) return []
    return [{ operation, options: { ...options, ...more, manifest: { ...options.manifest, files } } }]
  }
  const contract = keyContract(options.contract)
  const onFinding = (finding: Finding) => options.onFinding(asDelete(finding))
  return [...pass('upsert', {}), ...pass('delete', { contract, onFinding })]
}

/**
 * The contract of rows to be deleted: only the key, with no checks except that the rows are in the provider's
 * share. The headers of other fields are known, but not allowed.
 */
function keyContract(contract: Contract): Contract {
  const key = intakeKey(contract)
  const delivered = intakeFields(contract)
  const names = new Set(delivered.map(({ name }) => name))
  return {
    ...contract,
    fields: [...delivered, ...contract.fields.filter(({ name }) => !names.has(name))],
    intake: {
      personal: isPersonal(contract),
      fields: delivered.filter(({ name }) => key.includes(name)),
      primaryKey: key,
    },
    checks: [],
  }
}

function asDelete(finding: Finding): Finding {
  if (finding.check !== 'header-forbidden') return finding
  const { check: _check, severity: _severity, message: _message, messageZh: _messageZh, ...place } = finding
  return faultAt('header-beyond-key', place)
}

/**
 * Takes rows in the order of the passes, and reports each deleted row whose key is also upserted. Stores
 * digests of the keys (key-index.ts). A receiver that has the rows in a database queries that instead.
 */
export function buildKeyMatcher(
  contract: Contract,
  report: (finding: Finding) => void,
): (pass: RowPass, batch: RowBatch) => void {
  const keys = buildKeyIndex()
  const key = intakeKey(contract)
  let ordinal = 0
  return ({ operation, options }, batch) => {
    if (operation === undefined) return
    const fields = intakeFields(options.contract).map(({ name }) => name)
    const places = key.map((name) => fields.indexOf(name))
    for (const { file, row, values } of batch) {
      const texts = places.map((place) => values[place] ?? '')
      const text = texts.map((value) => `${value.length}:${value}`).join('')
      keys.add(text, ordinal)
      ordinal += 1
      if (operation !== 'delete' || keys.firstOfDuplicates(text) === undefined) continue
      const path = options.manifest.files[file]?.path ?? ''
      report(keyConflict(path, row, contract))
    }
  }
}

/** The finding for a key that one delta both deletes and upserts. */
export function keyConflict(file: string, row: number, contract: Contract): Finding {
  return faultAt('delta-key-both', { file, row, field: intakeKey(contract).join(',') })
}
