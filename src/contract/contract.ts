/**
 * The contract: what a dataset promises. These types mirror datasets/contract.schema.json, which is the authority;
 * a value of type Contract has passed it. Nothing here knows any dataset by name.
 */
import type { Digest } from '../platform/digest.ts'
import type { Bilingual } from '../platform/language.ts'
import type { FieldTypeName } from './fields/field-types.ts'
import type { FormerKeyword } from './former-names.ts'
import type { Tolerance } from './tolerance.ts'

/** What a field is for. A `status` field is filled by disclosure control and never brought by a provider. */
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
  /** Only for a dependent code list: the field whose code chooses the codes that are allowed here. */
  readonly codesBy?: string
  /** Headers seen in the wild for this field, beside its name and its titles. */
  readonly aliases?: readonly string[]
  /** Only for `number`: the digits kept after the point; published values always show that many. */
  readonly scale?: number
  /** Only for `list`: signs that separate elements in what providers bring. Published with `;`. */
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

/** A check of the contract: the name of one in checks/, with its parameters. */
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

/** What may be made of a measure over the records of a group. */
export type AggregateFunction = 'sum' | 'mean' | 'min' | 'max'

export interface AggregateMeasure {
  readonly field: string
  readonly functions: readonly AggregateFunction[]
  /** The count by which a mean is weighted: the number of pupils that a record's own mean rests on. */
  readonly weight?: string
}

/** What readers may ask `aggregate` for. Without it the dataset offers no aggregates. */
export interface AggregateOffer {
  /** Fields by which records may be grouped. */
  readonly groupBy: readonly string[]
  readonly measures?: readonly AggregateMeasure[]
  /**
   * Dimensions over whose codes nothing may be added up, because one code is the total of the others or each has a
   * unit of its own. They are grouped by or held to one code; without either the default applies, or the refusal.
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
  /** Those answerable for the dataset; codes of the list `providers`. Several are joint providers. */
  readonly providers: readonly string[]
  /** Those who bring it; by default one part, of the first provider. */
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
  /** The fields that a provider brings, where they are not the published ones. */
  readonly intake?: {
    readonly personal: boolean
    readonly fields: readonly Field[]
    readonly primaryKey: readonly string[]
  }
  readonly derivation?: { readonly name: string; readonly [parameter: string]: unknown }
  readonly checks?: readonly CheckUse[]
  /** What becomes of the formulas of a workbook: by default their cached value is taken. */
  readonly formulas?: 'value' | 'refuse'
  /** How much that is wrong is borne, before the bundle rests in quarantine. */
  readonly tolerance?: Tolerance
  readonly disclosure?: DisclosureUse
  readonly aggregate?: AggregateOffer
  /** Whether a second person must approve each version, once it is prepared, before it is released. */
  readonly approval?: { readonly required: boolean }
  /** Days that readers have to follow a contract that breaks with this one. */
  readonly noticeDays?: number
  /** Names of formats in formats/ in which each version is distributed. */
  readonly formats: readonly string[]
  /** Only where fields carry coordinates. Inside the house always WGS-84. */
  readonly coordinates?: {
    readonly system: 'WGS-84' | 'GCJ-02' | 'BD-09'
    readonly longitude: string
    readonly latitude: string
  }
  /** Headers of the file that are known and not taken. Any other unknown header is an error. */
  readonly ignoredHeaders?: readonly string[]
}

/** A contract as loaded, with where it came from and the digest of its document's canonical JSON. */
export interface LoadedContract {
  /** With current keywords only. */
  readonly contract: Contract
  /** As its file has it, perhaps with former keywords: what is served, stored and exported. */
  readonly document: Readonly<Record<string, unknown>>
  /** The former keywords of the document. */
  readonly formerKeywords: readonly FormerKeyword[]
  readonly digest: Digest
  readonly file: string
}

/** The fields that a provider brings: the intake's, else all but those that control fills. */
export function intakeFields(contract: Contract): readonly Field[] {
  return contract.intake?.fields ?? contract.fields.filter((field) => field.role !== 'status')
}

/** The key that rows of a bundle must not share. */
export function intakeKey(contract: Contract): readonly string[] {
  return contract.intake?.primaryKey ?? contract.primaryKey
}

/** The parts that an edition is made of; a contract without any has one, of its first provider. */
export function partsOf(contract: Contract): readonly ProviderPart[] {
  return contract.parts ?? [{ provider: contract.providers[0] ?? '' }]
}

/**
 * Days for which versions under a contract are kept, at least, once one that breaks with it has come, where the contract
 * says nothing: a school term, in which a re-user finds the time to follow.
 */
export const noticeDaysUsual = 180

/** The days of notice that a contract gives its readers. */
export function noticeDaysOf(contract: Pick<Contract, 'noticeDays'>): number {
  return contract.noticeDays ?? noticeDaysUsual
}

/** Whether anyone may read the dataset. The code `not-open` of the list `open-classes` alone closes it. */
export function isOpen(contract: Pick<Contract, 'openClass'>): boolean {
  return contract.openClass !== 'not-open'
}

/** Whether a version waits for the approval of a second person before it is released. */
export function needsApproval(contract: Pick<Contract, 'approval'>): boolean {
  return contract.approval?.required === true
}

/** Finds a field by name. Throws a plain Error, for a name that the contract does not have is our fault. */
export function getField(contract: Contract, name: string): Field {
  const field = contract.fields.find((candidate) => candidate.name === name)
  if (field === undefined) throw new Error(`${contract.dataset} has no field ${name}`)
  return field
}

/**
 * The fields that disclosure control may empty, whatever the rule: its parameter `withhold`. They may be null in a
 * published record even where a provider must fill them.
 */
export function withheldFields(contract: Contract): readonly string[] {
  const withhold = contract.disclosure?.['withhold']
  return Array.isArray(withhold) ? withhold.filter((name) => typeof name === 'string') : []
}

/** The code of a status field that says that nothing of the record was withheld: SDMX, F, free for publication. */
export const freeStatus = 'F'

/** The field of the status that disclosure control fills, where the contract's rule names one. */
export function statusField(contract: Contract): string | undefined {
  const status = contract.disclosure?.['status']
  return typeof status === 'string' ? status : undefined
}

/** Whether a published record may have no value here. A column made NOT NULL by `required` alone refuses withheld values. */
export function mayBeNull(contract: Contract, field: Field): boolean {
  return field.constraints?.required !== true || withheldFields(contract).includes(field.name)
}
