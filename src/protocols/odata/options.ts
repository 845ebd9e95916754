/**
 * The system query options of a request for an entity set (OData 4.0, part 2, section 5). Options that are not supported
 * are refused by 501, malformed ones by 400.
 */
import type { Contract } from '../../contract/index.ts'
import { nearestOf } from '../../http/index.ts'
import { defined } from '../../platform/defined.ts'
import { problem } from '../../platform/problem.ts'
import { type Filter, type SortField, sortMax } from '../../records/index.ts'
import { parseFilter } from './filter.ts'

export interface EntityQuery {
  readonly filters: readonly Filter[]
  /** All properties where absent. */
  readonly select?: readonly string[]
  readonly sort: readonly SortField[]
  readonly top?: number
  readonly skipToken?: string
  readonly count: boolean
}

/** The options that are understood; `$format` chooses nothing, since there is only JSON. */
export const knownOptions = [
  '$select',
  '$filter',
  '$orderby',
  '$top',
  '$skiptoken',
  '$count',
  '$format',
] as const

type Options = Readonly<Partial<Record<(typeof knownOptions)[number], string>>>

/**
 * The options of a request as texts. Throws `odata-unsupported`, `parameter-unknown` and `parameter-invalid`, also for
 * those that are understood, but not at this address.
 */
export function optionsOf(
  query: Readonly<Record<string, unknown>>,
  here: readonly (typeof knownOptions)[number][] = knownOptions,
): Options {
  const options: Record<string, string> = {}
  for (const [name, value] of Object.entries(query)) {
    // Every address takes it (http/hooks).
    if (name === 'lang') continue
    const path = name.slice(0, 100)
    if (!knownOptions.some((known) => known === name)) throw unknownOption(path)
    if (!here.some((known) => known === name))
      throw optionInvalid(path, 'This address takes no such option; an entity set, /odata/{name}, does.')
    if (typeof value !== 'string') throw optionInvalid(path, 'Give this option once.')
    options[name] = value
  }
  checkFormat(options['$format'])
  return options
}

/** Reads the options of an entity set. Throws what `optionsOf` throws, for unknown properties too. */
export function parseOptions(query: Readonly<Record<string, unknown>>, contract: Contract): EntityQuery {
  const options = optionsOf(query)
  const { $filter, $orderby, $top, $skiptoken, $count } = options
  const select = options.$select === undefined ? undefined : selected(options.$select, contract)
  return {
    filters: $filter === undefined || $filter.trim() === '' ? [] : parseFilter($filter, contract),
    sort: $orderby === undefined ? [] : ordered($orderby, contract),
    count: $count !== undefined && counted($count),
    ...defined({ select, skipToken: $skiptoken }),
    ...($top === undefined ? {} : { top: whole('$top', $top) }),
  }
}

function unknownOption(path: string) {
  // OData reserves `$` and `@` for its own options and their aliases.
  if (/^[$@]/.test(path))
    return problem('odata-unsupported', { path, detail: 'This option is not supported.' })
  return problem('parameter-unknown', {
    path,
    detail: 'Unknown option.',
    ...defined({ nearest: nearestOf(path, knownOptions) }),
    known: knownOptions,
  })
}

function optionInvalid(path: string, detail: string, more: Readonly<Record<string, unknown>> = {}) {
  return problem('parameter-invalid', { path, detail, ...more })
}

function checkFormat(format: string | undefined): void {
  if (format === undefined || /^(json|application\/json(;.*)?)$/.test(format)) return
  throw problem('not-acceptable', { path: '$format', offered: ['application/json'] })
}

/** `$select`: names of properties, or `*`; no paths. */
function selected(text: string, { fields }: Contract): readonly string[] | undefined {
  const names = namesOf('$select', text)
  if (names.includes('*')) return undefined
  for (const name of names) checkProperty('$select', name, fields)
  // In the order of the contract, so that equal selections are equal queries.
  return fields.flatMap(({ name }) => (names.includes(name) ? [name] : []))
}

/** `$orderby`: `property`, `property asc` or `property desc`. */
function ordered(text: string, { fields }: Contract): readonly SortField[] {
  const items = namesOf('$orderby', text)
  if (items.length > sortMax) throw optionInvalid('$orderby', `At most ${sortMax} properties.`)
  const sort = items.map((item): SortField => {
    const [, field = '', direction = 'asc'] = /^([A-Za-z_]\w*)(?: +(asc|desc))?$/.exec(item) ?? []
    if (field === '')
      throw problem('odata-unsupported', {
        path: '$orderby',
        detail: 'Only properties, asc and desc are supported.',
      })
    checkProperty('$orderby', field, fields)
    return { field, descending: direction === 'desc' }
  })
  if (new Set(sort.map(({ field }) => field)).size === sort.length) return sort
  throw optionInvalid('$orderby', 'Give each property once.')
}

function namesOf(path: string, text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.some((name) => name === '')) throw optionInvalid(path, 'Separate names by one comma.')
  return names
}

function checkProperty(path: string, name: string, fields: Contract['fields']): void {
  if (fields.some((field) => field.name === name)) return
  if (/[/(]/.test(name)) throw problem('odata-unsupported', { path, detail: 'Paths are not supported.' })
  const known = fields.map((field) => field.name)
  const shown = name.slice(0, 100)
  throw optionInvalid(
    path,
    `The entity has no property ${shown}.`,
    defined({ nearest: nearestOf(shown, known) }),
  )
}

function counted(text: string): boolean {
  if (text === 'true') return true
  if (text === 'false') return false
  throw optionInvalid('$count', 'Expected true or false.')
}

function whole(path: string, text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text)
  throw optionInvalid(path, 'Expected a whole number from 0.')
}
