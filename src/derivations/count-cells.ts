/**
 * `count-cells`: counts rows by dimensions, and adds up whole numbers. The published row has the dimensions,
 * the count and the sums; every other field stays empty.
 */
import { type Field, intakeFields } from '../contract/index.ts'
import type { Derivation, DerivationUse, DerivedRow } from './derivation.ts'

interface Parameters {
  /** Fields by which rows are counted: in the intake and in the published rows, under the same name. */
  readonly by: readonly string[]
  /** The published field with the number of rows. */
  readonly count: string
  /** Published fields with a sum, each with the intake field that is added up. Missing values add nothing. */
  readonly sums?: Readonly<Record<string, string>>
}

/** The measure of the number of rows; no field has this name. */
const rowsMeasure = '_rows'

export const countCells: Derivation = {
  name: 'count-cells',
  parameters: {
    type: 'object',
    required: ['by', 'count'],
    additionalProperties: false,
    properties: {
      by: { type: 'array', minItems: 1, uniqueItems: true, items: { type: 'string', format: 'field-name' } },
      count: { type: 'string', format: 'field-name' },
      sums: {
        type: 'object',
        propertyNames: { type: 'string', format: 'field-name' },
        additionalProperties: { type: 'string', format: 'field-name' },
      },
    },
  },
  directories: {},
  faults: {},
  *check(contract) {
    const { by, count, sums = {} } = parametersOf(contract.derivation)
    const brought = new Map(intakeFields(contract).map((field) => [field.name, field]))
    const published = new Map(contract.fields.map((field) => [field.name, field]))
    for (const [index, name] of by.entries()) {
      const path = `/derivation/by/${index}`
      const [from, to] = [brought.get(name), published.get(name)]
      if (from === undefined || to === undefined) yield [path, 'must be an intake and a published field']
      else if (from.constraints?.required !== true) yield [path, 'must be required in the intake']
      else if (from.type !== to.type)
        yield [path, 'must have one type in the intake and in the published rows']
    }
    if (contract.primaryKey.some((name) => !by.includes(name)) || contract.primaryKey.length !== by.length)
      yield ['/primaryKey', 'must be the fields of /derivation/by']
    if (!isInteger(published.get(count)))
      yield ['/derivation/count', 'must be a published field of type integer']
    for (const [to, from] of Object.entries(sums)) {
      if (!isInteger(published.get(to)) || !isInteger(brought.get(from)))
        yield [`/derivation/sums/${to}`, 'must be a published integer with the intake integer to add up']
    }
  },
  columns: (contract) => [...parametersOf(contract.derivation).by, 'measure'],
  openPart({ contract, use }) {
    const { by, sums = {} } = parametersOf(use)
    const fields = intakeFields(contract).map(({ name }) => name)
    const places = by.map((name) => fields.indexOf(name))
    const added = Object.entries(sums).map(([to, from]) => ({ to, place: fields.indexOf(from) }))
    const groups = new Map<string, { readonly cell: readonly string[]; rows: number; sums: number[] }>()
    return {
      add(values) {
        const cell = places.map((place) => values[place] ?? '')
        const key = cell.map((value) => `${value.length}:${value}`).join('')
        let group = groups.get(key)
        if (group === undefined) {
          group = { cell, rows: 0, sums: added.map(() => 0) }
          groups.set(key, group)
        }
        group.rows += 1
        for (const [index, { place }] of added.entries())
          group.sums[index] = (group.sums[index] ?? 0) + Number(values[place] ?? 0)
        return true
      },
      *finish() {
        for (const { cell, rows, sums: amounts } of groups.values()) {
          yield { cell: [...cell, rowsMeasure], amount: rows }
          for (const [index, { to }] of added.entries())
            yield { cell: [...cell, to], amount: amounts[index] ?? 0 }
        }
      },
    }
  },
  async *aggregate({ contract, use }, statistics) {
    const { by, count } = parametersOf(use)
    let cell: string | undefined
    let row: (string | null)[] = []
    const place = new Map(contract.fields.map(({ name }, index) => [name, index]))
    const begin = (values: readonly string[]) => {
      row = contract.fields.map(({ name }) => values[by.indexOf(name)] ?? null)
    }
    for await (const batch of statistics) {
      const done: DerivedRow[] = []
      for (const { cell: values, amount } of batch) {
        const key = JSON.stringify(values.slice(0, -1))
        if (key !== cell) {
          if (cell !== undefined) done.push(row)
          begin(values)
          cell = key
        }
        const measure = values.at(-1) ?? ''
        row[place.get(measure === rowsMeasure ? count : measure) ?? -1] = String(amount)
      }
      yield done
    }
    if (cell !== undefined) yield [row]
  },
}

function parametersOf(use: DerivationUse | undefined): Parameters {
  return use as unknown as Parameters
}

const isInteger = (field: Field | undefined) => field?.type === 'integer'
