/**
 * The shape of a contract. Written by `npm run contract-types` from datasets/contract.schema.json: change that.
 */
import type { Bilingual } from '../platform/language.ts'

/** A column as promised. */
export interface Field {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date' | 'time' | 'datetime' | 'list'
  /**
   * What the field is for. A `status` field is filled by disclosure control and never brought by a provider.
   */
  readonly role: 'key' | 'dimension' | 'measure' | 'count' | 'attribute' | 'status'
  readonly title: Bilingual
  readonly description: Bilingual
  /**
   * The name of this field in the contract before, if only its name has changed: editions are still read and
   * compared together, and providers may still send the former header.
   */
  readonly renamedFrom?: string
  /**
   * Codes that have been renamed since the contract before, former code to current code: records are compared
   * as if they always had the current one.
   */
  readonly renamedCodes?: Readonly<Record<string, string>>
  /** As shown to people: `cm`, `s`, `%`. */
  readonly unit?: string
  /** Name of a code list in codes/. The values are its codes. */
  readonly codes?: string
  /** Only for a dependent code list: the field whose code chooses the codes that are allowed here. */
  readonly codesBy?: string
  /** Headers seen in the wild for this field, beside its name and its titles. */
  readonly aliases?: readonly string[]
  /** Only for `number`: the digits kept after the point. */
  readonly scale?: number
  /** Only for `list`: characters that separate elements in providers' files. `;` always does. */
  readonly separators?: readonly string[]
  /** Table Schema constraints, by their Table Schema names. */
  readonly constraints?: {
    readonly required?: boolean
    readonly minimum?: number | string
    readonly maximum?: number | string
    readonly minLength?: number
    readonly maxLength?: number
    /** A regular expression with ^ at its start and $ at its end. */
    readonly pattern?: string
    readonly enum?: readonly string[]
  }
  /** A value as published: documentation and tests use it. */
  readonly example?: string
}

/**
 * What a dataset promises: fields, keys, checks, disclosure, providers, update frequency. A contract speaks
 * Frictionless Table Schema (type, constraints, primaryKey, missingValues) and adds what a public authority
 * needs. A published contract is never edited: a change is a new file with the next number.
 */
export interface Contract {
  /** The slug, the same as the folder. */
  readonly dataset: string
  /** 1, 2, 3 …, the same as in the name of the file. */
  readonly contractVersion: number
  /**
   * A named set of properties that modules of the service understand, bound to this contract's own fields.
   */
  readonly kind?: {
    /** A kind of src/contract/kinds.ts. */
    readonly name: string
    /** Property of the kind to field of this contract. */
    readonly bind: Readonly<Record<string, string>>
    /** Only for the kind `statistics`: how its dimensions add up to totals. */
    readonly hierarchies?: readonly {
      /** Such as stage, then grade. A record of a stage has the total as its grade. */
      readonly fields: readonly string[]
      /** The code that stands for all codes together, in each of these fields. */
      readonly total: string
      /** The field for each of whose codes the total is one of its own. */
      readonly within?: string
    }[]
  }
  /** The name of the dataset. */
  readonly title: Bilingual
  /** What it holds, how it came about and what it is not fit for. */
  readonly description: Bilingual
  /** Codes of the list `themes`. */
  readonly themes: readonly string[]
  /** Words that people search for. */
  readonly keywords: readonly Bilingual[]
  /** Those answerable for the dataset: codes of the list `providers`. Several are joint providers. */
  readonly providers: readonly string[]
  /** Those who bring it, each its share of every edition. Left out: one part, of the first provider. */
  readonly parts?: readonly {
    /** A code of the list `providers`. */
    readonly provider: string
    /** Field values that every row of this part must have. */
    readonly scope?: Readonly<Record<string, string>>
  }[]
  /** The terms of re-use. */
  readonly licence: {
    /** A short name for machines: SPDX where there is one. */
    readonly name: string
    readonly title: Bilingual
    /** Where the terms can be read. */
    readonly url?: string
  }
  /** Where the data comes from. */
  readonly source: Bilingual
  /** Who answers questions about the data: an office, never a person. */
  readonly contact?: {
    /** The name of the office. */
    readonly name: Bilingual
    /** Its e-mail address. */
    readonly email: string
    /** Its page. */
    readonly url?: string
    /** Its telephone number, with the code of the country, such as +86 21 2311 6500. */
    readonly telephone?: string
  }
  /** The area that the data cover. */
  readonly area?: {
    /** Its name. */
    readonly name: Bilingual
    /** Its identifier in a public gazetteer, such as GeoNames. */
    readonly url?: string
  }
  /** What an edition stands for: `year` is named `2025`, `school-year` is named `2025-2026`. */
  readonly period: 'year' | 'school-year'
  /** A code of the list `update-frequencies`. */
  readonly updateFrequency: string
  /** Month and day, `MM-DD`, by which the edition is due in the year its period ends. */
  readonly due?: string
  /** A code of the list `share-classes`. */
  readonly shareClass: string
  /** A code of the list `open-classes`. The code `not-open` alone closes the dataset. */
  readonly openClass: string
  /** Codes of the list `share-methods`. */
  readonly shareMethods: readonly string[]
  /** The fields of a published record, in the order of the file. */
  readonly fields: readonly Field[]
  /** The fields by which a record is known. They are required. */
  readonly primaryKey: readonly string[]
  /**
   * The stand-in for an empty cell in the text fields of the key, such as `_Z` (SDMX: not applicable) for the
   * school of a national total. Each one filled in is counted as a correction; readers may ask for empty
   * values in its place. Where such a field has a code list, the stand-in is one of its codes. Left out: a
   * key is never empty.
   */
  readonly keyMissing?: string
  /** Texts that providers write for "nothing". The empty cell is always one. */
  readonly missingValues: readonly string[]
  /** Further indexes on the published records, each a list of fields. */
  readonly indexes?: readonly (readonly string[])[]
  /** The fields that a provider brings, where they are not the published ones. */
  readonly intake?: {
    /** Whether a row is about one person. Such rows travel encrypted and are never stored in the database. */
    readonly personal: boolean
    /**
     * Only for rows about persons: days after the first publication of an edition in which it can be
     * corrected. Then its confidential statistics are destroyed. Left out: 365.
     */
    readonly correctionDays?: number
    /**
     * Only for rows about persons: days that a refused or quarantined bundle is kept, encrypted. Left out:
     * 14.
     */
    readonly quarantineDays?: number
    /**
     * What a quote character inside an unquoted cell of a CSV is, as in 3'55". Left out: error, because it
     * may show that a quote is missing.
     */
    readonly innerQuotes?: 'error' | 'text'
    /** Fields that only some variants of the file have: no warning where a file lacks them. */
    readonly variantFields?: readonly string[]
    readonly fields: readonly Field[]
    readonly primaryKey: readonly string[]
  }
  /** How published records follow from the rows brought: the name of a derivation, and its parameters. */
  readonly derivation?: {
    readonly name: string
    /** The datasets that the derivation looks up, by its name for each. */
    readonly directories?: Readonly<Record<string, string>>
    readonly [parameter: string]: unknown
  }
  /** Checks on each row, beyond types and constraints. */
  readonly checks?: readonly {
    readonly check: string
    /** An error keeps the row out; a warning is kept with the version. Left out: error. */
    readonly severity?: 'error' | 'warning'
    readonly [parameter: string]: unknown
  }[]
  /**
   * How formulas in a provider's workbook are handled: `value` uses the value calculated when the workbook
   * was saved, `refuse` makes the cell an error. Default: `value`.
   */
  readonly formulas?: 'value' | 'refuse'
  /**
   * How many defects are tolerated before a bundle is quarantined; every bound that is given applies.
   * Default: no error, any number of warnings. Rows with an error are never published.
   */
  readonly tolerance?: {
    /** Errors that are tolerated. If only `errorShare` is given, any number within that share. */
    readonly errors?: number
    /** Warnings that are tolerated. Default: any number. */
    readonly warnings?: number
    /** Share of the rows read that may have an error. */
    readonly errorShare?: number
  }
  /**
   * Days that readers have to follow a contract that breaks with this one: for so long, at least, its
   * versions stay beside the new ones. 180 if absent.
   */
  readonly noticeDays?: number
  /** Whether a second person must approve each version before it is released. Who asked for it can't. */
  readonly approval?: {
    readonly required: boolean
  }
  /** The rule of disclosure control, and its parameters. */
  readonly disclosure?: {
    readonly rule: string
    readonly [parameter: string]: unknown
  }
  /** What readers may ask `aggregate` for. Left out: no aggregates are offered. */
  readonly aggregate?: {
    /** Fields by which records may be grouped: keys, dimensions, and attributes of codes or short texts. */
    readonly groupBy: readonly string[]
    /** Fields over which something may be computed, each once. */
    readonly measures?: readonly {
      readonly field: string
      /** A mean needs a `weight`. */
      readonly functions: readonly ('sum' | 'mean' | 'min' | 'max')[]
      /** The count by which the mean is weighted; it is never below 0. */
      readonly weight?: string
    }[]
    /**
     * Dimensions over whose codes nothing may be added up, because one code is the total of others (`_T`) or
     * each has a unit of its own. They are grouped by or held to one code; without either the default
     * applies, and without a default the request is refused.
     */
    readonly pinned?: readonly {
      readonly field: string
      readonly default?: string
    }[]
  }
  /** Names of formats in formats/ in which each version is distributed. */
  readonly formats: readonly string[]
  /** Where fields carry coordinates: the fields and the system in which they are brought. */
  readonly coordinates?: {
    readonly system: 'WGS-84' | 'GCJ-02' | 'BD-09'
    readonly longitude: string
    readonly latitude: string
  }
  /** Headers that are known and not taken. Any other unknown header is an error. */
  readonly ignoredHeaders?: readonly string[]
}
