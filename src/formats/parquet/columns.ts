/**
 * Canonical texts as Parquet columns that keep every digit: integers as INT64, numbers of a fixed scale as DECIMAL,
 * others as DOUBLE (exact to fifteen digits), and dates, timestamps, booleans, texts and lists. A number that does not
 * fit its column is an internal error; it is never rounded.
 */
import type { SchemaElement } from 'hyparquet-writer'
import type { Contract, Field, FieldTypeName } from '../../contract/index.ts'
import { listSeparator } from '../../contract/index.ts'

/** A record's value in a column. */
export type ParquetValue = string | number | bigint | boolean | readonly string[] | null

export interface ParquetColumn {
  /** The elements of the schema, in pre-order: one, or three for a list. */
  readonly elements: readonly SchemaElement[]
  /** Converts a canonical text to the column's value. */
  readonly value: (text: string) => Exclude<ParquetValue, null>
}

/** The column of a field. Only key fields are REQUIRED: others may be withheld or empty. */
export function parquetColumn(field: Field, { primaryKey }: Pick<Contract, 'primaryKey'>): ParquetColumn {
  return columns[field.type](field, primaryKey.includes(field.name) ? 'REQUIRED' : 'OPTIONAL')
}

type ColumnOf = (field: Field, repetition: 'REQUIRED' | 'OPTIONAL') => ParquetColumn

const text: ColumnOf = ({ name }, repetition_type) => ({
  elements: [{ name, repetition_type, ...utf8 }],
  value: (text) => text,
})

const utf8 = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } } as const

const columns = {
  string: text,
  // Not Parquet's TIME, which has no 24:00, the end of a day's last session.
  time: text,
  integer: ({ name }, repetition_type) => ({
    elements: [{ name, repetition_type, type: 'INT64' }],
    value: BigInt,
  }),
  number: (field, repetition) =>
    field.scale === undefined ? double(field, repetition) : decimal(field, repetition, field.scale),
  boolean: ({ name }, repetition_type) => ({
    elements: [{ name, repetition_type, type: 'BOOLEAN' }],
    value: (text) => text === 'true',
  }),
  date: ({ name }, repetition_type) => ({
    elements: [
      { name, repetition_type, type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } },
    ],
    value: (text) => Date.parse(text) / 86_400_000,
  }),
  datetime: ({ name }, repetition_type) => ({
    elements: [
      {
        name,
        repetition_type,
        type: 'INT64',
        converted_type: 'TIMESTAMP_MILLIS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
      },
    ],
    value: (text) => BigInt(Date.parse(text)),
  }),
  // The three-level structure required by Parquet's LogicalTypes.md.
  list: ({ name }, repetition_type) => ({
    elements: [
      { name, repetition_type, converted_type: 'LIST', logical_type: { type: 'LIST' }, num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', repetition_type: 'REQUIRED', ...utf8 },
    ],
    value: (text) => text.split(listSeparator),
  }),
} as const satisfies Record<FieldTypeName, ColumnOf>

const double: ColumnOf = ({ name }, repetition_type) => ({
  elements: [{ name, repetition_type, type: 'DOUBLE' }],
  value: Number,
})

/** Most significant digits of a number, before its scale pads it; field-types.ts refuses more. */
const significantDigitsMax = 15

/** Every number of this many digits fits an INT64. */
const int64Digits = 18

function decimal(field: Field, repetition_type: 'REQUIRED' | 'OPTIONAL', scale: number): ParquetColumn {
  const precision = wholeDigits(field) + scale
  const value = (text: string) => {
    const unscaled = BigInt(text.replace('.', ''))
    if (unscaled > 10n ** BigInt(precision) - 1n || unscaled < 1n - 10n ** BigInt(precision)) {
      throw new Error(`a number of the field ${field.name} has more than ${precision} digits`)
    }
    return unscaled
  }
  const physical =
    precision <= int64Digits
      ? ({ type: 'INT64' } as const)
      : ({ type: 'FIXED_LEN_BYTE_ARRAY', type_length: bytesOf(precision) } as const)
  const logical = { type: 'DECIMAL', precision, scale } as const
  const element = { name: field.name, repetition_type, ...physical, converted_type: 'DECIMAL' } as const
  return { elements: [{ ...element, precision, scale, logical_type: logical }], value }
}

/** Most digits before the decimal point within the field's bounds; without bounds, as many as any number can have. */
function wholeDigits({ constraints = {} }: Field): number {
  const { minimum, maximum } = constraints
  if (typeof minimum !== 'number' || typeof maximum !== 'number') return significantDigitsMax
  const largest = Math.ceil(Math.max(Math.abs(minimum), Math.abs(maximum)))
  return Math.min(String(largest).length, significantDigitsMax)
}

/** Bytes of two's complement for `precision` digits. */
function bytesOf(precision: number): number {
  return Math.ceil((precision * Math.log2(10) + 1) / 8)
}
