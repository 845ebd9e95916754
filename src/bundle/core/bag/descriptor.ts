/**
 * datapackage.json: a Data Package (version 2) whose property `qingdan` says what the bundle is. Refuses, as
 * findings, what is not well-formed or not complete, and properties of `qingdan` that nobody knows.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import Type, { type Static } from 'typebox'
import type { Finding } from '../../../platform/finding.ts'
import { faultAt } from '../findings/checks.ts'

export const descriptorPath = 'datapackage.json'

const text = Type.String({ minLength: 1, maxLength: 200 })

export type BundleMode = 'full' | 'delta'

/** What becomes of the rows of a file: in a delta, each says so. */
export type Operation = 'upsert' | 'delete'

/** Numbers are kept in 32 bits; who sends one a second has 30 years. */
export const sequenceMax = 1_000_000_000

/** What a bundle says of itself. Unknown properties are refused, so that a mistyped one is not passed over. */
const Purpose = Type.Object(
  {
    dataset: text,
    edition: text,
    contractVersion: Type.Integer({ minimum: 1 }),
    provider: text,
    sequence: Type.Optional(Type.Integer({ minimum: 1, maximum: sequenceMax })),
    /** All rows of the part, or what changes in it. */
    mode: Type.Unsafe<BundleMode>({ type: 'string', enum: ['full', 'delta'] }),
    /** The published version that a delta is meant for. */
    against: Type.Optional(
      Type.Object(
        { version: Type.Integer({ minimum: 1, maximum: 1_000_000_000 }) },
        { additionalProperties: false },
      ),
    ),
    synthetic: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)

/** A resource may have any further property of the standard; only these are read. */
const Resource = Type.Object({
  name: Type.String({ minLength: 1 }),
  path: Type.Union([
    Type.String({ minLength: 1 }),
    Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 1 }),
  ]),
  encoding: Type.Optional(Type.String()),
  dialect: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  bytes: Type.Optional(Type.Integer({ minimum: 0 })),
  hash: Type.Optional(Type.String()),
  qingdan: Type.Optional(
    Type.Object(
      { operation: Type.Unsafe<Operation>({ type: 'string', enum: ['upsert', 'delete'] }) },
      { additionalProperties: false },
    ),
  ),
})

/** Exported for the test that holds it to the metaschema. */
export const Descriptor = Type.Object({
  qingdan: Purpose,
  resources: Type.Array(Resource, { minItems: 1 }),
})

export type BundlePurpose = Static<typeof Purpose>
export type BundleResource = Static<typeof Resource>
export type BundleDescriptor = Static<typeof Descriptor>

/** Reads datapackage.json. `findings` has every fault where there is no descriptor. */
export function parseDescriptor(json: string): {
  readonly descriptor?: BundleDescriptor
  readonly findings: readonly Finding[]
} {
  const value = parseJson(json)
  if (value === undefined) {
    return { findings: [faultAt('descriptor', { file: descriptorPath, expected: 'JSON' })] }
  }
  if (isOutward(value)) return { findings: [faultAt('bundle-outward', { file: descriptorPath })] }
  const validate = validator()
  if (validate(value)) {
    const findings = modeFaults(value)
    return findings.length > 0 ? { findings } : { descriptor: value, findings }
  }
  const errors = validate.errors ?? []
  const findings = errors.map(({ instancePath, message = '', params }) => {
    const one = params['allowedValue'] ?? params['allowedValues']
    const allowed = one === undefined ? '' : `: ${JSON.stringify(one)}`
    return faultAt('descriptor', {
      file: descriptorPath,
      expected: `${instancePath || '/'} ${message}${allowed}`,
    })
  })
  return { findings }
}

let compiled: ValidateFunction<BundleDescriptor> | undefined

/** Compiled when first asked for, and then kept: it takes longer than the reading of a small bundle. */
function validator(): ValidateFunction<BundleDescriptor> {
  // The schema is ours, and a test holds it to the metaschema, whose compilation takes ten times as long as its own.
  const ajv = () => new Ajv2020({ allErrors: true, meta: false, validateSchema: false })
  compiled ??= ajv().compile<BundleDescriptor>(Descriptor)
  return compiled
}

/** What belongs to a delta stands in deltas, and nowhere else: a full bundle with a file of deletes is none of both. */
function modeFaults({ qingdan, resources }: BundleDescriptor): readonly Finding[] {
  const isDelta = qingdan.mode === 'delta'
  const places = [
    ...((qingdan.against !== undefined) === isDelta ? [] : ['/qingdan/against']),
    ...resources.flatMap((resource, index) =>
      (resource.qingdan !== undefined) === isDelta ? [] : [`/resources/${index}/qingdan`],
    ),
  ]
  const needs = isDelta ? 'must be there, for the mode is delta' : 'must not be there, for the mode is full'
  return places.map((place) => faultAt('descriptor', { file: descriptorPath, expected: `${place} ${needs}` }))
}

/** An export says what it is, so that nobody takes it for what a provider brings. */
function isOutward(value: unknown): boolean {
  const own = value instanceof Object && 'qingdan' in value ? value.qingdan : undefined
  return own instanceof Object && 'kind' in own && own.kind === 'export'
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json) as unknown
  } catch {
    return undefined
  }
}

/** The signs that may separate fields. */
export const delimiters = [',', '\t', ';'] as const

/** Longer than Excel's 31 signs, in case another program is more generous. */
const sheetNameMax = 200

/** What a dialect may say beside its delimiter: only what is so anyway. */
const dialectDefaults: ReadonlyMap<string, readonly unknown[]> = new Map([
  ['header', [true]],
  ['quoteChar', ['"']],
  ['doubleQuote', [true]],
  ['skipInitialSpace', [false]],
  ['lineTerminator', ['\n', '\r\n', '\r']],
])

/** Which sheet of a workbook is read, as Table Dialect v2 names it; the first visible one where it says neither. */
export interface SheetChoice {
  readonly name?: string
  /** From 1. */
  readonly number?: number
}

/** How a file's table is found in it. */
export interface TableForm {
  /** Of a text file; of a workbook without meaning. */
  readonly delimiter: string
  /** Of a workbook alone. */
  readonly sheet?: SheetChoice
}

/** Files that are read, by the ending of their name. */
export const tableFiles = /\.(csv|tsv|txt|xlsx)$/i

/** Whether a file is a workbook, which its name says. */
export function isWorkbook(path: string): boolean {
  return /\.xlsx$/i.test(path)
}

/** How the table of a resource is read; undefined where its dialect is none that is read. */
export function tableFormOf({ dialect = {} }: BundleResource, path: string): TableForm | undefined {
  return isWorkbook(path) ? sheetForm(dialect) : textForm(dialect, /\.tsv$/i.test(path) ? '\t' : ',')
}

type Dialect = Readonly<Record<string, unknown>>

function textForm(dialect: Dialect, byDefault: string): TableForm | undefined {
  const { delimiter = byDefault, ...rest } = dialect
  for (const [name, value] of Object.entries(rest)) {
    if (name.startsWith('$')) continue
    if (dialectDefaults.get(name)?.includes(value) !== true) return undefined
  }
  const known: readonly unknown[] = delimiters
  return typeof delimiter === 'string' && known.includes(delimiter) ? { delimiter } : undefined
}

function sheetForm({ sheetName, sheetNumber, ...rest }: Dialect): TableForm | undefined {
  const others = Object.entries(rest).filter(([name]) => !name.startsWith('$'))
  if (others.some(([name, value]) => name !== 'header' || value !== true)) return undefined
  if (sheetName !== undefined && sheetNumber !== undefined) return undefined
  const delimiter = ','
  if (sheetName !== undefined) {
    return typeof sheetName === 'string' && sheetName !== '' && sheetName.length <= sheetNameMax
      ? { delimiter, sheet: { name: sheetName } }
      : undefined
  }
  if (sheetNumber === undefined) return { delimiter, sheet: {} }
  return Number.isInteger(sheetNumber) && Number(sheetNumber) >= 1
    ? { delimiter, sheet: { number: Number(sheetNumber) } }
    : undefined
}
