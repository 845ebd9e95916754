/**
 * The field types, one entry each: Table Schema name, database column, conversion of text to one canonical
 * text, and its form in JSON. The service handles every value as its canonical text or null, so that CSV,
 * JSON and the database can never differ in a digit.
 */
import { isDay } from '../../platform/time.ts'

/** The properties of a field that its type depends on. */
interface FieldShape {
  readonly scale?: number
  readonly separators?: readonly string[]
}

interface FieldType {
  /** The type of the column in Postgres. Text sorts by bytes: `COLLATE "C"`. */
  readonly column: string
  /** The SQL expression for the canonical text of a column. */
  readonly select: (column: string) => string
  /** The SQL expression that casts a canonical text to the column's type. */
  readonly cast: (text: string) => string
  /**
   * Canonical text of a provider's text, or undefined if it is not of this type.
   * The input is trimmed and not empty.
   */
  readonly parse: (text: string, shape: FieldShape) => string | undefined
  /** The JSON token of a canonical text. */
  readonly json: (text: string) => string
  /** JSON Schema (2020-12) of the JSON value. */
  readonly schema: (shape: FieldShape) => Readonly<Record<string, unknown>>
  /** A description of what is expected, for people. */
  readonly expected: { readonly zh: string; readonly en: string }
}

const plainSelect = (column: string) => `${column}::text`
const quoted = (text: string) => JSON.stringify(text)

/** Digits that Postgres `numeric` and a JavaScript number both represent exactly. */
const significantDigitsMax = 15

/** Digits after the point: a share of 1 in 10¹⁵ still has all its digits. */
const decimalsMax = 30

/** Separator of elements in the published text of a list. An element can't contain it. */
export const listSeparator = ';'

function parseInteger(text: string): string | undefined {
  // Leading zeros are no digits that a double could lose.
  if (!/^[+-]?0*\d{1,16}$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? String(value === 0 ? 0 : value) : undefined
}

/** Decimal text without exponent; digits beyond the scale are refused rather than rounded. */
function parseNumber(text: string, { scale }: FieldShape): string | undefined {
  const match = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) return undefined
  const whole = (match[2] ?? '').replace(/^0+(?=\d)/, '')
  let fraction = (match[3] ?? '').replace(/0+$/, '')
  // The zeros of 0.0714 before its first digit are no significant digits.
  const significant = whole === '0' ? fraction.replace(/^0+/, '') : `${whole}${fraction}`
  if (significant.length > significantDigitsMax || fraction.length > decimalsMax) return undefined
  if (scale !== undefined) {
    if (fraction.length > scale) return undefined
    fraction = fraction.padEnd(scale, '0')
  }
  const zero = /^0*$/.test(whole + fraction)
  return `${match[1] === '-' && !zero ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

function parseInstant(text: string): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})$/.test(text)) return undefined
  if (!isDay(text.slice(0, 10))) return undefined
  const instant = new Date(text)
  if (Number.isNaN(instant.getTime())) return undefined
  const canonical = `${instant.toISOString().slice(0, 19)}Z`
  // An offset may move the last hours of 9999 or the first of 1000 to a year without four digits.
  return isDay(canonical.slice(0, 10)) ? canonical : undefined
}

function parseList(text: string, { separators = [] }: FieldShape): string | undefined {
  let joined = text
  for (const separator of separators) joined = joined.replaceAll(separator, listSeparator)
  const elements = joined.split(listSeparator).map((element) => element.trim())
  if (elements.some((element) => element === '')) return undefined
  return new Set(elements).size === elements.length ? elements.join(listSeparator) : undefined
}

const booleans: ReadonlyMap<string, string> = new Map([
  ['true', 'true'],
  ['false', 'false'],
  ['TRUE', 'true'],
  ['FALSE', 'false'],
  ['是', 'true'],
  ['否', 'false'],
])

export const fieldTypes = {
  string: {
    column: 'text COLLATE "C"',
    select: plainSelect,
    cast: (text) => text,
    parse: (text) => text,
    json: quoted,
    schema: () => ({ type: 'string' }),
    expected: { zh: '文本', en: 'a text' },
  },
  integer: {
    column: 'bigint',
    select: plainSelect,
    cast: (text) => `${text}::bigint`,
    parse: parseInteger,
    json: (text) => text,
    schema: () => ({ type: 'integer' }),
    expected: { zh: '整数', en: 'a whole number' },
  },
  number: {
    column: 'numeric',
    select: plainSelect,
    cast: (text) => `${text}::numeric`,
    parse: parseNumber,
    json: (text) => text,
    schema: () => ({ type: 'number' }),
    expected: { zh: '数字', en: 'a number' },
  },
  boolean: {
    column: 'boolean',
    select: plainSelect,
    cast: (text) => `${text}::boolean`,
    parse: (text) => booleans.get(text),
    json: (text) => text,
    schema: () => ({ type: 'boolean' }),
    expected: { zh: 'true 或 false（是／否）', en: 'true or false' },
  },
  date: {
    column: 'date',
    select: plainSelect,
    cast: (text) => `${text}::date`,
    parse: (text) => (isDay(text) ? text : undefined),
    json: quoted,
    schema: () => ({ type: 'string', format: 'date' }),
    expected: { zh: '日期，如 2025-09-01', en: 'a date such as 2025-09-01' },
  },
  time: {
    column: 'text COLLATE "C"',
    select: plainSelect,
    cast: (text) => text,
    parse: (text) => (/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/.test(text) ? text : undefined),
    json: quoted,
    schema: () => ({ type: 'string', pattern: '^([01]\\d|2[0-3]):[0-5]\\d$|^24:00$' }),
    expected: { zh: '时刻，如 08:30', en: 'a time of day such as 08:30' },
  },
  datetime: {
    column: 'timestamptz(0)',
    select: (column) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`,
    cast: (text) => `${text}::timestamptz`,
    parse: parseInstant,
    json: quoted,
    schema: () => ({ type: 'string', format: 'date-time' }),
    expected: {
      zh: '带时区的时间，如 2025-09-01T08:00:00+08:00',
      en: 'an instant such as 2025-09-01T08:00:00+08:00',
    },
  },
  list: {
    column: 'text[] COLLATE "C"',
    select: (column) => `array_to_string(${column}, '${listSeparator}')`,
    cast: (text) => `string_to_array(${text}, '${listSeparator}')`,
    parse: parseList,
    json: (text) => JSON.stringify(text.split(listSeparator)),
    schema: () => ({ type: 'array', items: { type: 'string' } }),
    expected: { zh: '用分号分隔、不重复的列表', en: 'a list separated by semicolons, without repeats' },
  },
} as const satisfies Record<string, FieldType>

export type FieldTypeName = keyof typeof fieldTypes

/** The entry of a field's type. */
export function fieldType(name: FieldTypeName): FieldType {
  return fieldTypes[name]
}
