/**
 * Rules for a contract as a whole that the schema can't express: its codes, kinds, fields and rules exist and
 * fit together.
 */
import { lookUp } from '../platform/lookup.ts'
import { isDay } from '../platform/time.ts'
import { aggregateComplaints } from './aggregate-rules.ts'
import { findCode } from './codes/codes.ts'
import {
  type CheckUse,
  type Contract,
  type Field,
  intakeFields,
  isPersonal,
  isProven,
  standInOf,
  withheldFields,
} from './contract.ts'
import type { Complaint } from './contract-errors.ts'
import { type CodeLists, fieldComplaints, isPattern } from './field-rules.ts'
import { normaliseHeader } from './fields/headers.ts'
import { unfilledTexts } from './fill-in.ts'
import { currentListName } from './former-names.ts'
import { type KindProperty, kinds } from './kinds.ts'
import { compileSchema, type JsonSchema } from './schema.ts'

/**
 * The names that other modules offer, each with the JSON Schema of its parameters. A parameter that names a
 * field declares `format: "field-name"`. Names of a module that is left out are not checked.
 */
export interface KnownNames {
  readonly checks?: Readonly<Record<string, JsonSchema>>
  readonly formats?: Readonly<Record<string, JsonSchema>>
  readonly disclosure?: Readonly<Record<string, JsonSchema>>
  readonly derivations?: Readonly<Record<string, JsonSchema>>
  /**
   * What is wrong with the use of a check, as sentences, where a schema can't express the rule.
   * `fields` are all fields of the contract, published and intake.
   */
  readonly checkUse?: (use: CheckUse, fields: readonly Field[]) => readonly string[]
  /** What is wrong with the use of a disclosure rule, where a schema can't express the rule. */
  readonly disclosureUse?: (contract: Contract) => Iterable<Complaint>
  /** What is wrong with the use of a derivation, where a schema can't express the rule. */
  readonly derivationUse?: (contract: Contract, others: FindContract) => Iterable<Complaint>
}

/** The newest contract of another dataset, if there is one. */
export type FindContract = (dataset: string) => Contract | undefined

interface RuleContext {
  readonly lists: CodeLists
  readonly known: KnownNames
  readonly others: FindContract
  /** Whether rows may be delivered under the contract from now on: not on a mirror, nor if it was in use before. */
  readonly isNew: boolean
}

/** Everything that is wrong with a contract that is valid against the schema. */
export function* contractComplaints(contract: Contract, context: RuleContext): Generator<Complaint> {
  yield* unfilledTexts(contract)
  yield* fieldComplaints(contract.fields, contract.primaryKey, context.lists, '')
  yield* intakeComplaints(contract, context)
  if (context.isNew) yield* personalComplaints(contract, context.others(contract.dataset))
  yield* standInComplaints(contract, context.lists)
  yield* codeComplaints(contract, context.lists)
  yield* partComplaints(contract, context.lists)
  yield* kindComplaints(contract)
  yield* hierarchyComplaints(contract, context.lists)
  yield* referenceComplaints(contract)
  yield* disclosureComplaints(contract)
  yield* aggregateComplaints(contract, context.lists)
  const named = [...nameComplaints(contract, context.known)]
  yield* named
  // Only parameters that fit their schema can be checked further.
  const isNamed = contract.derivation !== undefined && !named.some(([path]) => path.startsWith('/derivation'))
  if (isNamed) yield* context.known.derivationUse?.(contract, context.others) ?? []
}

const fieldOf = (contract: Contract, name: string): Field | undefined =>
  contract.fields.find((field) => field.name === name)

function* intakeComplaints({ intake, derivation }: Contract, { lists }: RuleContext): Generator<Complaint> {
  if (intake === undefined) {
    if (derivation !== undefined) yield ['/derivation', 'needs the `intake` fields that it is computed from']
    return
  }
  for (const name of ['correctionDays', 'quarantineDays'] as const) {
    if (!intake.personal && intake[name] !== undefined)
      yield [`/intake/${name}`, 'is only for rows about persons; remove it']
  }
  if (derivation === undefined) {
    yield ['/intake', 'needs a `derivation` that computes the published fields from the intake fields']
  }
  yield* fieldComplaints(intake.fields, intake.primaryKey, lists, '/intake')
}

/** A former contract stays readable if a newer one proves what it publishes. */
function* personalComplaints(contract: Contract, newest: Contract | undefined): Generator<Complaint> {
  if (!isPersonal(contract) || isProven(contract)) return
  if (newest !== undefined && newest !== contract && isProven(newest)) return
  yield [
    contract.disclosure === undefined ? '/disclosure' : '/disclosure/rule',
    'must be "audited-suppression", because `intake.personal` is true: under another rule, or none, readers could ' +
      'compute figures about single persons. Write its parameters as docs/disclosure.md shows; if the contract is in use ' +
      'already, in the next contract.vN.json',
  ]
}

function* standInComplaints(contract: Contract, lists: CodeLists): Generator<Complaint> {
  const { keyMissing } = contract
  if (keyMissing === undefined) return
  const isTaken = intakeFields(contract).some((field) => {
    const list = field.codes === undefined ? undefined : lists.get(field.codes)
    const isCode = list === undefined || findCode(list, keyMissing) !== undefined
    // An invalid pattern has its own complaint.
    return isCode && !(field.constraints?.pattern !== undefined && !isPattern(field.constraints.pattern))
      ? standInOf(contract, field) !== undefined
      : false
  })
  if (!isTaken)
    yield [
      '/keyMissing',
      `no text field of the key allows "${keyMissing}"; allow it in a pattern, enum or code list`,
    ]
}

function* codeComplaints(contract: Contract, lists: CodeLists): Generator<Complaint> {
  const named: readonly (readonly [path: string, list: string, code: string])[] = [
    ...contract.themes.map((code, index) => [`/themes/${index}`, 'themes', code] as const),
    ...contract.providers.map((code, index) => [`/providers/${index}`, 'providers', code] as const),
    ...(contract.parts ?? []).map((part, i) => [`/parts/${i}/provider`, 'providers', part.provider] as const),
    ['/updateFrequency', 'update-frequencies', contract.updateFrequency],
    ['/shareClass', 'share-classes', contract.shareClass],
    ['/openClass', 'open-classes', contract.openClass],
    ...contract.shareMethods.map((code, index) => [`/shareMethods/${index}`, 'share-methods', code] as const),
  ]
  for (const [path, name, code] of named) {
    const list = lists.get(name)
    if (list === undefined) yield [path, `there is no code list "${name}"; add codes/${name}.csv`]
    else if (findCode(list, code) === undefined) {
      yield [path, `"${code}" is not in the code list "${name}"; add it to codes/${name}.csv or correct it`]
    }
  }
  if (contract.due !== undefined && !isDay(`2025-${contract.due}`)) {
    yield ['/due', 'is not a day of every year; write MM-DD']
  }
  if (contract.openClass === 'unconditional' && contract.shareClass === 'none') {
    yield ['/shareClass', 'unconditionally open data are also shared; choose `general`']
  }
}

function* partComplaints(contract: Contract, lists: CodeLists): Generator<Complaint> {
  const seen = new Set<string>()
  for (const [index, { provider, scope = {} }] of (contract.parts ?? []).entries()) {
    if (seen.has(provider))
      yield [`/parts/${index}/provider`, `"${provider}" already has a part; merge the two`]
    seen.add(provider)
    for (const [name, value] of Object.entries(scope)) {
      const path = `/parts/${index}/scope/${name}`
      const field = fieldOf(contract, name)
      const list = field?.codes === undefined ? undefined : lists.get(field.codes)
      if (field === undefined) yield [path, 'is not a field of this contract; correct the name']
      else if (list !== undefined && findCode(list, value) === undefined) {
        yield [path, `"${value}" is not in the code list "${list.name}"; correct it`]
      }
    }
  }
}

function* kindComplaints(contract: Contract): Generator<Complaint> {
  const { kind } = contract
  if (kind === undefined) return
  const properties = lookUp<Readonly<Record<string, KindProperty>>>(kinds, kind.name)
  if (properties === undefined) {
    yield ['/kind/name', `no such kind; use one of ${Object.keys(kinds).join(', ')} or leave it out`]
    return
  }
  for (const [name, property] of Object.entries(properties)) {
    if (property.required && kind.bind[name] === undefined) {
      yield ['/kind/bind', `bind "${name}" (${property.about.en}) to a field`]
    }
  }
  for (const [name, target] of Object.entries(kind.bind)) {
    const path = `/kind/bind/${name}`
    const property = lookUp(properties, name)
    const field = fieldOf(contract, target)
    if (property === undefined) yield [path, `"${kind.name}" has no such property; remove it`]
    else if (field === undefined)
      yield [path, `"${target}" is not a field of this contract; correct the name`]
    else if (!property.types.includes(field.type)) {
      yield [path, `"${target}" is a ${field.type}; it must be ${property.types.join(' or ')}`]
    } else if (property.codes !== undefined && currentListName(field.codes ?? '') !== property.codes) {
      yield [path, `"${target}" must use the code list "${property.codes}"`]
    }
  }
}

/** The dimensions of statistics: each field once, with the code of its total. */
function* hierarchyComplaints({ kind, fields }: Contract, lists: CodeLists): Generator<Complaint> {
  const { hierarchies = [] } = kind ?? {}
  if (kind?.name !== 'statistics' && hierarchies.length > 0) {
    yield ['/kind/hierarchies', 'only the kind statistics has hierarchies; remove them']
    return
  }
  const seen = new Set<string>()
  for (const [index, { fields: names, total, within }] of hierarchies.entries()) {
    const path = `/kind/hierarchies/${index}`
    for (const [position, name] of names.entries()) {
      const field = fields.find((one) => one.name === name)
      const list = lists.get(field?.codes ?? '')
      if (field?.role !== 'dimension')
        yield [`${path}/fields/${position}`, `"${name}" must be a field of role dimension`]
      else if (seen.has(name)) yield [`${path}/fields/${position}`, `"${name}" is in a hierarchy already`]
      else if (list !== undefined && findCode(list, total) === undefined)
        yield [`${path}/total`, `"${total}" is not in the code list "${list.name}"; add it`]
      seen.add(name)
    }
    if (within !== undefined && !fields.some(({ name, role }) => name === within && role === 'dimension'))
      yield [`${path}/within`, `"${within}" must be a field of role dimension`]
  }
}

function* referenceComplaints(contract: Contract): Generator<Complaint> {
  for (const [index, names] of (contract.indexes ?? []).entries()) {
    for (const name of names) {
      if (fieldOf(contract, name) === undefined)
        yield [`/indexes/${index}`, `"${name}" is not a field; correct the name`]
    }
  }
  const { coordinates } = contract
  if (coordinates !== undefined) {
    for (const name of ['longitude', 'latitude'] as const) {
      if (fieldOf(contract, coordinates[name])?.type !== 'number') {
        yield [`/coordinates/${name}`, 'must name a field of type number']
      }
    }
  }
  const fields = contract.intake?.fields ?? contract.fields
  const headers = new Set(
    fields.flatMap((f) => [f.name, f.title.zh, f.title.en, ...(f.aliases ?? [])].map(normaliseHeader)),
  )
  for (const [index, header] of (contract.ignoredHeaders ?? []).entries()) {
    if (headers.has(normaliseHeader(header)))
      yield [`/ignoredHeaders/${index}`, 'is the header of a field; remove one']
  }
}

/**
 * These parameters mean the same in every rule: `count` names the count field, `withhold` the fields that are
 * emptied, `status` the field with the reason.
 */
function* disclosureComplaints(contract: Contract): Generator<Complaint> {
  const { disclosure } = contract
  const statuses = contract.fields.filter((field) => field.role === 'status').map((field) => field.name)
  if (disclosure === undefined) {
    if (statuses.length > 0)
      yield ['/fields', `"${statuses[0]}" has the role status, but no \`disclosure\` fills it`]
    return
  }
  const { count, status } = disclosure
  if (typeof count === 'string' && !['integer', 'number'].includes(fieldOf(contract, count)?.type ?? '')) {
    yield ['/disclosure/count', 'must name a field of type integer']
  }
  if (typeof status === 'string' && !statuses.includes(status)) {
    yield ['/disclosure/status', 'must name a field of role status']
  }
  for (const [index, name] of withheldFields(contract).entries()) {
    const path = `/disclosure/withhold/${index}`
    if (fieldOf(contract, name) === undefined) yield [path, `"${name}" is not a field; correct the name`]
    else if (contract.primaryKey.includes(name) || statuses.includes(name)) {
      yield [path, `"${name}" belongs to the key or is the status; it cannot be withheld`]
    }
  }
}

/** A use of something another module offers: its path in the contract, its name and its parameters. */
type NamedUse = readonly [path: string, name: string, parameters: JsonSchema]

function* nameComplaints(contract: Contract, known: KnownNames): Generator<Complaint> {
  const published = contract.fields.map((field) => field.name)
  const all = [...contract.fields, ...(contract.intake?.fields ?? [])]
  const { checks = [], disclosure, derivation } = contract
  const checkUses = checks.map(
    ({ check, severity: _, ...parameters }, index): NamedUse => [`/checks/${index}`, check, parameters],
  )
  const names = all.map((field) => field.name)
  for (const [index, use] of checks.entries()) {
    for (const message of known.checkUse?.(use, all) ?? []) yield [`/checks/${index}`, message]
  }
  yield* useComplaints('check', known.checks, checkUses, names)
  if (disclosure !== undefined) {
    const { rule, ...parameters } = disclosure
    const faults = [
      ...useComplaints('rule', known.disclosure, [['/disclosure', rule, parameters]], published),
    ]
    yield* faults
    // Faults of shape come first: the rule reads parameters that are valid by its schema.
    if (faults.length === 0) yield* known.disclosureUse?.(contract) ?? []
  }
  if (derivation !== undefined) {
    const { name, directories: _, ...parameters } = derivation
    yield* useComplaints('name', known.derivations, [['/derivation', name, parameters]], names)
  }
  const formatUses = contract.formats.map((name, index): NamedUse => [`/formats/${index}`, name, {}])
  yield* useComplaints('', known.formats, formatUses, published)
}

function* useComplaints(
  member: string,
  offered: Readonly<Record<string, JsonSchema>> | undefined,
  uses: readonly NamedUse[],
  fieldNames: readonly string[],
): Generator<Complaint> {
  if (offered === undefined) return
  for (const [path, name, parameters] of uses) {
    const schema = lookUp(offered, name)
    if (schema === undefined) {
      const at = member === '' ? path : `${path}/${member}`
      yield [at, `"${name}" is not known; use one of ${Object.keys(offered).join(', ')}`]
      continue
    }
    for (const [inner, message] of compileSchema(schema, fieldNames)(parameters)) {
      yield [`${path}${inner}`, message]
    }
  }
}
