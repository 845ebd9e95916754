/**
 * The contract of a dataset. These types mirror datasets/contract.schema.json, which is the authority;
 * a value of type Contract is valid against it. No code here depends on a particular dataset.
 */
import type { Digest } from '../platform/digest.ts'
import type { Bilingual } from '../platform/language.ts'
import type { FieldTypeName } from './fields/field-types.ts'
import type { FormerKeyword } from './former-names.ts'
import type { Tolerance } from './tolerance.ts'

/** The role of a field. A `status` field is filled by disclosure control, never delivered by a provider. */
export type Role = 'key' | 'dimension' | 'measure' | 'count' | 'attribute' | 'status'

export interface Field {
  readonly name: string
  readonly type: FieldTypeName
  readonly role: Role
  readonly title: Bilingual
  readonly description: Bilingual
  /** UCUM-like unit as shown to people: `cm`, `s`, `%`. */
  readonly unit?: string
  /** Name of a code list in datasets/codes. The values are its codes. */
  readonly codes?: string
  /** Only for a dependent code list: the field whose code determines the codes allowed here. */
  readonly codesBy?: string
  /** Headers found in real files for this field, besides its name and titles. */
  readonly aliases?: readonly string[]
  /** Only for `number`: digits after the point; published values always show that many. */
  readonly scale?: number
  /** Only for `list`: characters that separate elements in intake files. Published with `;`. */
  readonly separators?: readonly string[]
  readonly constraints?: Constraints
  readonly example?: string
}

/** Table Schema constraints, by their Table Schema names. */
export interface Constraints {
  readonly required?: boolean
  readonly minimum?: number | string
  readonly maximum?: number | string
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly enum?: readonly string[]
}

/** A use of a check: the name of one in checks/, with its parameters. */
export interface CheckUse {
  readonly check: string
  readonly severity?: 'error' | 'warning'
  readonly [parameter: string]: unknown
}

export interface ProviderPart {
  /** A code of the code list `providers`. */
  readonly provider: string
  /** Field values that every row of this part must have: `{ "district": "310115" }`. */
  readonly scope?: Readonly<Record<string, string>>
}

export interface DisclosureUse {
  /** The name of a rule in disclosure/. */
  readonly rule: string
  readonly [parameter: string]: unknown
}

/** The functions by which a measure can be aggregated over the records of a group. */
export type AggregateFunction = 'sum' | 'mean' | 'min' | 'max'

export interface AggregateMeasure {
  readonly field: string
  readonly functions: readonly AggregateFunction[]
  /** The count that weights a mean, such as the number of pupils behind a record's own mean. */
  readonly weight?: string
}

/** The aggregates that readers may request. Without it the dataset offers none. */
export interface AggregateOffer {
  /** Fields by which records may be grouped. */
  readonly groupBy: readonly string[]
  readonly measures?: readonly AggregateMeasure[]
  /**
   * Dimensions whose codes must not be added up: one code is the total of the others, or units differ. A
   * query groups by them or filters to one code; otherwise the default applies, or the query is refused.
   */
  readonly pinned?: readonly { readonly field: string; readonly default?: string }[]
}

export interface Contract {
  readonly dataset: string
  readonly contractVersion: number
  /** A named set of properties bound to this contract's own fields, such as `venues` or `annual-list`. */
  readonly kind?: { readonly name: string; readonly bind: Readonly<Record<string, string>> }
  readonly title: Bilingual
  readonly description: Bilingual
  readonly themes: readonly string[]
  readonly keywords: readonly Bilingual[]
  /** Organisations responsible for the dataset; codes of the list `providers`. Several are joint. */
  readonly providers: readonly string[]
  /** Organisations that deliver it; by default one part, of the first provider. */
  readonly parts?: readonly ProviderPart[]
  readonly licence: { readonly name: string; readonly title: Bilingual; readonly url?: string }
  readonly source: Bilingual
  readonly period: 'year' | 'school-year'
  /** A code of the list `update-frequencies`. */
  readonly updateFrequency: string
  /** Month and day, `MM-DD`, by which the edition is due in the year its period ends. */
  readonly due?: string
  /** A code of the list `share-classes`. */
  readonly shareClass: string
  /** A code of the list `open-classes`. */
  readonly openClass: string
  /** Codes of the list `share-methods`. */
  readonly shareMethods: readonly string[]
  readonly fields: readonly Field[]
  readonly primaryKey: readonly string[]
  readonly missingValues: readonly string[]
  /** Further indexes on the published records, each a list of fields. */
  readonly indexes?: readonly (readonly string[])[]
  /** The intake fields, if they differ from the published ones. */
  readonly intake?: {
    readonly personal: boolean
    readonly fields: readonly Field[]
    readonly primaryKey: readonly string[]
  }
  readonly derivation?: { readonly name: string; readonly [parameter: string]: unknown }
  readonly checks?: readonly CheckUse[]
  /** How formulas of a workbook are treated: by default their cached value is used. */
  readonly formulas?: 'value' | 'refuse'
  /** How many errors are tolerated before the bundle is quarantined. */
  readonly tolerance?: Tolerance
  readonly disclosure?: DisclosureUse
  readonly aggregate?: AggregateOffer
  /** Whether a second person must approve each prepared version before its release. */
  readonly approval?: { readonly required: boolean }
  /** Days that readers have to adapt to a contract that breaks compatibility with this one. */
  readonly noticeDays?: number
  /** Names of formats in formats/ in which each version is distributed. */
  readonly formats: readonly string[]
  /** Only if fields carry coordinates. The service always stores WGS-84. */
  readonly coordinates?: {
    readonly system: 'WGS-84' | 'GCJ-02' | 'BD-09'
    readonly longitude: string
    readonly latitude: string
  }
  /** Known headers of the file whose columns are ignored. Any other unknown header is an error. */
  readonly ignoredHeaders?: readonly string[]
}

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
export function intakeFields(contract: Contract): readonly Field[] {
  return contract.intake?.fields ?? contract.fields.filter((field) => field.role !== 'status')
}

/** The key that must be unique among the rows of a bundle. */
export function intakeKey(contract: Contract): readonly string[] {
  return contract.intake?.primaryKey ?? contract.primaryKey
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
