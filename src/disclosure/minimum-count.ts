/**
 * Primary suppression by a minimum count: a record that rests on fewer children than the minimum loses its measures.
 * A count that is missing or zero withholds too: to publish too little is mended by the next version,
 * to publish too much is not. What others could subtract back is the business of a later rule.
 */
import { type Contract, type DisclosureUse, freeStatus, getField } from '../contract/index.ts'
import type { ConfidentialRow, DisclosureRule } from './rule.ts'

interface Parameters {
  /** The field that counts the children a record rests on. */
  readonly count: string
  readonly minimum: number
  /** Fields that are withheld together. */
  readonly withhold: readonly string[]
  /** The field of role `status` that receives the SDMX code: F free, C confidential. */
  readonly status: string
}

export const minimumCount: DisclosureRule = {
  name: 'minimum-count',
  parameters: {
    type: 'object',
    required: ['count', 'minimum', 'withhold', 'status'],
    additionalProperties: false,
    properties: {
      count: { type: 'string', format: 'field-name' },
      // 3 is the least that any authority of the reference uses; 1 would protect nobody.
      minimum: { type: 'integer', minimum: 3 },
      withhold: { type: 'array', minItems: 1, items: { type: 'string', format: 'field-name' } },
      status: { type: 'string', format: 'field-name' },
    },
  },
  control(rows, contract, use) {
    const place = places(contract, use)
    let records = 0
    let recordsWithheld = 0
    let valuesWithheld = 0
    const decide = (row: ConfidentialRow): ConfidentialRow => {
      records += 1
      const controlled = [...row]
      const safe = Number(row[place.count] ?? 0) >= place.minimum
      controlled[place.status] = safe ? freeStatus : 'C'
      if (safe) return controlled
      recordsWithheld += 1
      for (const index of place.withhold) {
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

function places(contract: Contract, use: DisclosureUse) {
  const { count, minimum, withhold, status } = use as DisclosureUse & Parameters
  const index = (name: string) => contract.fields.indexOf(getField(contract, name))
  return { count: index(count), minimum, withhold: withhold.map(index), status: index(status) }
}
