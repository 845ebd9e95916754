/**
 * What an aggregate is made of: the fields it groups by and its measures, held against what the contract offers.
 * Refuses everything that is not offered, naming what is.
 */

import {
  type AggregateFunction,
  type AggregateOffer,
  type Contract,
  type Field,
  getField,
  measureName,
} from '../../contract/index.ts'
import { nearestOf } from '../../http/index.ts'
import { problem } from '../../platform/problem.ts'
import type { AggregateQuery, MeasureRequest } from './query.ts'

/** A field that an answer is grouped by. */
export interface GroupColumn {
  readonly field: Field
}

/** A measure of an answer. Of `count` there is the number of records alone. */
export type Measure = CountMeasure | FieldMeasure

export interface CountMeasure {
  readonly name: 'count'
  readonly function: 'count'
}

export interface FieldMeasure {
  /** Its name in the answer: `sum_pupils`. */
  readonly name: string
  readonly function: AggregateFunction
  readonly field: Field
  /** Only of a mean. */
  readonly weight?: Field
  /** Digits behind the point; undefined where the field has no scale, so that they are as many as there are. */
  readonly digits?: number
}

/**
 * Digits of a mean beyond those of its field. Two, since a mean of many says more than each of them: the mean of
 * whole pupils to a hundredth, of tenths of a second to a thousandth. It is rounded half away from zero, exactly.
 */
export const meanExtraDigits = 2

/** The edition as a group: no contract has a field of this name. */
export const editionField: Field = {
  name: 'edition',
  type: 'string',
  role: 'dimension',
  title: { zh: '期次', en: 'Edition' },
  description: { zh: '数据期次的名称。', en: 'Name of the edition.' },
}

/** The groups of a question; `joined` where it asks for several editions. Throws `parameter-invalid`. */
export function planGroups(
  { groupBy }: AggregateQuery,
  contract: Contract,
  offer: AggregateOffer,
  joined: boolean,
): readonly GroupColumn[] {
  const allowed = [...offer.groupBy, editionField.name]
  if (joined && !groupBy.includes(editionField.name)) {
    const detail =
      'Several editions are asked for, and what they count is not added up: group by edition too.'
    throw problem('parameter-invalid', { path: 'group_by', detail, allowed })
  }
  return groupBy.map((name) => {
    if (!allowed.includes(name)) {
      const detail = `This dataset is grouped by ${allowed.join(', ')}.`
      throw problem('parameter-invalid', { path: 'group_by', detail, allowed, ...nearest(name, allowed) })
    }
    return { field: name === editionField.name ? editionField : getField(contract, name) }
  })
}

/** The measures of a question. Throws `parameter-invalid`. */
export function planMeasures(
  { measures }: AggregateQuery,
  contract: Contract,
  offer: AggregateOffer,
): readonly Measure[] {
  return measures.map((asked) => planMeasure(asked, contract, offer))
}

function planMeasure(asked: MeasureRequest, contract: Contract, offer: AggregateOffer): Measure {
  if (asked.name === 'count') return { name: 'count', function: 'count' }
  const offered = offer.measures?.find(({ field }) => field === asked.field)
  if (offered === undefined || !offered.functions.includes(asked.name)) {
    const allowed = measuresOffered(offer)
    throw problem('parameter-invalid', {
      path: 'measures',
      detail: `This dataset offers ${allowed.join(', ')}.`,
      allowed,
      ...nearest(`${asked.name}:${asked.field}`, allowed),
    })
  }
  const field = getField(contract, asked.field)
  const own = field.type === 'integer' ? 0 : field.scale
  const name = measureName(asked.name, asked.field)
  if (asked.name !== 'mean') {
    return { name, function: asked.name, field, ...(own === undefined ? {} : { digits: own }) }
  }
  // The loader has seen to both.
  if (offered.weight === undefined || own === undefined)
    throw new Error(`${name} can't be weighted or rounded`)
  const weight = getField(contract, offered.weight)
  return { name, function: 'mean', field, weight, digits: own + meanExtraDigits }
}

/** All measures of an offer as a request writes them: `count`, `sum:pupils`. */
export function measuresOffered(offer: AggregateOffer): readonly string[] {
  const of = (offer.measures ?? []).flatMap(({ field, functions }) =>
    functions.map((name) => `${name}:${field}`),
  )
  return ['count', ...of]
}

function nearest(text: string, allowed: readonly string[]) {
  const found = nearestOf(text.slice(0, nameLengthMax), allowed)
  return found === undefined ? {} : { nearest: found }
}

/** Only the beginning of a name helps to find the slip. */
const nameLengthMax = 100
