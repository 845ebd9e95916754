/**
 * The subset of Solr's query language that CKAN's harvesters use: `field:value`, wildcards, phrases, ranges, groups of
 * values, AND, OR, NOT, + and -. Adjacent clauses must all match, as with CKAN's default operator; unlike in
 * the classic parser, OR joins only its two neighbours, which is what authors mean. Everything else is
 * refused with its name.
 */
import { nearestOf } from '../../http/index.ts'
import { isDay } from '../../platform/time.ts'
import { nameOf, type Package } from './catalogue.ts'
import { idOf } from './ids.ts'
import { searchRefused } from './refusal.ts'
import { wildcardTest } from './wildcards.ts'

/** Longest query, and deepest nesting of brackets. */
export const queryLengthMax = 8_000
export const nestingMax = 20

type Test = (of: Package) => boolean

interface SolrQuery {
  readonly test: Test
  /** Words without a field, for the text search. */
  readonly words: readonly string[]
}

type Kind = 'name' | 'instant' | 'text'

interface SolrField {
  readonly kind: Kind
  readonly values: (of: Package) => readonly string[]
}

const field = (kind: Kind, values: SolrField['values']): SolrField => ({ kind, values })

/** The fields by CKAN's index names. */
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

/** Where a word with a wildcard is looked for; words without one go to the catalogue's search. */
const wordFields = ['name', 'title', 'notes', 'tags'].map((name) => (solrFields[name] as SolrField).values)

const wildcard = /(?<!\\)[*?]/

/** A word without the backslashes that quote its characters. */
const unquoted = (written: string) => written.replace(/\\(.)/gsu, '$1')

/**
 * Parses a query. `free` allows words without a field. Throws `searchRefused` with the part that is not
 * supported.
 */
export function parseSolr(query: string, { free }: { readonly free: boolean }): SolrQuery {
  if (query.length > queryLengthMax) throw searchRefused(`At most ${queryLengthMax} characters.`)
  const reader = new SolrReader(query, free)
  return { test: reader.whole(), words: reader.words }
}

const always: Test = () => true

/**
 * A recursive descent parser: the grammar is too small for a generator, and each refusal quotes its
 * character.
 */
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
    if (this.#peek() !== '') throw searchRefused('A closing bracket has no opening one.')
    return test
  }

  /** Adjacent clauses up to a closing bracket or the end; all must match. */
  #sequence(of: string | undefined): Test {
    const clauses: Test[] = []
    while (!['', ')'].includes(this.#peek())) clauses.push(this.#either(of))
    return (pkg) => clauses.every((test) => test(pkg))
  }

  #either(of: string | undefined): Test {
    const known = this.words.length
    const tests = [this.#both(of)]
    while (this.#take(/OR(?=[\s(])|\|\|/y)) tests.push(this.#both(of))
    if (tests.length > 1) this.#refuseWords('OR', known)
    return (pkg) => tests.some((test) => test(pkg))
  }

  #both(of: string | undefined): Test {
    const tests = [this.#single(of)]
    while (this.#take(/AND(?=[\s(])|&&/y)) tests.push(this.#single(of))
    return (pkg) => tests.every((test) => test(pkg))
  }

  #single(of: string | undefined): Test {
    if (this.#take(/\+/y)) return this.#single(of)
    if (this.#take(/-|!|NOT(?=[\s(])/y)) {
      const known = this.words.length
      const test = this.#single(of)
      this.#refuseWords('NOT', known)
      return (pkg) => !test(pkg)
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
    if (++this.#depth > nestingMax) throw searchRefused(`Brackets may be nested ${nestingMax} deep.`)
    const test = this.#sequence(of)
    if (this.#take(/\)/y) === undefined) throw searchRefused('An opening bracket has no closing one.')
    this.#depth--
    this.#refuseSuffix()
    return test
  }

  #valueOf(name: string): Test {
    if (!Object.hasOwn(solrFields, name)) {
      const known = Object.keys(solrFields)
      const nearest = nearestOf(name.slice(0, 100), known)
      const hint =
        nearest === undefined ? `Known fields: ${known.join(', ')}.` : `The nearest is \`${nearest}\`.`
      throw searchRefused(`Unknown field \`${name.slice(0, 100)}\`. ${hint}`)
    }
    return this.#take(/\(/y) === undefined ? this.#value(name) : this.#group(name)
  }

  #value(name: string): Test {
    const { kind, values } = solrFields[name] as SolrField
    const open = this.#take(/[[{]/y)
    if (open !== undefined) return this.#range(name, open === '[')
    if (this.#take(/\*(?=[\s)]|$)/y)) return (pkg) => values(pkg).length > 0
    const phrase = this.#phrase()
    const written = phrase === undefined ? this.#bare() : ''
    this.#refuseSuffix()
    if (wildcard.test(written)) {
      if (kind === 'instant') throw searchRefused('Wildcards in an instant are not supported.')
      const test = wildcardTest(kind === 'name' ? written : `*${written.toLowerCase()}*`)
      return (pkg) => values(pkg).some((value) => test(kind === 'name' ? value : value.toLowerCase()))
    }
    const operand = phrase ?? unquoted(written)
    if (kind === 'instant') {
      const [from, to] = [instantText(operand, 'first'), instantText(operand, 'last')]
      return (pkg) => values(pkg).some((value) => value >= from && value <= to)
    }
    if (kind === 'name') return (pkg) => values(pkg).includes(operand)
    const lower = operand.toLowerCase()
    return (pkg) => values(pkg).some((value) => value.toLowerCase().includes(lower))
  }

  #range(name: string, includesStart: boolean): Test {
    const found = this.#take(/\s*("[^"]*"|[^\s\]}]+)\s+TO\s+("[^"]*"|[^\s\]}]+)\s*[\]}]/y)
    const [, from = '', to = '', close = ''] =
      /^\s*("[^"]*"|\S+)\s+TO\s+("[^"]*"|[^\s\]}]+)\s*([\]}])$/.exec(found ?? '') ?? []
    if (close === '') throw searchRefused('A range is written [from TO to], with `*` for an open end.')
    const { kind, values } = solrFields[name] as SolrField
    const bound = (value: string, edge: 'first' | 'last') => {
      const plain = value.replaceAll('"', '')
      if (plain === '*') return undefined
      return kind === 'instant' ? instantText(plain, edge) : plain
    }
    const start = bound(from, includesStart ? 'first' : 'last')
    const end = bound(to, close === ']' ? 'last' : 'first')
    const isIn = (value: string) =>
      (start === undefined || (includesStart ? value >= start : value > start)) &&
      (end === undefined || (close === ']' ? value <= end : value < end))
    return (pkg) => values(pkg).some(isIn)
  }

  /** A word for the text search. All words must match, so OR and NOT cannot contain one. */
  #word(): Test {
    const phrase = this.#phrase()
    const written = phrase === undefined ? this.#bare() : ''
    this.#refuseSuffix()
    if (!this.#free) throw searchRefused('Words without a field are allowed only in `q`.')
    if (!wildcard.test(written)) {
      this.words.push(phrase ?? unquoted(written))
      return always
    }
    const test = wildcardTest(`*${written.toLowerCase()}*`)
    return (pkg) => wordFields.some((values) => values(pkg).some((value) => test(value.toLowerCase())))
  }

  /** Refuses words after the first `known`. */
  #refuseWords(operator: string, known: number): void {
    if (this.words.length > known) throw searchRefused(`\`${operator}\` between words is not supported.`)
  }

  #phrase(): string | undefined {
    const found = this.#take(/"(?:[^"\\]|\\.)*"/suy)
    if (found === undefined && this.#peek() === '"') throw searchRefused('A double quote has no closing one.')
    return found?.slice(1, -1).replace(/\\(.)/gsu, '$1')
  }

  #bare(): string {
    const found = this.#take(/(?:[^\s()[\]{}":\\]|\\.|(?<=\d):(?=\d))+/uy)
    if (found === undefined) throw searchRefused(`\`${this.#peek()}\` cannot be parsed.`)
    if (/^\{!|^\//.test(found)) throw searchRefused('Regular expressions are not supported.')
    const character = /(?<!\\)[~^]/.exec(found)?.[0]
    if (character !== undefined) throw searchRefused(`${operatorNames[character]} are not supported.`)
    return found
  }

  #refuseSuffix(): void {
    const character = /^[~^]/.exec(this.#text.slice(this.#at))?.[0]
    if (character !== undefined) throw searchRefused(`${operatorNames[character]} are not supported.`)
  }

  /** The next character after blanks; empty at the end. */
  #peek(): string {
    this.#at += /^\s*/.exec(this.#text.slice(this.#at))?.[0].length ?? 0
    if (this.#text.startsWith('{!', this.#at)) throw searchRefused('Local parameters `{!` are not supported.')
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

const operatorNames: Readonly<Record<string, string>> = {
  '~': 'Fuzzy words and distances `~`',
  '^': 'Boosts `^`',
}

/**
 * The first or last instant that a text covers, in UTC with six decimals. Throws `searchRefused`, also for
 * date math.
 */
function instantText(text: string, edge: 'first' | 'last'): string {
  if (/NOW|\/(?:DAY|HOUR|MONTH|YEAR)/.test(text))
    throw searchRefused('Date math such as `NOW` is not supported.')
  const form = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(?:Z|[+]00:00)?)?$/
  const [, day, time, digits] = form.exec(text) ?? []
  const isReal = isDay(day ?? '') && !Number.isNaN(Date.parse(`${day}T${time ?? '00:00:00'}Z`))
  if (!isReal) throw searchRefused('Expected an instant in UTC such as 2026-01-31T00:00:00Z, or a day.')
  const isFirst = edge === 'first'
  if (time === undefined) return `${day}T${isFirst ? '00:00:00.000000' : '23:59:59.999999'}`
  return `${day}T${time}.${(digits ?? '').padEnd(6, '0')}`
}
