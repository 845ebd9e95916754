/**
 * datapackage.json of an export: a Data Package (version 2) whose property `qingdan` names the origin and the
 * share of its changes. Reports provider bundles, incomplete descriptors and excerpts as findings.
 */
import { Ajv2020 } from 'ajv/dist/2020.js'
import Type, { type Static } from 'typebox'
import type { Finding } from '../../../platform/finding.ts'
import { faultAt } from '../../core/findings/checks.ts'

export const exportDescriptorPath = 'datapackage.json'

const text = Type.String({ minLength: 1, maxLength: 4_096 })

/** The description of an export. Exported for the test that validates it against the metaschema. */
export const ExportPurpose = Type.Object(
  {
    kind: Type.Literal('export'),
    origin: Type.String({ minLength: 1, maxLength: 200 }),
    /** The cursor after which it begins; null if it begins with the first change, and in an excerpt. */
    since: Type.Union([text, Type.Null()]),
    /** The cursor of the next export; null in an excerpt, which no export follows. */
    until: Type.Union([text, Type.Null()]),
    /** Whether datasets that are not open are included. */
    restricted: Type.Boolean(),
    /** The versions requested, if this is an excerpt. */
    excerpt: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 300 }), { minItems: 1 })),
  },
  { additionalProperties: false },
)

export type ExportPurpose = Static<typeof ExportPurpose>

/** A file of an export, as its descriptor and its manifest name it. */
export interface ExportedFile {
  readonly path: string
  readonly bytes: number
  readonly digest: string
}

/** The text of datapackage.json. */
export function exportDescriptor(
  name: string,
  purpose: ExportPurpose,
  files: readonly ExportedFile[],
): string {
  const descriptor = {
    $schema: 'https://datapackage.org/profiles/2.0/datapackage.json',
    name,
    qingdan: purpose,
    resources: files.map(({ path, bytes, digest }) => ({
      name: path
        .replace(/^data\//, '')
        .replaceAll('/', '-')
        .toLowerCase(),
      path,
      bytes,
      hash: `sha256:${digest}`,
    })),
  }
  return `${JSON.stringify(descriptor, null, 2)}\n`
}

/** Reads the description of an export; `findings` says why there is none. */
export function parseExportDescriptor(json: string): {
  readonly purpose?: ExportPurpose
  readonly findings: readonly Finding[]
} {
  const file = exportDescriptorPath
  const own = ownProperty(json)
  if (own === undefined)
    return { findings: [faultAt('descriptor', { file, expected: 'qingdan.kind = export' })] }
  if (!('kind' in own)) return { findings: [faultAt('export-inward', { file })] }
  const validate = new Ajv2020({
    allErrors: true,
    meta: false,
    validateSchema: false,
  }).compile<ExportPurpose>(ExportPurpose)
  if (validate(own)) return { purpose: own, findings: [] }
  const errors = validate.errors ?? []
  return {
    findings: errors.map(({ instancePath, message = '' }) =>
      faultAt('descriptor', { file, expected: `/qingdan${instancePath} ${message}` }),
    ),
  }
}

function ownProperty(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json)
    const own = value instanceof Object && 'qingdan' in value ? value.qingdan : undefined
    return own instanceof Object ? own : undefined
  } catch {
    return undefined
  }
}
