/**
 * The share of Solr's query language that CKAN's harvesters use: `field:value`, phrases, ranges, groups of values, AND, OR,
 * NOT, + and -. What stands side by side must all be met, as CKAN's default operator has it; unlike the classic parser, OR
 * binds only what it stands between, which is what its writers mean. All else is refused by name.
 */
import { nearestOf } from '../../http/index.ts'
import { isDay } from '../../platform/time.ts'
import { nameOf, type Package } from './catalogue.ts'
import { idOf } from './ids.ts'
import { searchRefused } from './refusal.ts'

/** Longest query, and brackets within brackets. */
export const queryLengthMax = 8_000
export const nestingMax = 20

export type Test = (of: Package) => boolean

export interface SolrQuery {
  readonly test: Test
  /** Words without a field, which are for the search over texts. */
  readonly words: readonly string[]
}

type Kind = 'name' | 'instant' | 'text'

interface SolrField {
  readonly kind: Kind
  readonly values: (of: Package) => readonly string[]
}

const field = (kind: Kind, values: SolrField['values']): SolrField => ({ kind, values })

/** The fields, by the names that CKAN indexes them under. */
export const solrFields: Readonly<Record<string, SolrField>> = {
  id: field('name', ({ id }) => [id]),
  name: field('name', (of) => [nameOf(of)]),
  title: field('text', ({ loaded: { contract } }) => [contract.title.zh, contract.title.en]),
  notes: field('text', ({ loaded: { contract } }) => [contract.description.zh, contract.description.en]),
  organization: field('name', ({ organization }) => [organization]),
  owner_org: field('name', ({ organization }) => [idOf('organization', organization)]),
  groups: field('name', ({ loaded: { contract } }) => contract.themes),
  tags: field('name', ({ tags }) => tags),
  res_format: field('name', ({ formats }) => formats),
  license_id: field('name', ({ loaded: { contract } }) => [contract.licence.name]),
  type: field('name', () => ['dataset']),
  dataset_type: field('name', () => ['dataset']),
  entity_type: field('name', () => ['package']),
  state: field('name', () => ['active']),
  capacity: field('name', ({ loaded: { contract } }) => [
    contract.openClass === 'not-open' ? 'private' : 'public',
  ]),
  private: field('name', ({ loaded: { contract } }) => [String(contract.openClass === 'not-open')]),
  metadata_created: field('instant', ({ created }) => [created]),
  metadata_modified: field('instant', ({ modified }) => [modified]),
}

/** Reads a query. `free` tells whether words without a field are taken. Throws `searchRefused`, naming what is not spoken. */
export function parseSolr(query: string, { free }: { readonly free: boolean }): SolrQuery {
  if (query.length > queryLengthMax) throw searchRefused(`At most ${queryLengthMax} characters.`)
  const reader = new SolrReader(query, free)
  return { test: reader.whole(), words: reader.words }
}

const always: Test = () => true

/** A descent by hand over one text: the grammar is too small for a generator, and each refusal names its sign. */
class SolrReader {
  readonly words: string[] = []
  #at = 0
  #depth = 0
  readonly #text: string
  readonly #free: boolean

  constructor(text: string, free: boolean) {
    this.#text = text
    this.#free = free
  }

  whole(): Test {
    const test = this.#sequence(undefined)
    if (this.#peek() !== '') throw searchRefused('A bracket is closed that was never opened.')
    return test
  }

  /** Clauses side by side, up to a closing bracket or the end: all must be met. */
  #sequence(of: string | undefined): Test {
    const clauses: Test[] = []
    while (!['', ')'].includes(this.#peek())) clauses.push(this.#either(of))
    return (one) => clauses.every((test) => test(one))
  }

  #either(of: string | undefined): Test {
    const known = this.words.length
    const tests = [this.#both(of)]
    while (this.#take(/OR(?=[\s(])|\|\|/y)) tests.push(this.#both(of))
    if (tests.length > 1) this.#refuseWords('OR', known)
    return (one) => tests.some((test) => test(one))
  }

  #both(of: string | undefined): Test {
    const tests = [this.#single(of)]
    while (this.#take(/AND(?=[\s(])|&&/y)) tests.push(this.#single(of))
    return (one) => tests.every((test) => test(one))
  }

  #single(of: string | undefined): Test {
    if (this.#take(/\+/y)) return this.#single(of)
    if (this.#take(/-|!|NOT(?=[\s(])/y)) {
      const known = this.words.length
      const test = this.#single(of)
      this.#refuseWords('NOT', known)
      return (one) => !test(one)
    }
    if (this.#take(/\(/y)) return this.#group(of)
    if (of !== undefined) return this.#value(of)
    if (this.#take(/\*:\*/y) || this.#take(/\*(?=[\s)]|$)/y)) return always
    const name = this.#take(/[A-Za-z_][A-Za-z0-9_.]*(?=:)/y)
    if (name === undefined) return this.#word()
    this.#at++
    return this.#valueOf(name)
  }

  #group(of: string | undefined): Test {
    if (++this.#depth > nestingMax) throw searchRefused(`At most ${nestingMax} brackets within each other.`)
    const test = this.#sequence(of)
    if (this.#take(/\)/y) === undefined) throw searchRefused('A bracket is not closed.')
    this.#depth--
    this.#refuseSuffix()
    return test
  }

  #valueOf(name: string): Test {
    if (!Object.hasOwn(solrFields, name)) {
      const known = Object.keys(solrFields)
      const nearest = nearestOf(name.slice(0, 100), known)
      const hint = nearest === undefined ? `Known are ${known.join(', ')}.` : `The nearest is \`${nearest}\`.`
      throw searchRefused(`The field \`${name.slice(0, 100)}\` is not spoken here. ${hint}`)
    }
    return this.#take(/\(/y) === undefined ? this.#value(name) : this.#group(name)
  }

  #value(name: string): Test {
    const { kind, values } = solrFields[name] as SolrField
    const open = this.#take(/[[{]/y)
    if (open !== undefined) return this.#range(name, open === '[')
    if (this.#take(/\*(?=[\s)]|$)/y)) return (one) => values(one).length > 0
    const wanted = this.#phrase() ?? this.#bare()
    this.#refuseSuffix()
    if (kind === 'instant') {
      const [from, to] = [instantText(wanted, 'first'), instantText(wanted, 'last')]
      return (one) => values(one).some((value) => value >= from && value <= to)
    }
    if (kind === 'name') return (one) => values(one).includes(wanted)
    const lower = wanted.toLowerCase()
    return (one) => values(one).some((value) => value.toLowerCase().includes(lower))
  }

  #range(name: string, includesStart: boolean): Test {
    const found = this.#take(/\s*("[^"]*"|[^\s\]}]+)\s+TO\s+("[^"]*"|[^\s\]}]+)\s*[\]}]/y)
    const [, from = '', to = '', close = ''] =
      /^\s*("[^"]*"|\S+)\s+TO\s+("[^"]*"|[^\s\]}]+)\s*([\]}])$/.exec(found ?? '') ?? []
    if (close === '') throw searchRefused('A range is written [from TO to], with `*` for an open end.')
    const { kind, values } = solrFields[name] as SolrField
    const bound = (given: string, place: 'first' | 'last') => {
      const plain = given.replaceAll('"', '')
      if (plain === '*') return undefined
      return kind === 'instant' ? instantText(plain, place) : plain
    }
    const start = bound(from, includesStart ? 'first' : 'last')
    const end = bound(to, close === ']' ? 'last' : 'first')
    const isIn = (value: string) =>
      (start === undefined || (includesStart ? value >= start : value > start)) &&
      (end === undefined || (close === ']' ? value <= end : value < end))
    return (one) => values(one).some(isIn)
  }

  /** A word for the search over texts. It can only be met by all of what is asked, so neither OR nor NOT may hold it. */
  #word(): Test {
    const word = this.#phrase() ?? this.#bare()
    this.#refuseSuffix()
    if (!this.#free) throw searchRefused('Words without a field belong into `q`.')
    this.words.push(word)
    return always
  }

  /** Refuses words that came behind the first `known`. */
  #refuseWords(operator: string, known: number): void {
    if (this.words.length > known) throw searchRefused(`\`${operator}\` among words is not spoken here.`)
  }

  #phrase(): string | undefined {
    const found = this.#take(/"(?:[^"\\]|\\.)*"/suy)
    if (found === undefined && this.#peek() === '"') throw searchRefused('A double quote is not closed.')
    return found?.slice(1, -1).replace(/\\(.)/gsu, '$1')
  }

  #bare(): string {
    const found = this.#take(/(?:[^\s()[\]{}":\\]|\\.|(?<=\d):(?=\d))+/uy)
    if (found === undefined) throw searchRefused(`\`${this.#peek()}\` can't be read here.`)
    if (/^\{!|^\//.test(found)) throw searchRefused('Regular expressions are not spoken here.')
    const sign = /(?<!\\)[*?~^]/.exec(found)?.[0]
    if (sign !== undefined) throw searchRefused(`${signNames[sign]} are not spoken here.`)
    return found.replace(/\\(.)/gsu, '$1')
  }

  #refuseSuffix(): void {
    const sign = /^[~^]/.exec(this.#text.slice(this.#at))?.[0]
    if (sign !== undefined) throw searchRefused(`${signNames[sign]} are not spoken here.`)
  }

  /** The next sign behind blanks; empty at the end. */
  #peek(): string {
    this.#at += /^\s*/.exec(this.#text.slice(this.#at))?.[0].length ?? 0
    if (this.#text.startsWith('{!', this.#at))
      throw searchRefused('Local parameters `{!` are not spoken here.')
    return this.#text.charAt(this.#at)
  }

  #take(pattern: RegExp): string | undefined {
    this.#peek()
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    this.#at += found?.length ?? 0
    return found
  }
}

const signNames: Readonly<Record<string, string>> = {
  '*': 'Wildcards `*` in a word',
  '?': 'Wildcards `?`',
  '~': 'Fuzzy words and distances `~`',
  '^': 'Boosts `^`',
}

/** The first or last instant that a text means, in UTC to six digits. Throws `searchRefused`; date math is not spoken. */
function instantText(given: string, place: 'first' | 'last'): string {
  if (/NOW|\/(?:DAY|HOUR|MONTH|YEAR)/.test(given))
    throw searchRefused('Date math such as `NOW` is not spoken here.')
  const form = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(?:Z|[+]00:00)?)?$/
  const [, day, time, digits] = form.exec(given) ?? []
  const isReal = isDay(day ?? '') && !Number.isNaN(Date.parse(`${day}T${time ?? '00:00:00'}Z`))
  if (!isReal) throw searchRefused('An instant is written 2026-01-31T00:00:00Z, in UTC, or as a day.')
  const isFirst = place === 'first'
  if (time === undefined) return `${day}T${isFirst ? '00:00:00.000000' : '23:59:59.999999'}`
  return `${day}T${time}.${(digits ?? '').padEnd(6, '0')}`
}
