/**
 * datapackage.json: a Data Package (version 2) whose property `qingdan` says what the bundle is. Refuses, as
 * findings, what is not well-formed or not complete, and properties of `qingdan` that nobody knows.
 */
import { Ajv2020 } from 'ajv/dist/2020.js'
import Type, { type Static } from 'typebox'
import type { Finding } from '../base/finding.ts'
import { faultAt } from './faults.ts'

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
  // The schema is ours, and a test holds it to the metaschema, whose compilation takes ten times as long as its own.
  const ajv = new Ajv2020({ allErrors: true, meta: false, validateSchema: false })
  const validate = ajv.compile<BundleDescriptor>(Descriptor)
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

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json) as unknown
  } catch {
    return undefined
  }
}

/** The signs that may separate fields. */
const delimiters: readonly unknown[] = [',', ';', '\t']

/** What a dialect may say beside its delimiter: only what is so anyway. */
const dialectDefaults: ReadonlyMap<string, readonly unknown[]> = new Map([
  ['header', [true]],
  ['quoteChar', ['"']],
  ['doubleQuote', [true]],
  ['skipInitialSpace', [false]],
  ['lineTerminator', ['\n', '\r\n', '\r']],
])

/** The delimiter of a resource; undefined where its dialect is none that is read. */
export function delimiterOf(resource: BundleResource): string | undefined {
  const { delimiter = ',', ...rest } = resource.dialect ?? {}
  for (const [name, value] of Object.entries(rest)) {
    if (name.startsWith('$')) continue
    if (dialectDefaults.get(name)?.includes(value) !== true) return undefined
  }
  return typeof delimiter === 'string' && delimiters.includes(delimiter) ? delimiter : undefined
}
