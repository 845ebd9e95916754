/**
 * Rules for fields that the schema can't express: names, code lists, bounds, patterns and examples fit
 * together, and each header means one field only. It throws nothing; it yields complaints.
 */
import { type CodeList, findCode } from './codes/codes.ts'
import type { Field } from './contract.ts'
import type { Complaint } from './contract-errors.ts'
import { type FieldTypeName, fieldType, listSeparator } from './fields/field-types.ts'
import { normaliseHeader } from './fields/headers.ts'

export type CodeLists = ReadonlyMap<string, CodeList>

const boundedTypes: readonly FieldTypeName[] = ['integer', 'number', 'date', 'time', 'datetime']
const textTypes: readonly FieldTypeName[] = ['string', 'list']

/** Complaints about one set of fields and its key, each under the JSON pointer `at`. */
export function* fieldComplaints(
  fields: readonly Field[],
  primaryKey: readonly string[],
  lists: CodeLists,
  at: string,
): Generator<Complaint> {
  const names = new Map<string, number>()
  for (const [index, field] of fields.entries()) {
    const path = `${at}/fields/${index}`
    const former = names.get(field.name)
    if (former !== undefined) yield [`${path}/name`, `field ${former} has this name already; choose another`]
    names.set(field.name, index)
    yield* shapeComplaints(field, path)
    yield* codesComplaints(field, fields, lists, path)
    yield* constraintComplaints(field, path)
    yield* exampleComplaints(field, lists, path)
  }
  yield* renameComplaints(fields, lists, at)
  yield* headerComplaints(fields, at)
  yield* keyComplaints(fields, primaryKey, at)
}

function* renameComplaints(fields: readonly Field[], lists: CodeLists, at: string): Generator<Complaint> {
  for (const [index, { renamedFrom, renamedCodes = {}, codes, type }] of fields.entries()) {
    const path = `${at}/fields/${index}`
    const first = fields.findIndex((field) => field.renamedFrom === renamedFrom)
    if (renamedFrom !== undefined && first !== index)
      yield [`${path}/renamedFrom`, `field ${first} had this name; a field is renamed to one name`]
    if (renamedFrom !== undefined && fields.some(({ name }) => name === renamedFrom))
      yield [`${path}/renamedFrom`, 'is a field of this contract; only a former field is renamed']
    const list = codes === undefined ? undefined : lists.get(codes)
    if (Object.keys(renamedCodes).length > 0 && type !== 'string')
      yield [`${path}/renamedCodes`, `only a string has renamed codes, not a ${type}`]
    for (const [from, to] of Object.entries(renamedCodes)) {
      if (from === to || Object.hasOwn(renamedCodes, to))
        yield [`${path}/renamedCodes/${from}`, 'must name the code that is used now']
      if (list !== undefined && findCode(list, to) === undefined)
        yield [`${path}/renamedCodes/${from}`, `"${to}" is not in the code list "${list.name}"; add it there`]
    }
  }
}

/** The canonical text of a value in a contract, or undefined if it does not fit the field's type. */
function parseBound(field: Field, bound: number | string): string | undefined {
  return fieldType(field.type).parse(String(bound), field)
}

function* shapeComplaints(field: Field, path: string): Generator<Complaint> {
  if (field.scale !== undefined && field.type !== 'number')
    yield [`${path}/scale`, 'only a number has a scale']
  if (field.separators !== undefined && field.type !== 'list') {
    yield [`${path}/separators`, 'only a list has separators']
  }
  if (field.codes !== undefined && field.type !== 'string' && field.type !== 'list') {
    yield [`${path}/codes`, 'codes are text: make the field a string or a list']
  }
  if (field.role === 'status' && field.constraints?.required === true) {
    yield [`${path}/constraints/required`, 'a status is filled by disclosure control; leave out `required`']
  }
}

function* codesComplaints(
  field: Field,
  fields: readonly Field[],
  lists: CodeLists,
  path: string,
): Generator<Complaint> {
  const { codes, codesBy } = field
  if (codes === undefined) {
    if (codesBy !== undefined) yield [`${path}/codesBy`, 'needs `codes` beside it']
    return
  }
  const list = lists.get(codes)
  if (list === undefined) {
    yield [`${path}/codes`, `there is no code list "${codes}"; add codes/${codes}.csv or correct the name`]
    return
  }
  const dependent = list.codes.some((code) => code.under !== undefined)
  if (codesBy === undefined) {
    const doubtful = list.codes.some((code) => (list.byCode.get(code.code)?.length ?? 0) > 1 && code.under)
    if (doubtful) yield [path, `the codes of "${codes}" depend on another field; name it in \`codesBy\``]
    return
  }
  if (!dependent) yield [`${path}/codesBy`, `the list "${codes}" depends on no other; leave out \`codesBy\``]
  const other = fields.find((candidate) => candidate.name === codesBy)
  const otherList = other?.codes === undefined ? undefined : lists.get(other.codes)
  if (other === undefined || other.type !== 'string' || otherList === undefined) {
    yield [`${path}/codesBy`, 'must name a string field of this contract that has `codes`']
    return
  }
  const strange = new Set(
    list.codes.flatMap((code) => code.under ?? []).filter((c) => !otherList.byCode.has(c)),
  )
  if (strange.size > 0) {
    yield [`${path}/codesBy`, `"${codes}" refers to ${[...strange].join(', ')}, not in "${otherList.name}"`]
  }
}

function* constraintComplaints(field: Field, path: string): Generator<Complaint> {
  const { minimum, maximum, minLength, maxLength, pattern, enum: values } = field.constraints ?? {}
  const at = (name: string) => `${path}/constraints/${name}`
  for (const [name, bound] of Object.entries({ minimum, maximum })) {
    if (bound === undefined) continue
    if (!boundedTypes.includes(field.type)) yield [at(name), `a ${field.type} has no bounds; leave it out`]
    else if (parseBound(field, bound) === undefined) {
      yield [at(name), `must be ${fieldType(field.type).expected.en}, as the field is`]
    } else if ((typeof bound === 'number') !== (field.type === 'integer' || field.type === 'number')) {
      yield [at(name), 'write bounds of numbers as JSON numbers and bounds of days and times as texts']
    }
  }
  if (minimum !== undefined && maximum !== undefined && minimum > maximum) {
    yield [at('minimum'), 'must not be above the maximum']
  }
  if ((minLength ?? maxLength ?? pattern ?? values) !== undefined && !textTypes.includes(field.type)) {
    yield [
      `${path}/constraints`,
      `lengths, patterns and enum are for strings and lists; a ${field.type} has none`,
    ]
  }
  if (minLength !== undefined && maxLength !== undefined && minLength > maxLength) {
    yield [at('minLength'), 'must not be above maxLength']
  }
  if (pattern !== undefined) {
    if (!/^\^[\s\S]*\$$/.test(pattern)) yield [at('pattern'), 'begin it with ^ and end it with $']
    if (!isPattern(pattern)) yield [at('pattern'), 'is not a regular expression; correct it']
  }
  if (values !== undefined && field.codes !== undefined) {
    yield [at('enum'), 'the code list says which values are allowed; leave out `enum`']
  }
}

/** Whether a text is a regular expression. */
export function isPattern(pattern: string): boolean {
  try {
    new RegExp(pattern, 'u')
    return true
  } catch {
    return false
  }
}

function* exampleComplaints(field: Field, lists: CodeLists, path: string): Generator<Complaint> {
  const { example, constraints = {} } = field
  if (example === undefined) return
  const at = `${path}/example`
  if (parseBound(field, example) !== example) {
    yield [at, `must be ${fieldType(field.type).expected.en}, written as it is published`]
    return
  }
  const list = field.codes === undefined ? undefined : lists.get(field.codes)
  const elements = field.type === 'list' ? example.split(listSeparator) : [example]
  if (list !== undefined && elements.some((element) => findCode(list, element) === undefined)) {
    yield [at, `must be of the code list "${list.name}"`]
  }
  const { minimum, maximum, maxLength, pattern } = constraints
  const sized = typeof (minimum ?? maximum) === 'number' ? Number(example) : example
  const fits =
    (minimum === undefined || sized >= minimum) &&
    (maximum === undefined || sized <= maximum) &&
    [...example].length <= (maxLength ?? Number.POSITIVE_INFINITY) &&
    (pattern === undefined || !isPattern(pattern) || new RegExp(pattern, 'u').test(example)) &&
    (constraints.enum?.includes(example) ?? true)
  if (!fits) yield [at, 'must meet the constraints of its field']
}

function* headerComplaints(fields: readonly Field[], at: string): Generator<Complaint> {
  const owner = new Map<string, Field>()
  for (const [index, field] of fields.entries()) {
    for (const header of [field.name, field.title.zh, field.title.en, ...(field.aliases ?? [])]) {
      const other = owner.get(normaliseHeader(header))
      if (other !== undefined && other !== field) {
        yield [
          `${at}/fields/${index}`,
          `the header "${header}" could be "${other.name}" too; change a title or an alias`,
        ]
      }
      owner.set(normaliseHeader(header), field)
    }
  }
}

function* keyComplaints(
  fields: readonly Field[],
  primaryKey: readonly string[],
  at: string,
): Generator<Complaint> {
  for (const [index, name] of primaryKey.entries()) {
    const field = fields.find((candidate) => candidate.name === name)
    const path = `${at}/primaryKey/${index}`
    if (field === undefined) yield [path, `"${name}" is not a field; correct the name`]
    else if (field.constraints?.required !== true) {
      yield [path, `"${name}" must be required: a key is never empty`]
    } else if (field.type === 'list' || field.role === 'status') {
      yield [path, `"${name}" is a ${field.type} of role ${field.role}; it cannot be in a key`]
    }
  }
}
