/**
 * Compares a new contract with the former one: can readers and providers go on unchanged? Changes of texts,
 * headers or checks are compatible; additions are additive; a change that removes, narrows or gives another
 * meaning is breaking.
 */

import { isDeepStrictEqual } from 'node:util'
import type { Bilingual } from '../../platform/language.ts'
import { lookUp } from '../../platform/lookup.ts'
import type { AggregateOffer, Contract, Field } from '../contract.ts'
import { currentListName } from '../former-names.ts'
import { inNamesOf, renamesSince } from './renames.ts'
import { reasonOf } from './verdict-reasons.ts'

export type VerdictName = 'compatible' | 'additive' | 'breaking'

interface ContractDifference {
  /** Where: `fields/mean/unit`, with fields by name. */
  readonly path: string
  readonly kind: VerdictName
  readonly what: 'added' | 'removed' | 'changed'
  /** The value in the former and the next contract; null if missing. */
  readonly before: unknown
  readonly after: unknown
  /** The reason for the verdict. */
  readonly message: Bilingual
}

interface Verdict {
  /** The most serious kind of difference; `compatible` if there are none. */
  readonly verdict: VerdictName
  readonly differences: readonly ContractDifference[]
}

/** Compares a contract with the one before it. Throws a plain Error for contracts of different datasets. */
export function compareContracts(former: Contract, next: Contract): Verdict {
  if (former.dataset !== next.dataset) throw new Error('contracts of two datasets are not compared')
  // A declared rename is one difference; everything else is compared under the new name.
  const same = inNamesOf(former, next)
  const renames = renamesSince(former, next)
  const differences = [
    ...compareProperties('', same, next, contractRules),
    ...renames.fields.map(({ from, to }) => difference(`fields/${to}/name`, 'additive', from, to)),
    ...compareFields('fields', same.fields, next.fields),
    ...compareIntake(same, next),
  ]
  const worst = (['breaking', 'additive'] as const).find((kind) =>
    differences.some((difference) => difference.kind === kind),
  )
  return { verdict: worst ?? 'compatible', differences }
}

/** Judges the change of a property from its former and its next value. */
type Judge = (former: unknown, next: unknown) => VerdictName
type Rules = Readonly<Record<string, Judge | 'elsewhere'>>

const always =
  (kind: VerdictName): Judge =>
  () =>
    kind

/** An addition is additive; a change or removal breaks. */
const added: Judge = (former) => (former === undefined ? 'additive' : 'breaking')

const elements = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** A set that loses an element breaks; one that only gains is additive; a new order is compatible. */
const set: Judge = (former, next) => {
  const lacks = (one: unknown, other: unknown) =>
    elements(one).some(
      (element) => !elements(other).some((candidate) => isDeepStrictEqual(candidate, element)),
    )
  return lacks(former, next) ? 'breaking' : lacks(next, former) ? 'additive' : 'compatible'
}

/** A set for which every change breaks; a new order is compatible. */
const sameSet: Judge = (former, next) => (set(former, next) === 'compatible' ? 'compatible' : 'breaking')

/** A bound: `tighter` returns whether the next bound refuses values that the former accepted. */
const bound =
  (tighter: (former: number | string, next: number | string) => boolean): Judge =>
  (former, next) => {
    if (next === undefined) return 'additive'
    if (former === undefined) return 'breaking'
    return tighter(former as number | string, next as number | string) ? 'breaking' : 'additive'
  }

const atLeast = bound((former, next) => next > former)
const atMost = bound((former, next) => next < former)

/** A removed option breaks, an added one does not. A changed pin or weight changes answers, so it breaks. */
const aggregate: Judge = (former, next) => {
  if (former === undefined) return 'additive'
  if (next === undefined) return 'breaking'
  const [one, other] = [former as AggregateOffer, next as AggregateOffer]
  if (!isDeepStrictEqual(one.pinned ?? [], other.pinned ?? [])) return 'breaking'
  const offered = ({ groupBy, measures = [] }: AggregateOffer) => [
    ...groupBy,
    ...measures.flatMap(({ field, functions, weight }) =>
      functions.map((name) => [field, name, name === 'mean' ? weight : undefined]),
    ),
  ]
  return set(offered(one), offered(other))
}

/** Another name or binding breaks readers of the kind; hierarchies may be added. */
const kind: Judge = (former, next) => {
  if (former === undefined) return 'additive'
  if (next === undefined) return 'breaking'
  const [{ hierarchies: before, ...one }, { hierarchies: after, ...other }] = [Object(former), Object(next)]
  return isDeepStrictEqual(one, other) && (before === undefined || isDeepStrictEqual(before, after))
    ? 'additive'
    : 'breaking'
}

const contractRules: Rules = {
  contractVersion: 'elsewhere',
  fields: 'elsewhere',
  intake: 'elsewhere',
  kind,
  parts: (former, next) => (former === undefined ? 'breaking' : set(former, next)),
  licence: (former, next) =>
    isDeepStrictEqual(Object(former).name, Object(next).name) ? 'compatible' : 'breaking',
  period: always('breaking'),
  openClass: (_, next) => (next === 'not-open' ? 'breaking' : 'compatible'),
  primaryKey: sameSet,
  // A stand-in lets providers leave the key empty; without it they are refused, and another one reads differently.
  keyMissing: added,
  missingValues: set,
  indexes: set,
  derivation: always('breaking'),
  formats: set,
  aggregate,
  coordinates: added,
}

const fieldRules: Rules = {
  name: 'elsewhere',
  renamedCodes: always('additive'),
  constraints: 'elsewhere',
  type: always('breaking'),
  // The role `status` decides who fills a field; other roles do not affect clients.
  role: (former, next) => (former === 'status' || next === 'status' ? 'breaking' : 'additive'),
  unit: always('breaking'),
  // A list and its former name are the same list.
  codes: (former, next) =>
    typeof former === 'string' &&
    typeof next === 'string' &&
    currentListName(former) === currentListName(next)
      ? 'compatible'
      : 'breaking',
  codesBy: always('breaking'),
  scale: bound((former, next) => next < former),
  separators: set,
}

const constraintRules: Rules = {
  // Dropping `required` gives readers unexpected nulls; adding it gets providers refused.
  required: (_, next) => (next === true ? 'breaking' : 'additive'),
  minimum: atLeast,
  maximum: atMost,
  minLength: atLeast,
  maxLength: atMost,
  pattern: (_, next) => (next === undefined ? 'additive' : 'breaking'),
  enum: (former, next) =>
    former === undefined ? 'breaking' : next === undefined ? 'additive' : set(former, next),
}

function difference(path: string, kind: VerdictName, before: unknown, after: unknown): ContractDifference {
  const what = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed'
  const message = reasonOf(path, what, kind)
  return { path, kind, what, before: before ?? null, after: after ?? null, message }
}

/** Compares two objects property by property; a property without a rule is compatible. */
function compareProperties(
  at: string,
  former: object,
  next: object,
  rules: Rules,
): readonly ContractDifference[] {
  const before = new Map<string, unknown>(Object.entries(former))
  const after = new Map<string, unknown>(Object.entries(next))
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const rule = lookUp(rules, name) ?? always('compatible')
    const [one, other] = [before.get(name), after.get(name)]
    if (rule === 'elsewhere' || isDeepStrictEqual(one, other)) return []
    return [difference(`${at}${name}`, rule(one, other), one, other)]
  })
}

function compareFields(
  at: string,
  former: readonly Field[],
  next: readonly Field[],
): readonly ContractDifference[] {
  const inFormer = new Map(former.map((field) => [field.name, field]))
  const inNext = new Map(next.map((field) => [field.name, field]))
  const removed = former.filter((field) => !inNext.has(field.name))
  const changed = next.flatMap((field) => {
    const before = inFormer.get(field.name)
    return before === undefined
      ? [difference(`${at}/${field.name}`, newFieldKind(field), undefined, field)]
      : compareField(`${at}/${field.name}/`, before, field)
  })
  const shared = (fields: readonly Field[], other: ReadonlyMap<string, Field>) =>
    fields.map((field) => field.name).filter((name) => other.has(name))
  const [before, after] = [shared(former, inNext), shared(next, inFormer)]
  return [
    ...removed.map((field) => difference(`${at}/${field.name}`, 'breaking', field, undefined)),
    ...changed,
    // A header names each column, so clients don't depend on the order.
    ...(isDeepStrictEqual(before, after) ? [] : [difference(at, 'compatible', before, after)]),
  ]
}

/** A new field is additive, unless providers must fill it. */
function newFieldKind(field: Field): VerdictName {
  return field.constraints?.required === true ? 'breaking' : 'additive'
}

function compareField(at: string, former: Field, next: Field): readonly ContractDifference[] {
  return [
    ...compareProperties(at, former, next, fieldRules),
    ...compareProperties(
      `${at}constraints/`,
      former.constraints ?? {},
      next.constraints ?? {},
      constraintRules,
    ),
  ]
}

function compareIntake(
  { intake: former }: Contract,
  { intake: next }: Contract,
): readonly ContractDifference[] {
  if (former === undefined && next === undefined) return []
  if (former === undefined || next === undefined) return [difference('intake', 'breaking', former, next)]
  return [
    ...compareFields('intake/fields', former.fields, next.fields),
    ...compareProperties('intake/', former, next, {
      fields: 'elsewhere',
      personal: always('breaking'),
      primaryKey: sameSet,
    }),
  ]
}
