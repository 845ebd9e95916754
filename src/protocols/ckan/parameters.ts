/**
 * Parameters of actions, which come as text in an address and as JSON types in a body. Each is read by its
 * kind and refused with CKAN's wording.
 */
import { badRequest, invalid } from './refusal.ts'

/** Characters in a text parameter, and values in one list. */
const textLengthMax = 8_000
const listLengthMax = 1_000

/** Reads one kind of parameter. Throws `invalid` under the parameter's name. */
type Read<T> = (value: unknown, name: string) => T

interface Parameter<T = unknown> {
  readonly about: string
  readonly example?: string
  readonly required?: true
  readonly read: Read<T>
}

export type Parameters = Readonly<Record<string, Parameter>>

/** The parameters' values by name; undefined if absent. */
export type Values<P extends Parameters> = {
  readonly [Name in keyof P]: P[Name] extends { readonly required: true; readonly read: Read<infer T> }
    ? T
    : P[Name] extends { readonly read: Read<infer T> }
      ? T | undefined
      : never
}

const readText: Read<string> = (value, name) => {
  if (typeof value !== 'string') throw invalid(name, 'Must be a string')
  if (value.length > textLengthMax) throw invalid(name, `At most ${textLengthMax} characters`)
  if (value.includes('\0') || /\p{Surrogate}/u.test(value))
    throw invalid(name, 'Must be valid Unicode without NUL')
  return value
}

const readNatural: Read<number> = (value, name) => {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value.trim()) ? Number(value) : value
  if (Number.isSafeInteger(number) && (number as number) >= 0) return number as number
  throw invalid(name, 'Must be a natural number')
}

const truths: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ...([true, 'true', 't', 'yes', 'y', '1', 'on'] as const).map((word) => [word, true] as const),
  ...([false, 'false', 'f', 'no', 'n', '0', 'off'] as const).map((word) => [word, false] as const),
])

const readFlag: Read<boolean> = (value, name) => {
  const found = truths.get(typeof value === 'string' ? value.toLowerCase() : value)
  if (found === undefined) throw invalid(name, 'Must be true or false')
  return found
}

const readJson: Read<unknown> = (value, name) => {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(readText(value, name))
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid(name, 'Cannot parse JSON')
    throw error
  }
}

/** A text, or a JSON object if it begins like one. */
const readWords: Read<unknown> = (value, name) =>
  typeof value === 'string' && !value.trimStart().startsWith('{')
    ? readText(value, name)
    : readJson(value, name)

const readNames: Read<readonly string[]> = (value, name) => {
  const isJson = typeof value === 'string' && value.trim().startsWith('[')
  const list = isJson ? readJson(value, name) : typeof value === 'string' ? value.split(',') : value
  if (!Array.isArray(list)) throw invalid(name, 'Must be a list of strings')
  if (list.length > listLengthMax) throw invalid(name, `At most ${listLengthMax} items`)
  return list.map((item) => readText(item, name).trim()).filter((item) => item !== '')
}

/** One text or several, as an address may repeat the parameter. */
const readTexts: Read<readonly string[]> = (value, name) =>
  [value]
    .flat()
    .slice(0, listLengthMax)
    .map((item) => readText(item, name))

const kind =
  <T>(read: Read<T>) =>
  (about: string, example?: string): Parameter<T> =>
    example === undefined ? { about, read } : { about, example, read }

export const text = kind(readText)
export const natural = kind(readNatural)
export const flag = kind(readFlag)
export const json = kind(readJson)
export const words = kind(readWords)
export const names = kind(readNames)
export const texts = kind(readTexts)

/** Makes a parameter mandatory. */
export const required = <T>(parameter: Parameter<T>): Parameter<T> & { readonly required: true } => ({
  ...parameter,
  required: true,
})

/** A parameter of CKAN without effect here, accepted because clients send it. */
export const ignored = (why: string) => flag(why)

/**
 * Reads the parameters sent. Throws `invalid`. Unknown ones are ignored as CKAN does: its clients send those of many
 * versions and extensions, `_` against caches, and `include_…` for what this service has not.
 */
export function readParameters<P extends Parameters>(
  known: P,
  sent: Readonly<Record<string, unknown>>,
): Values<P> {
  const values = Object.entries(known).map(([name, { read, required: isRequired }]) => {
    const value = sent[name]
    if (value === undefined || value === null || value === '') {
      if (isRequired === true) throw invalid(name, 'Missing value')
      return [name, undefined]
    }
    return [name, read(value, name)]
  })
  return Object.fromEntries(values) as Values<P>
}

/**
 * The members of a body: a JSON object, or a form. CKAN's own clients send JSON under any media type, so the
 * first character decides. Throws `badRequest`.
 */
export function readBody(body: string, mediaType: string): Readonly<Record<string, unknown>> {
  const begin = body.trimStart()
  if (begin === '') return {}
  if (mediaType.startsWith('application/x-www-form-urlencoded') && !/^[[{"]/.test(begin)) {
    return collect(new URLSearchParams(begin))
  }
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    throw badRequest('JSON Error: Error decoding JSON data. The body is not JSON.')
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>
  }
  throw badRequest('Request data JSON decoded to something else, but it needs to be a dictionary.')
}

/** Parameters of an address or form; a repeated one becomes a list. */
export function collect(parameters: URLSearchParams): Readonly<Record<string, unknown>> {
  const found = new Map<string, string[]>()
  for (const [name, value] of parameters) found.set(name, [...(found.get(name) ?? []), value])
  return Object.fromEntries([...found].map(([name, all]) => [name, all.length === 1 ? all[0] : all]))
}
