/**
 * `fitness-standard-2014`: from pupils' results in the national upload template to statistics by district, stage, grade,
 * sex and indicator. The school's system chooses the scoring tables, so each school is looked up in a directory.
 */
import { type Contract, type Field, getField, intakeFields } from '../../contract/index.ts'
import type { Derivation, DerivationContext, DerivationUse, DerivedRow } from '../derivation.ts'
import { aggregateFigures, aggregateParticipation, type Digits, totalCode } from './aggregate.ts'
import { bandsOfCell } from './bands.ts'
import { openEditionReview } from './edition-review.ts'
import { faults } from './faults.ts'
import { decimalOf } from './figures.ts'
import { openPart, type PartParameters } from './open-part.ts'
import { measurementColumns } from './read-measurement.ts'
import { pupilColumns } from './read-pupil.ts'
import {
  addStatisticsRow,
  openStatistics,
  participationName,
  participations,
  type Statistics,
  statisticsColumns,
} from './statistics.ts'

interface Parameters extends PartParameters {
  /** Published fields by what they hold. */
  readonly published: Readonly<Partial<Record<Published, string>>>
  /** Whether participation has a row of all pupils too, as the levels of items do. */
  readonly participationTotal?: boolean
}

/** What a published row may hold, and the type of its field. */
const published = {
  ...{ schoolYear: 'string', district: 'string', stage: 'string', grade: 'string', sex: 'string' },
  ...{ indicator: 'string', level: 'string', tested: 'integer', pupils: 'integer', share: 'number' },
  ...{ mean: 'number', deviation: 'number', p10: 'number', p50: 'number', p90: 'number' },
  ...{ good: 'integer', goodRate: 'number', goodLow95: 'number', goodHigh95: 'number' },
  ...{ passed: 'integer', passRate: 'number', passLow95: 'number', passHigh95: 'number' },
} as const satisfies Readonly<Record<string, Field['type']>>
type Published = keyof typeof published

const publishedNeeded = [
  ...['district', 'stage', 'grade', 'sex', 'indicator', 'level', 'tested', 'pupils', 'share', 'mean'],
]
const columns = ['school', ...pupilColumns, ...measurementColumns]
const columnsNeeded = ['number', 'grade', 'sex', 'height', 'weight']

const fieldNames = (names: readonly string[], required: readonly string[]) => ({
  ...{ type: 'object', required, additionalProperties: false },
  properties: Object.fromEntries(names.map((name) => [name, { type: 'string', format: 'field-name' }])),
})

export const fitnessStandard2014: Derivation = {
  name: 'fitness-standard-2014',
  parameters: {
    type: 'object',
    required: ['columns', 'published'],
    additionalProperties: false,
    properties: {
      columns: fieldNames(columns, columnsNeeded),
      published: fieldNames(Object.keys(published), publishedNeeded),
      sixthGrade: { enum: ['16', '21'] },
      participationTotal: { type: 'boolean' },
    },
  },
  directories: { schools: 'schools' },
  faults,
  *check(contract) {
    const use = parametersOf(contract.derivation)
    for (const [column, name] of Object.entries(use.columns)) {
      if (intakeFields(contract).find((field) => field.name === name)?.type !== 'string')
        yield [`/derivation/columns/${column}`, 'must be an intake field of type string']
    }
    for (const [role, name] of Object.entries(use.published)) {
      const type = published[role as Published]
      if (contract.fields.find((field) => field.name === name)?.type !== type)
        yield [`/derivation/published/${role}`, `must be a published field of type ${type}`]
    }
  },
  columns: () => statisticsColumns,
  openPart: (context, part) => openPart(context, part.scope?.['district'], parametersOf(context.use)),
  async *aggregate(context, statistics) {
    const sum = openStatistics()
    for await (const batch of statistics)
      for (const { cell, amount } of batch) addStatisticsRow(sum, cell, amount)
    yield* inBatches(publishedRows(context, sum))
  },
  openReview(contract) {
    const places = placesOf(contract)
    return openEditionReview((role) => places[role])
  },
  bandsOf(contract) {
    const { indicator = -1, grade = -1, sex = -1 } = placesOf(contract)
    return (row) => bandsOfCell(row[indicator] ?? '', row[grade] ?? '', row[sex] ?? '')
  },
}

function parametersOf(use: DerivationUse | undefined): Parameters {
  return use as unknown as Parameters
}

/** Where a published row has what: the index of the field, for those that the contract publishes. */
function placesOf({ derivation, fields }: Contract): Readonly<Partial<Record<Published, number>>> {
  const bound = Object.entries(parametersOf(derivation).published)
  return Object.fromEntries(bound.map(([role, name]) => [role, fields.findIndex((one) => one.name === name)]))
}

/** The rows of the dataset: each indicator's figures and levels, then participation. */
function* publishedRows(context: DerivationContext, statistics: Statistics): Generator<DerivedRow> {
  const { contract, use, edition } = context
  const bound = parametersOf(use).published
  const places = contract.fields.map(({ name }) =>
    (Object.keys(bound) as Published[]).find((role) => bound[role] === name),
  )
  const row = (values: Readonly<Partial<Record<Published, string | number>>>): DerivedRow =>
    places.map((role) => {
      const value = role === undefined ? undefined : role === 'schoolYear' ? edition : values[role]
      return value === undefined ? null : String(value)
    })
  const digits = digitsOf(contract, bound)
  for (const figures of aggregateFigures(statistics, digits)) {
    const { levels, good, passed, deviation, tested, ...others } = figures
    const share = decimalOf(100, 1, digits.rates)
    yield row({
      ...{ ...others, deviation, tested, level: totalCode, pupils: tested, share },
      ...(good && { good: good.count, goodRate: good.rate, goodLow95: good.low95, goodHigh95: good.high95 }),
      ...(passed && { passed: passed.count, passRate: passed.rate }),
      ...(passed && { passLow95: passed.low95, passHigh95: passed.high95 }),
    })
    const { district, stage, grade, sex, indicator } = others
    for (const level of levels) yield row({ district, stage, grade, sex, indicator, tested, ...level })
  }
  // The denominator of participation is every pupil of the rows, tested or not.
  for (const { district, stage, ...counts } of aggregateParticipation(statistics)) {
    const tested = counts.tested + counts.exempt + counts.absent
    const of = { district, stage, grade: totalCode, sex: totalCode, indicator: participationName, tested }
    if (parametersOf(context.use).participationTotal === true)
      yield row({ ...of, level: totalCode, pupils: tested, share: decimalOf(100, 1, digits.rates) })
    for (const level of participations) {
      const pupils = counts[level]
      yield row({ ...of, level, pupils, share: decimalOf(100 * pupils, tested, digits.rates) })
    }
  }
}

function digitsOf(contract: Contract, bound: Parameters['published']): Digits {
  const scaleOf = (role: Published) => getField(contract, bound[role] ?? '').scale ?? 1
  return { results: scaleOf('mean'), rates: scaleOf('share') }
}

const batchRows = 1000

function* inBatches(rows: Iterable<DerivedRow>): Generator<readonly DerivedRow[]> {
  let batch: DerivedRow[] = []
  for (const row of rows) {
    if (batch.push(row) < batchRows) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
