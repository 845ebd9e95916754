/**
 * The parameters of `audited-suppression` as a contract states them, and the columns of a record that they name. A
 * contract whose parameters contradict each other or its fields is refused when it is loaded.
 */
import type { Contract, DisclosureUse, Field } from '../../contract/index.ts'

/** The code of a total in every dimension and in the levels. */
export const totalCode = '_T'

export interface Parameters {
  readonly base: { readonly count: string; readonly minimum: number }
  readonly levels: {
    readonly field: string
    readonly count: string
    /** Sensitive levels by block; `*` for every block that is not named. */
    readonly sensitive: Readonly<Record<string, readonly string[]>>
    readonly small: number
    /** Share of the base, 0 to 1, below which a small count is not sensitive. */
    readonly smallShare?: number
    readonly zero?: 'publish' | 'protect'
    /** Levels that are dearer to withhold. */
    readonly keep?: readonly string[]
    /** Fields of the total row, each with the levels of which it is the sum or rate. */
    readonly sums?: Readonly<Record<string, readonly string[]>>
  }
  readonly mean?: string
  /** The standard deviation of all results. */
  readonly deviation?: string
  readonly quantiles?: {
    readonly definition: 'inverse-cdf'
    readonly minimumPerTail: number
    /** Fields of the total row, each with its percentage. */
    readonly fields?: Readonly<Record<string, number>>
  }
  readonly protection: { readonly width: number }
  readonly versions?: { readonly heldBelow: number }
  readonly ranges?: { readonly low: string; readonly high: string }
  /** As in every rule: the fields that may be emptied, and the field of role `status`. */
  readonly withhold: readonly string[]
  readonly status: string
}

const fieldName = { type: 'string', format: 'field-name' } as const
const codes = { type: 'array', items: { type: 'string' }, minItems: 1, uniqueItems: true } as const

/** JSON Schema of the parameters in a contract. */
export const parametersSchema = {
  type: 'object',
  required: ['base', 'levels', 'protection', 'withhold', 'status'],
  additionalProperties: false,
  properties: {
    base: closed(['count', 'minimum'], {
      count: fieldName,
      // 3 is the lowest threshold in use among the reference authorities; 1 would protect nobody.
      minimum: { type: 'integer', minimum: 3, maximum: 1000 },
    }),
    levels: closed(['field', 'count', 'sensitive', 'small'], {
      field: fieldName,
      count: fieldName,
      sensitive: { type: 'object', additionalProperties: codes },
      small: { type: 'integer', minimum: 3, maximum: 1000 },
      smallShare: { type: 'number', minimum: 0, maximum: 0.1 },
      zero: { enum: ['publish', 'protect'] },
      keep: codes,
      sums: { type: 'object', propertyNames: fieldName, additionalProperties: codes },
    }),
    mean: fieldName,
    deviation: fieldName,
    withhold: { type: 'array', minItems: 1, items: fieldName, uniqueItems: true },
    status: fieldName,
    quantiles: closed(['definition', 'minimumPerTail'], {
      definition: { enum: ['inverse-cdf'] },
      minimumPerTail: { type: 'integer', minimum: 3, maximum: 1000 },
      fields: {
        type: 'object',
        propertyNames: fieldName,
        additionalProperties: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 100 },
      },
    }),
    protection: closed(['width'], { width: { type: 'integer', minimum: 2, maximum: 999 } }),
    versions: closed(['heldBelow'], { heldBelow: { type: 'integer', minimum: 3, maximum: 1000 } }),
    ranges: closed(['low', 'high'], { low: fieldName, high: fieldName }),
  },
} as const

function closed(required: readonly string[], properties: Readonly<Record<string, unknown>>) {
  return { type: 'object', required, additionalProperties: false, properties }
}

/** The parameters of a contract that uses this rule. */
export function parametersOf(use: DisclosureUse): Parameters {
  const { rule: _, ...parameters } = use as DisclosureUse & Record<string, unknown>
  return parameters as unknown as Parameters
}

/**
 * What is wrong with the parameters of a contract, as pairs of a path and a sentence: what the schema can't express.
 */
export function* parameterComplaints(
  contract: Contract,
  use: DisclosureUse,
): Generator<readonly [path: string, message: string]> {
  const { base, levels, protection, ...others } = parametersOf(use)
  const path = '/disclosure'
  const fields = new Map(contract.fields.map((field) => [field.name, field]))
  for (const [at, name] of [
    ['base/count', base.count],
    ['levels/count', levels.count],
    ['ranges/low', others.ranges?.low],
    ['ranges/high', others.ranges?.high],
  ] as const) {
    if (name !== undefined && fields.get(name)?.type !== 'integer')
      yield [`${path}/${at}`, 'must name a field of type integer']
  }
  const widest = widestProtection(base.minimum, levels)
  if (protection.width > widest)
    yield [
      `${path}/protection/width`,
      `must be at most ${widest}: a withheld count lies between ${lowestHidden(levels)} and ` +
        `${Math.min(base.minimum, levels.small) - 1}; raise base.minimum and levels.small or lower the width`,
    ]
  if (!contract.primaryKey.includes(levels.field))
    yield [`${path}/levels/field`, 'must belong to the primary key']
  for (const name of [base.count, levels.count, ...Object.keys(levels.sums ?? {})])
    if (!others.withhold.includes(name)) yield [`${path}/withhold`, `must contain "${name}"`]
  for (const { name, role } of contract.fields)
    if (role === 'measure' && !others.withhold.includes(name))
      yield [`${path}/withhold`, `must contain "${name}", a measure: it could tell a withheld count`]
  const half = others.quantiles?.minimumPerTail
  if (half !== undefined && half < base.minimum / 2)
    yield [
      `${path}/quantiles/minimumPerTail`,
      `must be at least ${Math.ceil(base.minimum / 2)}, half of base.minimum`,
    ]
}

/** Lowest value that an outsider can't rule out for a withheld small count. */
function lowestHidden({ zero }: Parameters['levels']): 0 | 1 {
  return zero === 'protect' ? 0 : 1
}

/** The widest protection that every small count can have without leaving the values that are withheld. */
export function widestProtection(minimum: number, levels: Parameters['levels']): number {
  return Math.min(minimum, levels.small) - 1 - lowestHidden(levels)
}

/** Parameters with names resolved to columns. */
export interface Columns {
  readonly base: number
  readonly count: number
  readonly level: number
  /** The field whose code chooses the levels; -1 where there is one block only. */
  readonly block: number
  readonly status: number
  readonly low: number
  readonly high: number
  /** Dimensions from the outermost field to the innermost: stage, grade is one dimension of two columns. */
  readonly dimensions: readonly (readonly number[])[]
  /** Everything that is withheld with its counts: measures and further counts. */
  readonly measures: readonly { readonly column: number; readonly levels?: readonly string[] }[]
  readonly mean: number
  readonly deviation: number
  readonly quantiles: readonly { readonly column: number; readonly percent: number }[]
}

/** Throws a plain Error for a name that is not a field, which the contract loader has refused. */
export function resolveColumns(contract: Contract, parameters: Parameters): Columns {
  const { base, levels, ranges, mean, deviation, quantiles, withhold, status } = parameters
  const at = (name: string | undefined) =>
    name === undefined ? -1 : contract.fields.findIndex((field) => field.name === name)
  const level = contract.fields[at(levels.field)]
  if (level === undefined) throw new Error(`no field ${levels.field}`)
  const block = at(level.codesBy)
  const measures = withhold
    .filter((name) => name !== base.count && name !== levels.count)
    .map((name) => {
      const of = levels.sums?.[name]
      return of === undefined ? { column: at(name) } : { column: at(name), levels: of }
    })
  return {
    ...{ base: at(base.count), count: at(levels.count), level: at(levels.field), block, status: at(status) },
    ...{ low: at(ranges?.low), high: at(ranges?.high), measures, mean: at(mean), deviation: at(deviation) },
    dimensions: dimensionsOf(contract.fields, contract.primaryKey, [levels.field, level.codesBy]).map(
      (names) => names.map(at),
    ),
    quantiles: Object.entries(quantiles?.fields ?? {}).map(([name, percent]) => ({
      column: at(name),
      percent,
    })),
  }
}

/** A field with `codesBy` lies inside the field that chooses its codes. */
function dimensionsOf(
  fields: readonly Field[],
  primaryKey: readonly string[],
  without: readonly (string | undefined)[],
): readonly (readonly string[])[] {
  const keys = fields.filter(({ name }) => primaryKey.includes(name) && !without.includes(name))
  const above = (field: Field): readonly string[] => {
    const outer = fields.find(({ name }) => name === field.codesBy)
    return outer === undefined ? [field.name] : [...above(outer), field.name]
  }
  const chains = keys.map(above)
  return chains.filter(
    (chain) => !chains.some((other) => other.length > chain.length && other.includes(chain.at(-1) ?? '')),
  )
}
