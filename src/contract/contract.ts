/**
 * The contract of a dataset. Its shape is written in datasets/contract.schema.json, from which
 * contract-types.ts is generated; a contract that was loaded is valid against it. No code here depends on a particular dataset.
 */
import type { Digest } from '../platform/digest.ts'
import type { Contract, Field } from './contract-types.ts'
import type { FormerKeyword } from './former-names.ts'

export type { Contract, Field } from './contract-types.ts'

/** Table Schema constraints, by their Table Schema names. */
export type Constraints = NonNullable<Field['constraints']>

/** A use of a check: the name of one in checks/, with its parameters. */
export type CheckUse = NonNullable<Contract['checks']>[number]

/** The share of one provider, and field values that every row of it must have: `{ "district": "310115" }`. */
export type ProviderPart = NonNullable<Contract['parts']>[number]

/** The name of a rule in disclosure/, with its parameters. */
export type DisclosureUse = NonNullable<Contract['disclosure']>

/** The aggregates that readers may request. Without it the dataset offers none. */
export type AggregateOffer = NonNullable<Contract['aggregate']>

type AggregateMeasure = NonNullable<AggregateOffer['measures']>[number]

/** The functions by which a measure can be aggregated over the records of a group. */
export type AggregateFunction = AggregateMeasure['functions'][number]

/** A contract as loaded, with its source and the digest of its document's canonical JSON. */
export interface LoadedContract {
  /** With current keywords only. */
  readonly contract: Contract
  /** The document as written, perhaps with former keywords: this is served, stored and exported. */
  readonly document: Readonly<Record<string, unknown>>
  /** The former keywords of the document. */
  readonly formerKeywords: readonly FormerKeyword[]
  readonly digest: Digest
  readonly file: string
}

/** The fields that a provider delivers: the intake's, else all except those filled by disclosure control. */
export function intakeFields(contract: Pick<Contract, 'intake' | 'fields'>): readonly Field[] {
  return contract.intake?.fields ?? contract.fields.filter((field) => field.role !== 'status')
}

/** The key that must be unique among the rows of a bundle. */
export function intakeKey(contract: Pick<Contract, 'intake' | 'primaryKey'>): readonly string[] {
  return contract.intake?.primaryKey ?? contract.primaryKey
}

/** Whether a row that providers bring is about one person. Such rows are never stored in the database. */
export function isPersonal(contract: Pick<Contract, 'intake'>): boolean {
  return contract.intake?.personal === true
}

/**
 * Default for the days in which an edition with rows about persons can be corrected: until the next edition,
 * since providers notice most errors when they prepare it.
 */
const correctionDaysUsual = 365

/** The days after the first publication of an edition in which it can be corrected. */
export function correctionDaysOf({ intake }: Pick<Contract, 'intake'>): number {
  return intake?.correctionDays ?? correctionDaysUsual
}

/** Default for the days that a rejected bundle with rows about persons is kept: time to answer and decide. */
const quarantineDaysUsual = 14

/** The days that a refused or quarantined bundle is kept. */
export function quarantineDaysOf({ intake }: Pick<Contract, 'intake'>): number {
  return intake?.quarantineDays ?? quarantineDaysUsual
}

/** The parts of an edition; a contract that lists none has one, of its first provider. */
export function partsOf(contract: Contract): readonly ProviderPart[] {
  return contract.parts ?? [{ provider: contract.providers[0] ?? '' }]
}

/**
 * Default for the days that versions under a contract are kept, at least, after a contract that breaks with
 * it: a school term, in which re-users can adapt.
 */
export const noticeDaysUsual = 180

/** The days of notice that a contract gives its readers. */
export function noticeDaysOf(contract: Pick<Contract, 'noticeDays'>): number {
  return contract.noticeDays ?? noticeDaysUsual
}

/** Whether anyone may read the dataset. Only the code `not-open` of the list `open-classes` closes it. */
export function isOpen(contract: Pick<Contract, 'openClass'>): boolean {
  return contract.openClass !== 'not-open'
}

/** Whether a version waits for a second person's approval before its release. */
export function needsApproval(contract: Pick<Contract, 'approval'>): boolean {
  return contract.approval?.required === true
}

/** Finds a field by name. Throws a plain Error for an unknown name, which is an internal error. */
export function getField(contract: Contract, name: string): Field {
  const field = contract.fields.find((candidate) => candidate.name === name)
  if (field === undefined) throw new Error(`${contract.dataset} has no field ${name}`)
  return field
}

/**
 * The fields that disclosure control may empty: the parameter `withhold`, which is the same in every rule.
 * They may be null in a published record even if a provider must fill them.
 */
export function withheldFields(contract: Contract): readonly string[] {
  const withhold = contract.disclosure?.['withhold']
  return Array.isArray(withhold) ? withhold.filter((name) => typeof name === 'string') : []
}

/** The status code for a record with nothing withheld: SDMX `F`, free for publication. */
export const freeStatus = 'F'

/** The status field that disclosure control fills, if the contract's rule names one. */
export function statusField(contract: Contract): string | undefined {
  const status = contract.disclosure?.['status']
  return typeof status === 'string' ? status : undefined
}

/** Whether a published record may be null here. NOT NULL by `required` alone would refuse withheld values. */
export function mayBeNull(contract: Contract, field: Field): boolean {
  return field.constraints?.required !== true || withheldFields(contract).includes(field.name)
}
