/**
 * Canonical texts as columns of Parquet, typed so that every digit survives: whole numbers as INT64, numbers of a
 * fixed scale as DECIMAL, others as DOUBLE (which keeps any fifteen digits), days, instants, truths, texts and lists.
 * Refuses a number that does not fit its column: that is a fault of ours, never to be rounded away.
 */
import type { SchemaElement } from 'hyparquet-writer'
import type { Contract, Field, FieldTypeName } from '../../contract/index.ts'
import { listSeparator } from '../../contract/index.ts'

/** What a column holds of a record. */
export type ParquetValue = string | number | bigint | boolean | readonly string[] | null

export interface ParquetColumn {
  /** The elements of the schema, in pre-order: one, or three for a list. */
  readonly elements: readonly SchemaElement[]
  /** The value of a canonical text. */
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
  // Not Parquet's TIME: it has no 24:00, with which a day's last session ends.
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
  // The three-level structure that the format's own document of logical types asks for.
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

/** Digits that a number of ours has at most, before its scale pads it; field-types.ts refuses more. */
const significantDigitsMax = 15

/** Digits that an INT64 holds whatever they are. */
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

/** Digits before the point that the field's bounds leave possible; without bounds as many as any number may have. */
function wholeDigits({ constraints = {} }: Field): number {
  const { minimum, maximum } = constraints
  if (typeof minimum !== 'number' || typeof maximum !== 'number') return significantDigitsMax
  const largest = Math.ceil(Math.max(Math.abs(minimum), Math.abs(maximum)))
  return Math.min(String(largest).length, significantDigitsMax)
}

/** Bytes of two's complement that hold so many digits. */
function bytesOf(precision: number): number {
  return Math.ceil((precision * Math.log2(10) + 1) / 8)
}
