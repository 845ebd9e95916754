/** An item in one version of a list: the texts of the properties that its contract binds to the kind. */
import { bindingOf, type Contract, type KindBinding, kinds, listSeparator } from '../contract/index.ts'
import type { RecordValues } from '../formats/index.ts'

/** Properties of an item; null if the contract does not bind them. */
export type Property = keyof (typeof kinds)['annual-list']

export const properties = Object.keys(kinds['annual-list']) as readonly Property[]

/** Properties whose fields in the API keep a former name, since published formats don't change. */
const publicNames = { updateFrequency: 'rhythm', shareMethods: 'shareWays' } as const satisfies Partial<
  Record<Property, string>
>

type PublicProperty =
  | Exclude<Property, keyof typeof publicNames>
  | (typeof publicNames)[keyof typeof publicNames]

/** The name of a property in the API. */
export function publicName(property: Property): PublicProperty {
  return property === 'updateFrequency' || property === 'shareMethods' ? publicNames[property] : property
}

export interface Promised {
  /** Canonical texts by property. */
  readonly values: Readonly<Record<Property, string | null>>
  /** The record as published, in the order of the contract. */
  readonly record: RecordValues
}

/** Returns a function that reads a promise from a record of this contract. */
export function promiseReader(contract: Contract): (record: RecordValues) => Promised {
  const bind: KindBinding<'annual-list'> = bindingOf(contract, 'annual-list') ?? {}
  const columns = properties.map(
    (property) => [property, contract.fields.findIndex(({ name }) => name === bind[property])] as const,
  )
  return (record) => {
    const values = columns.map(([property, index]) => [property, record[index] ?? null])
    return { values: Object.fromEntries(values) as Promised['values'], record }
  }
}

/** The names of the providers. */
export function providersOf({ values }: Promised): readonly string[] {
  return (values.providers ?? '').split(listSeparator)
}
