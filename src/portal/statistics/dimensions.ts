/**
 * What can be compared in a dataset of kind `statistics`: its dimensions with their totals, and its measures with what
 * they are based on. All of it follows from the contract.
 */
import { bindingOf, type Contract, type Field, getField } from '../../contract/index.ts'

export interface Dimension {
  readonly field: Field
  /** The code of all codes together. */
  readonly total: string
  /** A broader dimension, such as the stage of a grade; its total is the total of this one too. */
  readonly under: string | undefined
}

export interface Measure {
  readonly field: Field
  /** The number that it is based on. */
  readonly base: string
  /** Fields with the ends of its published interval. */
  readonly interval: { readonly low: string; readonly high: string } | undefined
  /** The field with its standard deviation. */
  readonly deviation: string | undefined
}

export interface Comparable {
  readonly contract: Contract
  /** Those that records can be compared by. */
  readonly dimensions: readonly Dimension[]
  /** What is measured, such as an item of a test, and its default. */
  readonly indicator: { readonly field: Field; readonly first: string } | undefined
  /** A share of the indicator, such as a level, and the code of all together. */
  readonly level: Dimension | undefined
  readonly measures: readonly Measure[]
}

/** What can be compared; undefined for a dataset of another kind or without totals. */
export function comparableOf(contract: Contract): Comparable | undefined {
  const binding = bindingOf(contract, 'statistics')
  const hierarchies = contract.kind?.hierarchies ?? []
  if (binding?.count === undefined || hierarchies.length === 0) return undefined
  const level = hierarchies.find(({ within }) => within !== undefined)
  const indicator = level?.within
  const dimensions = hierarchies
    .filter((one) => one !== level)
    .flatMap(({ fields, total }) =>
      fields.map((name, index): Dimension => {
        return { field: getField(contract, name), total, under: fields[index - 1] }
      }),
    )
  return {
    contract,
    dimensions,
    indicator:
      indicator === undefined
        ? undefined
        : { field: getField(contract, indicator), first: defaultOf(contract, indicator) },
    level:
      level?.fields[0] === undefined
        ? undefined
        : { field: getField(contract, level.fields[0]), total: level.total, under: undefined },
    measures: measuresOf(contract, binding.count),
  }
}

/** The code that aggregates take where none is asked for. */
function defaultOf(contract: Contract, field: string): string {
  return contract.aggregate?.pinned?.find((pin) => pin.field === field)?.default ?? ''
}

/** Measures, rates first. Ends of intervals and deviations are shown with their measure, not as measures. */
function measuresOf(contract: Contract, count: string): readonly Measure[] {
  const names = (contract.derivation?.['published'] ?? {}) as Readonly<Record<string, string>>
  const weights = new Map((contract.aggregate?.measures ?? []).map(({ field, weight }) => [field, weight]))
  const usual = [...weights.values()].find((weight) => weight !== undefined) ?? count
  const aside = new Set(
    Object.entries(names).flatMap(([role, field]) =>
      /(Low95|High95)$/.test(role) || role === 'deviation' ? [field] : [],
    ),
  )
  const rank = ({ unit, role }: Field) => (unit === '%' ? 0 : role === 'measure' ? 1 : 2)
  return contract.fields
    .filter(({ role, name }) => (role === 'measure' || role === 'count') && !aside.has(name))
    .map((field): Measure => {
      const role = Object.keys(names).find((key) => names[key] === field.name) ?? ''
      const stem = role.replace(/Rate$/, '')
      const [low, high] = [names[`${stem}Low95`], names[`${stem}High95`]]
      return {
        field,
        base: weights.get(field.name) ?? usual,
        interval: low === undefined || high === undefined || stem === role ? undefined : { low, high },
        deviation: role === 'mean' ? names['deviation'] : undefined,
      }
    })
    .sort((a, b) => rank(a.field) - rank(b.field))
}
