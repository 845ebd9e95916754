/** Labels of codes, in both languages. */
import type { Bilingual } from '../../platform/language.ts'
import { type Code, type CodeQuery, findCode } from '../codes/codes.ts'
import type { Field } from '../contract.ts'
import type { Contracts } from '../contracts.ts'
import { fieldType, listSeparator } from './field-types.ts'

/** The newest label of a code of a list; undefined if the list has no such code. */
export function labelOf(
  contracts: Contracts,
  list: string,
  code: string,
  query?: CodeQuery,
): Bilingual | undefined {
  return findCode(contracts.codes(list), code, query)?.label
}

/**
 * A field's canonical text for people: labels instead of codes, joined as in the file if it is a list.
 * `under` is the code of the field that `codesBy` names. A code without a label is returned unchanged.
 */
export function labelText(contracts: Contracts, field: Field, text: string, under?: string): Bilingual {
  const { codes } = field
  if (codes === undefined) return { zh: text, en: text }
  const elements = field.type === 'list' ? text.split(listSeparator) : [text]
  const query = under === undefined ? {} : { under }
  const labels = elements.map((code) => labelOf(contracts, codes, code, query) ?? { zh: code, en: code })
  return {
    zh: labels.map(({ zh }) => zh).join(listSeparator),
    en: labels.map(({ en }) => en).join(listSeparator),
  }
}

/** The entries of a field's code list, each code once with its newest label; undefined without a list. */
export function codesOf(contracts: Contracts, field: Field): readonly Code[] | undefined {
  return field.codes === undefined ? undefined : listCodes(contracts, field.codes)
}

/** The entries of a code list, each code once with its newest label. */
export function listCodes(contracts: Contracts, name: string): readonly Code[] {
  const list = contracts.codes(name)
  return [...list.byCode.keys()].flatMap((code) => findCode(list, code) ?? [])
}

/** The JSON value in a record for a text in a contract; undefined if the text does not fit the type. */
export function jsonValue(field: Field, text: string): unknown {
  const type = fieldType(field.type)
  const canonical = type.parse(text, field)
  return canonical === undefined ? undefined : JSON.parse(type.json(canonical))
}
