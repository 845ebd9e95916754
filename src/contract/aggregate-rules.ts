/**
 * Rules for a contract's aggregates that the schema can't express: fields exist and have a suitable type,
 * weights are counts, and dimensions are pinned wherever adding up would count something twice.
 */

import { findCode } from './codes/codes.ts'
import { type Contract, type Field, withheldFields } from './contract.ts'
import type { Complaint } from './contract-errors.ts'
import type { CodeLists } from './field-rules.ts'
import { answerNames } from './fields/aggregate-names.ts'

/** The SDMX code for the total over all codes of a dimension. */
const totalCode = '_T'

/** Longest text of an attribute that is useful as a group; descriptions and addresses are longer. */
const groupTextMax = 100

/** Everything that is wrong with the aggregates of a contract that is valid against the schema. */
export function* aggregateComplaints(contract: Contract, lists: CodeLists): Generator<Complaint> {
  if (contract.aggregate === undefined) return
  const fields = new Map(contract.fields.map((field) => [field.name, field]))
  yield* groupComplaints(contract, fields)
  yield* measureComplaints(contract, fields)
  yield* pinComplaints(contract, fields, lists)
  yield* collisions(contract)
}

type Fields = ReadonlyMap<string, Field>

function* groupComplaints(contract: Contract, fields: Fields): Generator<Complaint> {
  const withheld = withheldFields(contract)
  for (const [index, name] of (contract.aggregate?.groupBy ?? []).entries()) {
    const path = `/aggregate/groupBy/${index}`
    const field = fields.get(name)
    if (field === undefined) yield [path, `"${name}" is not a field; correct the name`]
    else if (!['key', 'dimension', 'attribute'].includes(field.role)) {
      yield [path, `"${name}" has the role ${field.role}; group by keys, dimensions and attributes`]
    } else if (withheld.includes(name)) {
      yield [path, `"${name}" may be withheld; a group would reveal it`]
    } else if (field.type === 'list' || field.type === 'number') {
      yield [path, `"${name}" is a ${field.type}; a record must fall into one group, by one exact value`]
    } else if (isLongText(field)) {
      yield [path, `"${name}" is free text; give it codes, an enum or a maxLength of ${groupTextMax} at most`]
    }
  }
}

function isLongText({ role, type, codes, constraints }: Field): boolean {
  if (role !== 'attribute' || type !== 'string' || codes !== undefined) return false
  return constraints?.enum === undefined && (constraints?.maxLength ?? groupTextMax + 1) > groupTextMax
}

function* measureComplaints(contract: Contract, fields: Fields): Generator<Complaint> {
  const seen = new Set<string>()
  for (const [index, measure] of (contract.aggregate?.measures ?? []).entries()) {
    const path = `/aggregate/measures/${index}`
    const field = fields.get(measure.field)
    if (seen.has(measure.field))
      yield [`${path}/field`, `"${measure.field}" is listed twice; merge the two entries`]
    seen.add(measure.field)
    if (field === undefined) {
      yield [`${path}/field`, `"${measure.field}" is not a field; correct the name`]
      continue
    }
    if (field.role !== 'measure' && field.role !== 'count') {
      yield [`${path}/field`, `"${field.name}" has the role ${field.role}; it must be a measure or a count`]
    }
    if (field.type !== 'integer' && field.type !== 'number') {
      yield [`${path}/field`, `"${field.name}" is a ${field.type}; it must be an integer or a number`]
    }
    const hasMean = measure.functions.includes('mean')
    if (hasMean && field.type === 'number' && field.scale === undefined) {
      yield [`${path}/functions`, `a mean is rounded by the scale of its field; give "${field.name}" a scale`]
    }
    if (hasMean && measure.weight === undefined) {
      yield [path, 'a mean needs a `weight`: the count that each record is based on']
    }
    if (measure.weight !== undefined) yield* weightComplaints(fields, measure.weight, hasMean, path)
  }
}

function* weightComplaints(fields: Fields, name: string, hasMean: boolean, path: string) {
  const weight = fields.get(name)
  if (!hasMean) yield [`${path}/weight`, 'only a mean is weighted; leave it out'] as const
  if (weight === undefined) yield [`${path}/weight`, `"${name}" is not a field; correct the name`] as const
  else if (weight.role !== 'count' || weight.type !== 'integer') {
    yield [`${path}/weight`, `"${name}" must be an integer of the role count`] as const
  } else if (!(Number(weight.constraints?.minimum) >= 0)) {
    yield [`${path}/weight`, `"${name}" may be below 0; give it the constraint \`minimum\` 0`] as const
  }
}

function* pinComplaints(contract: Contract, fields: Fields, lists: CodeLists): Generator<Complaint> {
  const { pinned = [] } = contract.aggregate ?? {}
  const seen = new Set<string>()
  for (const [index, pin] of pinned.entries()) {
    const path = `/aggregate/pinned/${index}`
    const field = fields.get(pin.field)
    const list = field?.codes === undefined ? undefined : lists.get(field.codes)
    if (seen.has(pin.field)) yield [`${path}/field`, `"${pin.field}" is pinned already; remove one`]
    seen.add(pin.field)
    if (field === undefined) yield [`${path}/field`, `"${pin.field}" is not a field; correct the name`]
    else if (field.type !== 'string' || field.codes === undefined || field.role !== 'dimension') {
      yield [`${path}/field`, `"${pin.field}" must be a dimension with a code list`]
    } else if (withheldFields(contract).includes(pin.field)) {
      yield [`${path}/field`, `"${pin.field}" may be withheld; it cannot be pinned to a code`]
    }
    if (list !== undefined && pin.default !== undefined && findCode(list, pin.default) === undefined) {
      yield [`${path}/default`, `"${pin.default}" is not in the code list "${list.name}"; correct it`]
    }
  }
  for (const field of fields.values()) {
    const list = field.codes === undefined ? undefined : lists.get(field.codes)
    if (list !== undefined && findCode(list, totalCode) !== undefined && !seen.has(field.name)) {
      yield [
        '/aggregate/pinned',
        `"${field.name}" has a total "${totalCode}" beside its parts; pin it, or everything is counted twice`,
      ]
    }
  }
}

/** Names in an answer must be unique: `sum_pupils` may not also be a field used for grouping. */
function* collisions(contract: Contract): Generator<Complaint> {
  if (contract.aggregate === undefined) return
  const names = [...contract.aggregate.groupBy, ...answerNames(contract.aggregate)]
  const duplicate = names.find((name, index) => names.indexOf(name) !== index)
  if (duplicate !== undefined) {
    yield ['/aggregate', `an answer would have "${duplicate}" twice; rename a field or offer less`]
  }
}
