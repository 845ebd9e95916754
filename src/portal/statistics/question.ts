/** The question of a comparison, as in its address: what, by which dimension, in which series, for whom, when. */
import { type Contracts, codesOf } from '../../contract/index.ts'
import { problem } from '../../platform/problem.ts'
import type { Comparable, Dimension, Measure } from './dimensions.ts'

/** The dimension of time: the editions. */
export const byEdition = 'edition'

export interface ComparisonQuestion {
  readonly indicator: string | undefined
  readonly measure: Measure
  /** A level, where the measure is a share; else the code of all together. */
  readonly level: string | undefined
  /** Name of a dimension, or `edition`. */
  readonly by: string
  readonly series: string | undefined
  /** Codes of the other dimensions, by field. */
  readonly fixed: Readonly<Record<string, string>>
  /** Codes to compare; all if empty. */
  readonly only: readonly string[]
  readonly edition: string | undefined
}

/** Reads the question. Throws `parameter-invalid` for a name or code that the dataset does not have. */
export function comparisonOf(
  contracts: Contracts,
  comparable: Comparable,
  address: URLSearchParams,
): ComparisonQuestion {
  const { dimensions, indicator, level, measures } = comparable
  const value = (name: string) => address.get(name)?.trim() || undefined
  refuseUnknown(comparable, address)
  const names = [...dimensions.map(({ field }) => field.name), byEdition]
  const choose = (path: string, known: readonly string[], chosen: string | undefined) => {
    if (chosen === undefined || known.includes(chosen)) return chosen
    throw problem('parameter-invalid', { path, detail: `Expected one of ${known.slice(0, 40).join(', ')}.` })
  }
  const codeOf = (dimension: Pick<Dimension, 'field'>, chosen: string | undefined) => {
    const codes = codesOf(contracts, dimension.field)?.map(({ code }) => code) ?? []
    return choose(dimension.field.name, codes, chosen)
  }
  const by = choose('by', names, value('by')) ?? names[0] ?? byEdition
  const series = choose('series', names, value('series'))
  const chosenIndicator =
    indicator === undefined ? undefined : (codeOf(indicator, value(indicator.field.name)) ?? indicator.first)
  const fixed = Object.fromEntries(
    dimensions.flatMap((dimension): [string, string][] => {
      const code = codeOf(dimension, value(dimension.field.name))
      return code === undefined ? [] : [[dimension.field.name, code]]
    }),
  )
  const isDefault = indicator === undefined || chosenIndicator === indicator.first
  const measure = measureOf(measures, value('measure'), isDefault)
  return {
    indicator: chosenIndicator,
    measure,
    level: level === undefined ? undefined : (codeOf(level, value(level.field.name)) ?? level.total),
    by,
    series: series === by ? undefined : series,
    fixed,
    only: address.getAll('only').flatMap((text) => text.split(',').filter((code) => code !== '')),
    edition: value(byEdition),
  }
}

/** Throws `parameter-unknown` for a name that the form does not have. */
function refuseUnknown({ dimensions, indicator, level }: Comparable, address: URLSearchParams): void {
  const fields = [...dimensions, indicator, level].map((one) => one?.field.name)
  const known = ['by', 'series', 'measure', 'only', byEdition, ...fields]
  const unknown = [...address.keys()].find((name) => !known.includes(name))
  if (unknown !== undefined) throw problem('parameter-unknown', { path: unknown.slice(0, 100) })
}

/** The measure of a name. By default a rate with an interval for the main indicator, a mean for the others. */
function measureOf(measures: readonly Measure[], name: string | undefined, isDefault: boolean): Measure {
  const chosen = measures.find(({ field }) => field.name === name)
  const usual = isDefault
    ? measures.find(({ interval }) => interval !== undefined)
    : measures.find(({ deviation }) => deviation !== undefined)
  const measure = chosen ?? (name === undefined ? (usual ?? measures[0]) : undefined)
  if (measure === undefined) {
    const known = measures.map(({ field }) => field.name).join(', ')
    throw problem('parameter-invalid', { path: 'measure', detail: `Expected one of ${known}.` })
  }
  return measure
}

/** The parameters of the records that answer a question. */
export function recordsOf(comparable: Comparable, question: ComparisonQuestion): Record<string, string> {
  const { dimensions, indicator, level } = comparable
  const { by, series, fixed } = question
  const parameters: Record<string, string> = {}
  const [edition] = by === byEdition || series === byEdition ? ['all'] : [question.edition]
  if (edition !== undefined) parameters['edition'] = edition
  if (indicator !== undefined && question.indicator !== undefined)
    parameters[indicator.field.name] = question.indicator
  // Of a share all levels are read: the number of all persons is in the record of all levels together.
  if (level !== undefined && question.level === level.total) parameters[level.field.name] = level.total
  for (const { field, total } of dimensions) {
    const isShown = field.name === by || field.name === series
    const narrower = dimensions.find((other) => other.under === field.name)
    const isNarrowed =
      narrower !== undefined &&
      (narrower.field.name === by ||
        narrower.field.name === series ||
        (fixed[narrower.field.name] ?? narrower.total) !== narrower.total)
    if (isShown) parameters[`${field.name}__ne`] = total
    else if (fixed[field.name] !== undefined && !(isNarrowed && fixed[field.name] === total))
      parameters[field.name] = fixed[field.name] ?? total
    else if (!isNarrowed) parameters[field.name] = total
  }
  return parameters
}
