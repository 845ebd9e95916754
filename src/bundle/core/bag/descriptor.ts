/**
 * datapackage.json: a Data Package (version 2) whose property `qingdan` describes the bundle. Reports as
 * findings a malformed or incomplete descriptor and unknown properties of `qingdan`.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import Type, { type Static } from 'typebox'
import type { Finding } from '../../../platform/finding.ts'
import { faultAt } from '../findings/checks.ts'

export const descriptorPath = 'datapackage.json'

const text = Type.String({ minLength: 1, maxLength: 200 })

export type BundleMode = 'full' | 'delta'

/** The operation that a file of a delta applies to its rows. */
export type Operation = 'upsert' | 'delete'

/** Numbers are stored in 32 bits: enough for 30 years at one bundle a second. */
const sequenceMax = 1_000_000_000

/** The bundle's metadata. Unknown properties are rejected, so that a mistyped one is not ignored. */
const Purpose = Type.Object(
  {
    dataset: text,
    edition: text,
    contractVersion: Type.Integer({ minimum: 1 }),
    provider: text,
    sequence: Type.Optional(Type.Integer({ minimum: 1, maximum: sequenceMax })),
    /** All rows of the part, or only its changes. */
    mode: Type.Unsafe<BundleMode>({ type: 'string', enum: ['full', 'delta'] }),
    /** The published version that a delta applies to. */
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

/** A resource may have any other property of the standard; only these are read. */
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

/** Exported for the test that validates it against the metaschema. */
export const Descriptor = Type.Object({
  qingdan: Purpose,
  resources: Type.Array(Resource, { minItems: 1 }),
})

export type BundlePurpose = Static<typeof Purpose>
export type BundleResource = Static<typeof Resource>
export type BundleDescriptor = Static<typeof Descriptor>

/** Reads datapackage.json. Without a descriptor, `findings` has every error. */
export function parseDescriptor(json: string): {
  readonly descriptor?: BundleDescriptor
  readonly findings: readonly Finding[]
} {
  const value = parseJson(json)
  if (value === undefined) {
    return { findings: [faultAt('descriptor', { file: descriptorPath, expected: 'JSON' })] }
  }
  if (isExport(value)) return { findings: [faultAt('bundle-outward', { file: descriptorPath })] }
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

/** Compiled on first use and cached: compiling takes longer than reading a small bundle. */
function validator(): ValidateFunction<BundleDescriptor> {
  // A test validates this schema against the metaschema; doing so here would take ten times as long.
  const ajv = () => new Ajv2020({ allErrors: true, meta: false, validateSchema: false })
  compiled ??= ajv().compile<BundleDescriptor>(Descriptor)
  return compiled
}

/** Properties of a delta are allowed in deltas only: a full bundle with a file of deletes is neither. */
function modeFaults({ qingdan, resources }: BundleDescriptor): readonly Finding[] {
  const isDelta = qingdan.mode === 'delta'
  const places = [
    ...((qingdan.against !== undefined) === isDelta ? [] : ['/qingdan/against']),
    ...resources.flatMap((resource, index) =>
      (resource.qingdan !== undefined) === isDelta ? [] : [`/resources/${index}/qingdan`],
    ),
  ]
  const needs = isDelta ? 'is required in mode delta' : 'is not allowed in mode full'
  return places.map((place) => faultAt('descriptor', { file: descriptorPath, expected: `${place} ${needs}` }))
}

/** The descriptor of an export is marked as one, so that nobody takes it for a provider's bundle. */
function isExport(value: unknown): boolean {
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

/** The characters that may separate fields. */
export const delimiters = [',', '\t', ';'] as const

/** Longer than Excel's 31 characters, in case another program allows more. */
const sheetNameMax = 200

/** Beside the delimiter, a dialect may only state the defaults. */
const dialectDefaults: ReadonlyMap<string, readonly unknown[]> = new Map([
  ['header', [true]],
  ['quoteChar', ['"']],
  ['doubleQuote', [true]],
  ['skipInitialSpace', [false]],
  ['lineTerminator', ['\n', '\r\n', '\r']],
])

/** Which sheet of a workbook is read, as in Table Dialect v2; by default the first visible one. */
export interface SheetChoice {
  readonly name?: string
  /** From 1. */
  readonly number?: number
}

/** How the table is located in a file. */
export interface TableForm {
  /** For text files; ignored for workbooks. */
  readonly delimiter: string
  /** For workbooks only. */
  readonly sheet?: SheetChoice
}

/** Supported file formats, by file name extension. */
export const tableFiles = /\.(csv|tsv|txt|xlsx)$/i

/** Whether the file name is that of a workbook. */
export function isWorkbook(path: string): boolean {
  return /\.xlsx$/i.test(path)
}

/** How the table of a resource is read; undefined if its dialect is not supported. */
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
