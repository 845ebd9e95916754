/**
 * Reads the content of an export and validates it before anything is imported. Although a trusted origin
 * signed it, an incomplete or inconsistent export is rejected with findings: no part of it is imported.
 */
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Static, TSchema } from 'typebox'
import {
  CarriedChangeSchema,
  type CarriedVersion,
  CarriedVersionSchema,
  fileName,
  type PositionedChange,
} from '../../../contract/index.ts'
import type { Finding } from '../../../platform/finding.ts'
import { type Bag, readWhole } from '../../core/bag/bag.ts'
import { BundleRefusal, faultAt } from '../../core/findings/checks.ts'
import { paths } from './paths.ts'

/** Many years of changes of a city's data, at some hundred bytes each. */
const changesBytesMax = 256 << 20
/** The metadata of one version; with a thousand parts it has some hundred kilobytes. */
const versionBytesMax = 16 << 20

export interface ExportContent {
  readonly changes: readonly PositionedChange[]
  readonly versions: readonly CarriedVersion[]
  /** The files of contracts and code lists, by their path below `data/contracts/`. */
  readonly contracts: readonly string[]
}

/** Reads the content beside the data files. Throws BundleRefusal. `until` is the last position allowed. */
export async function readContent(
  bag: Bag,
  digests: ReadonlyMap<string, string>,
  until: number,
): Promise<ExportContent> {
  const changes = await readChangeLines(bag, until)
  const versions = await readVersions(bag)
  refuseExport(strayFindings(bag, versions, digests))
  return {
    changes,
    versions,
    contracts: bag.entries.flatMap(({ path }) =>
      path.startsWith(paths.contracts) ? [path.slice(paths.contracts.length)] : [],
    ),
  }
}

async function readChangeLines(bag: Bag, until: number): Promise<readonly PositionedChange[]> {
  const file = paths.changes
  const isChange = checkOf(CarriedChangeSchema)
  const lines = (await textOf(bag, file, changesBytesMax)).split('\n')
  if (lines.pop() !== '') refuseExport([contentFault(file)])
  let before = 0
  return lines.map((line, index) => {
    const value = parse(line)
    if (!isChange(value) || value.position <= before || value.position > until) {
      throw new BundleRefusal([faultAt('export-content', { file, row: index + 1 })])
    }
    before = value.position
    const { at, kind, ...change } = value
    return { ...change, kind: kind as PositionedChange['kind'], at: new Date(at) } as PositionedChange
  })
}

async function readVersions(bag: Bag): Promise<readonly CarriedVersion[]> {
  const isVersion = checkOf(CarriedVersionSchema)
  const versions: CarriedVersion[] = []
  for (const { path } of bag.entries) {
    if (!/^data\/editions\/.*\/version\.json$/.test(path)) continue
    const value = parse(await textOf(bag, path, versionBytesMax))
    if (!isVersion(value)) throw new BundleRefusal([contentFault(path)])
    const version = value as CarriedVersion
    const isNamed = version.distributions.every((file) => file.name === fileName(version, file.format))
    if (paths.version(version) !== path || !isNamed) throw new BundleRefusal([contentFault(path)])
    versions.push(version)
  }
  return versions
}

/** Every file below `data/` must be at a known path, and match the version's metadata. */
function strayFindings(
  bag: Bag,
  versions: readonly CarriedVersion[],
  digests: ReadonlyMap<string, string>,
): readonly Finding[] {
  const known = new Map<string, string | undefined>([[paths.changes, undefined]])
  for (const version of versions) {
    known.set(paths.version(version), undefined)
    for (const file of version.distributions) known.set(paths.file(version, file.name), file.digest)
  }
  return bag.entries.flatMap(({ path }) => {
    if (!path.startsWith('data/') || path.startsWith(paths.contracts)) return []
    const expected = known.get(path)
    const isFine = known.has(path) && (expected === undefined || expected === digests.get(path))
    return isFine ? [] : [contentFault(path)]
  })
}

export function contentFault(file: string): Finding {
  return faultAt('export-content', { file })
}

/** Throws BundleRefusal if there are findings. */
export function refuseExport(findings: readonly Finding[]): void {
  if (findings.length > 0) throw new BundleRefusal(findings)
}

function checkOf<Schema extends TSchema>(schema: Schema): (value: unknown) => value is Static<Schema> {
  return new Ajv2020({ meta: false, validateSchema: false }).compile<Static<Schema>>(schema)
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json) as unknown
  } catch {
    return undefined
  }
}

/** A file of the bag as text. Throws BundleRefusal if it is missing, too long or not UTF-8. */
export async function textOf(bag: Bag, path: string, bytesMax: number): Promise<string> {
  const bytes = bag.entries.some((entry) => entry.path === path)
    ? await readWhole(bag, path, bytesMax)
    : undefined
  if (bytes === undefined) throw new BundleRefusal([contentFault(path)])
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new BundleRefusal([contentFault(path)])
  }
}
