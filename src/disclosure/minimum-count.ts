/**
 * Primary suppression by a minimum count: a record based on fewer children than the minimum loses its measures. A
 * missing or zero count suppresses too: publishing too little can be corrected by the next version, publishing too much
 * can't. Values that could be recomputed by subtraction are left to secondary suppression, a later rule.
 */
import { type Contract, type DisclosureUse, freeStatus, getField } from '../contract/index.ts'
import type { ConfidentialRow } from './edition.ts'
import type { StreamingRule } from './rule.ts'

interface Parameters {
  /** The field with the number of children that a record is based on. */
  readonly count: string
  readonly minimum: number
  /** Fields that are withheld together. */
  readonly withhold: readonly string[]
  /** The field of role `status` that receives the SDMX code: F free, C confidential. */
  readonly status: string
}

export const minimumCount: StreamingRule = {
  name: 'minimum-count',
  parameters: {
    type: 'object',
    required: ['count', 'minimum', 'withhold', 'status'],
    additionalProperties: false,
    properties: {
      count: { type: 'string', format: 'field-name' },
      // 3 is the lowest threshold in use among the reference authorities; 1 would protect nobody.
      minimum: { type: 'integer', minimum: 3 },
      withhold: { type: 'array', minItems: 1, items: { type: 'string', format: 'field-name' } },
      status: { type: 'string', format: 'field-name' },
    },
  },
  control(rows, contract, use) {
    const rule = resolveParameters(contract, use)
    let records = 0
    let recordsWithheld = 0
    let valuesWithheld = 0
    const decide = (row: ConfidentialRow): ConfidentialRow => {
      records += 1
      const controlled = [...row]
      const safe = Number(row[rule.count] ?? 0) >= rule.minimum
      controlled[rule.status] = safe ? freeStatus : 'C'
      if (safe) return controlled
      recordsWithheld += 1
      for (const index of rule.withhold) {
        if (controlled[index] !== null) valuesWithheld += 1
        controlled[index] = null
      }
      return controlled
    }
    async function* controlled() {
      for await (const batch of rows) yield batch.map(decide)
    }
    return {
      rows: controlled(),
      summary: () => ({
        rule: 'minimum-count',
        records,
        recordsWithheld,
        valuesWithheld,
        byReason: { primary: recordsWithheld },
      }),
    }
  },
}

/** The parameters, with field names resolved to column indexes. */
function resolveParameters(contract: Contract, use: DisclosureUse) {
  const { count, minimum, withhold, status } = use as DisclosureUse & Parameters
  const index = (name: string) => contract.fields.indexOf(getField(contract, name))
  return { count: index(count), minimum, withhold: withhold.map(index), status: index(status) }
}
