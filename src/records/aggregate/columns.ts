/**
 * Groups and measures of an aggregate, checked against what the contract offers. Refuses everything else,
 * naming what is offered.
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
import { defined } from '../../platform/defined.ts'
import { problem } from '../../platform/problem.ts'
import type { AggregateQuery, MeasureRequest } from './query.ts'

/** A field to group by. */
export interface GroupColumn {
  readonly field: Field
}

/** A measure: the number of records, or a function of a field. */
export type Measure = CountMeasure | FieldMeasure

interface CountMeasure {
  readonly name: 'count'
  readonly function: 'count'
}

export interface FieldMeasure {
  /** Its name in the response: `sum_pupils`. */
  readonly name: string
  readonly function: AggregateFunction
  readonly field: Field
  /** Set for a mean only. */
  readonly weight?: Field
  /**
   * Digits after the decimal point; undefined if the field has no scale, so that the number of digits varies.
   */
  readonly digits?: number
}

/**
 * Digits of a mean beyond those of its field. Two, since a mean of many values is more precise than each of
 * them: whole pupils to a hundredth, tenths of a second to a thousandth. It is rounded half away from zero,
 * exactly.
 */
const meanExtraDigits = 2

/** The edition as a group; a reserved name. */
export const editionField: Field = {
  name: 'edition',
  type: 'string',
  role: 'dimension',
  title: { zh: '期次', en: 'Edition' },
  description: { zh: '数据期次的名称。', en: 'Name of the edition.' },
}

/** The groups of a query; `joinsEditions` if it requests several editions. Throws `parameter-invalid`. */
export function planGroups(
  { groupBy }: AggregateQuery,
  contract: Contract,
  offer: AggregateOffer,
  joinsEditions: boolean,
): readonly GroupColumn[] {
  const allowed = [...offer.groupBy, editionField.name]
  if (joinsEditions && !groupBy.includes(editionField.name)) {
    const detail = 'Counts of several editions are not added up: group by edition too.'
    throw problem('parameter-invalid', { path: 'group_by', detail, allowed })
  }
  return groupBy.map((name) => {
    if (!allowed.includes(name)) {
      const detail = `This dataset can be grouped by ${allowed.join(', ')}.`
      throw problem('parameter-invalid', { path: 'group_by', detail, allowed, ...nearest(name, allowed) })
    }
    return { field: name === editionField.name ? editionField : getField(contract, name) }
  })
}

/** The measures of a query. Throws `parameter-invalid`. */
export function planMeasures(
  { measures }: AggregateQuery,
  contract: Contract,
  offer: AggregateOffer,
): readonly Measure[] {
  return measures.map((request) => planMeasure(request, contract, offer))
}

function planMeasure(request: MeasureRequest, contract: Contract, offer: AggregateOffer): Measure {
  if (request.name === 'count') return { name: 'count', function: 'count' }
  const offered = offer.measures?.find(({ field }) => field === request.field)
  if (offered === undefined || !offered.functions.includes(request.name)) {
    const allowed = measuresOffered(offer)
    throw problem('parameter-invalid', {
      path: 'measures',
      detail: `This dataset offers ${allowed.join(', ')}.`,
      allowed,
      ...nearest(`${request.name}:${request.field}`, allowed),
    })
  }
  const field = getField(contract, request.field)
  const own = field.type === 'integer' ? 0 : field.scale
  const name = measureName(request.name, request.field)
  if (request.name !== 'mean') {
    return { name, function: request.name, field, ...defined({ digits: own }) }
  }
  // The contract loader has checked both.
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

/** Longest name that is compared, because a caller may send a megabyte. */
const nameLengthMax = 100
