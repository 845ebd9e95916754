/** Names and titles of fields from headers: given by the caller, known from other contracts, or spelled. */
import { type Contract, type Field, normaliseHeader } from '../../../contract/index.ts'
import { defined } from '../../../platform/defined.ts'
import type { Bilingual } from '../../../platform/language.ts'

/** Spells Chinese text as syllables without tones, such as `['xue', 'xiao']`; leaves other text as it is. */
export type Spell = (text: string) => readonly string[]

export interface NameOptions {
  /** Fields of other contracts by header, see `knownFields`. */
  readonly known: ReadonlyMap<string, Field>
  /** Names chosen by a person, by header. */
  readonly given: ReadonlyMap<string, string>
  /** Names that a field can't have. */
  readonly reserved: ReadonlySet<string>
  readonly spell: Spell
}

export interface FieldName {
  readonly name: string
  /** Absent in the language that nobody has written yet. */
  readonly title: Partial<Bilingual>
  /** The title in the other language, if only the name of a field of another contract is the header. */
  readonly borrowed?: string
}

/** Longest name of a field. */
const nameCharactersMax = 50

/** Names the columns of a table; each name is used once. */
export function nameColumns(labels: readonly string[], options: NameOptions): readonly FieldName[] {
  const { known } = options
  const used = new Set<string>()
  const usedTitles = new Set<string>()
  return labels.map((label) => {
    const field = known.get(normaliseHeader(label))
    const given = options.given.get(label)
    const name = uniqueName(given ?? field?.name ?? spelled(label, options.spell), used, options.reserved)
    used.add(name)
    const own: Partial<Bilingual> = /\p{Script=Han}/u.test(label) ? { zh: label } : { en: readable(label) }
    const other: Partial<Bilingual> = field === undefined ? {} : { zh: field.title.zh, en: field.title.en }
    const title = { ...other, ...own }
    // A header must not mean two fields.
    const isTaken = Object.values(title).some((text) => usedTitles.has(normaliseHeader(text)))
    for (const text of Object.values(title)) usedTitles.add(normaliseHeader(text))
    const isTitle = [field?.title.zh, field?.title.en, ...(field?.aliases ?? [])].some(
      (text) => text !== undefined && normaliseHeader(text) === normaliseHeader(label),
    )
    const borrowed = isTaken || isTitle || own.zh !== undefined ? undefined : other.zh
    return { name, title: isTaken ? own : title, ...defined({ borrowed }) }
  })
}

/** Fields of other contracts by each of their headers; a header of different fields is left out. */
export function knownFields(contracts: readonly Contract[]): ReadonlyMap<string, Field> {
  const known = new Map<string, Field | undefined>()
  const fields = contracts.flatMap((contract) => contract.fields)
  // Of fields with one name, those whose code list most contracts use come last and are taken.
  const uses = ({ name, codes }: Field) =>
    fields.filter((other) => other.name === name && other.codes === codes).length
  for (const field of fields.toSorted((one, other) => uses(one) - uses(other))) {
    for (const header of [field.name, field.title.zh, field.title.en, ...(field.aliases ?? [])]) {
      const folded = normaliseHeader(header)
      const other = known.get(folded)
      const isSame = !known.has(folded) || other?.name === field.name
      known.set(folded, isSame ? field : undefined)
    }
  }
  return new Map([...known].flatMap(([header, field]) => (field === undefined ? [] : [[header, field]])))
}

/** A header as a field name: `School name` is `school_name`, 学校名称 is `xue_xiao_ming_cheng`. */
function spelled(label: string, spell: Spell): string {
  const text = label
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
  const words = spell(text)
    .join(' ')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
  let name = /^\d/.test(words[0] ?? '') ? 'n' : ''
  for (const word of words) {
    const longer = name === '' ? word : `${name}_${word}`
    if (longer.length > nameCharactersMax) break
    name = longer
  }
  return name === '' ? 'column' : name
}

function uniqueName(name: string, used: ReadonlySet<string>, reserved: ReadonlySet<string>): string {
  const free = reserved.has(name) ? `${name}_value` : name
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? free : `${free.slice(0, nameCharactersMax - 4)}_${number}`
    if (!used.has(candidate)) return candidate
  }
}

/** A technical header as people read it: `time_period` is `Time period`. */
function readable(label: string): string {
  const words = label.replace(/_+/g, ' ').trim()
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`
}
