/**
 * A delta as two readings: rows to be put in place of others or added, under the contract; and rows to be deleted, under
 * a contract of the key alone. A full bundle is one reading. What a delta does to its base needs the base, and is no
 * matter of this room.
 */

import { type Contract, intakeFields, intakeKey } from '../../../contract/index.ts'
import type { Finding } from '../../../platform/finding.ts'
import type { Operation } from '../../core/bag/descriptor.ts'
import { faultAt } from '../../core/findings/checks.ts'
import { buildKeyIndex } from './key-index.ts'
import type { RowBatch, ValidateOptions } from './validate-bag.ts'

export interface Reading {
  /** What becomes of the rows; absent in a full bundle. */
  readonly operation?: Operation
  readonly options: ValidateOptions
}

/** The readings of a bundle, upserts before deletes; one that has no files is left out. */
export function readingsOf(options: ValidateOptions): readonly Reading[] {
  if (options.manifest.mode === 'full') return [{ options }]
  const reading = (operation: Operation, more: Partial<ValidateOptions>): readonly Reading[] => {
    const files = options.manifest.files.filter((file) => file.operation === operation)
    if (files.length === 0) return []
    return [{ operation, options: { ...options, ...more, manifest: { ...options.manifest, files } } }]
  }
  const contract = keyContract(options.contract)
  const onFinding = (finding: Finding) => options.onFinding(asDelete(finding))
  return [...reading('upsert', {}), ...reading('delete', { contract, onFinding })]
}

/**
 * The contract of rows to be deleted: the key and nothing else, with no checks but that they lie in the provider's
 * share. All else that is brought or published is a header that is known, and may not stand there.
 */
export function keyContract(contract: Contract): Contract {
  const key = intakeKey(contract)
  const brought = intakeFields(contract)
  const names = new Set(brought.map(({ name }) => name))
  return {
    ...contract,
    fields: [...brought, ...contract.fields.filter(({ name }) => !names.has(name))],
    intake: {
      personal: contract.intake?.personal === true,
      fields: brought.filter(({ name }) => key.includes(name)),
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
 * Takes rows as the readings give them, in their order, and reports each row to be deleted whose key is brought as well.
 * It remembers keys by their digests (key-index.ts). A receiver has the rows in a database, and asks that instead.
 */
export function buildKeyMatcher(
  contract: Contract,
  report: (finding: Finding) => void,
): (reading: Reading, batch: RowBatch) => void {
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
      report(keyBoth(path, row, contract))
    }
  }
}

/** The finding of a key that one delta deletes and brings. */
export function keyBoth(file: string, row: number, contract: Contract): Finding {
  return faultAt('delta-key-both', { file, row, field: intakeKey(contract).join(',') })
}
