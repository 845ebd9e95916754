/**
 * The SQL of one measure and its columns in the response: its value, the number of records without one, and
 * the sum of weights for a mean. Computed in `numeric`, exactly. A group with a withheld value has no value.
 */

import {
  type Contract,
  type Field,
  freeStatus,
  missingName,
  statusField,
  weightName,
  withheldFields,
} from '../../contract/index.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { defined } from '../../platform/defined.ts'
import type { FieldMeasure, Measure } from './columns.ts'

const phrases = {
  sum: { zh: '合计', en: 'sum' },
  mean: { zh: '加权平均', en: 'weighted mean' },
  min: { zh: '最小值', en: 'least' },
  max: { zh: '最大值', en: 'greatest' },
} as const

const counted = (name: string, zh: string, en: string): Field => ({
  name,
  type: 'integer',
  role: 'count',
  title: { zh, en },
  description: { zh: `${zh}。`, en: `${en}.` },
})

/** The columns of a measure in the response. */
export function measureColumns(measure: Measure): readonly Field[] {
  if (measure.function === 'count') return [counted('count', '记录数', 'Records')]
  const { name, field, weight, digits } = measure
  const phrase = phrases[measure.function]
  const title = { zh: `${field.title.zh}${phrase.zh}`, en: `${field.title.en}: ${phrase.en}` }
  return [
    {
      name,
      type: digits === 0 ? 'integer' : 'number',
      role: 'measure',
      title,
      description: { zh: `${title.zh}。`, en: `${title.en}.` },
      ...defined({ unit: field.unit }),
      ...(digits === undefined || digits === 0 ? {} : { scale: digits }),
    },
    ...(weight === undefined
      ? []
      : [
          counted(
            weightName(name),
            `${title.zh}的权数：${weight.title.zh}`,
            `${title.en}, ${weight.title.en}`,
          ),
        ]),
    counted(missingName(name), `${title.zh}：缺值记录数`, `${title.en}, records without a value`),
  ]
}

/**
 * SQL for whether a record's value is withheld, over the table of a version of `contract`: null where the rule may
 * withhold it, in a record whose status is not free. Such a record may show other values, which can be added up.
 */
export function flagSql(measure: Measure, contract: Contract): string {
  if (measure.function === 'count') return 'false'
  const withheld = withheldFields(contract)
  const own = [measure.field.name, measure.weight?.name].filter((name) => name !== undefined)
  const touched = own.filter((name) => withheld.includes(name))
  if (touched.length === 0) return 'false'
  const isNull = `(${touched.map((name) => `${quoteIdentifier(name)} IS NULL`).join(' OR ')})`
  const status = statusField(contract)
  // Without a status field, every null may be a withheld value.
  if (status === undefined) return isNull
  return `(${quoteIdentifier(status)} IS DISTINCT FROM '${freeStatus}' AND ${isNull})`
}

/**
 * SQL of a measure's columns over a group; `flag` is the column that marks records whose value is withheld.
 */
export function columnSql(measure: Measure, flag: string): readonly string[] {
  if (measure.function === 'count') return ['count(*)']
  const guarded = (sql: string) => `CASE WHEN bool_or(${flag}) THEN NULL ELSE ${sql} END`
  const column = quoteIdentifier(measure.field.name)
  const { weight } = measure
  if (weight === undefined) {
    return [guarded(plainSql(measure, column)), `count(*) FILTER (WHERE NOT ${flag} AND ${column} IS NULL)`]
  }
  const weightColumn = quoteIdentifier(weight.name)
  const weights = `sum(${weightColumn}) FILTER (WHERE ${column} IS NOT NULL)`
  const products = `sum(${column}::numeric * ${weightColumn})`
  return [
    guarded(quotientSql(products, `nullif(${weights}, 0)`, measure.digits ?? 0)),
    guarded(weights),
    `count(*) FILTER (WHERE NOT ${flag} AND (${column} IS NULL OR ${weightColumn} IS NULL))`,
  ]
}

function plainSql(measure: FieldMeasure, column: string): string {
  const value = `${measure.function}(${column})`
  // Pads values of older contracts, which may have fewer digits. It never cuts: fewer digits would be a
  // breaking change.
  return measure.digits === undefined ? value : `round(${value}, ${measure.digits})`
}

/**
 * A quotient to so many digits, rounded half away from zero. Postgres's own division rounds first to some 20
 * digits, and rounding that again may carry a quotient just below a tie over it; `div` on whole numbers is
 * exact.
 */
function quotientSql(dividend: string, divisor: string, digits: number): string {
  const power = `1${'0'.repeat(digits)}`
  const unit = digits === 0 ? '1' : `0.${'0'.repeat(digits - 1)}1`
  return `sign(${dividend}) * div(2 * abs(${dividend}) * ${power} + ${divisor}, 2 * ${divisor}) * ${unit}`
}
