/**
 * Published data as readers may see it: editions, versions, distributions; no drafts. Without the grant,
 * restricted data gives the same 404 as an unknown name.
 */
import { and, asc, desc, eq, isNotNull, type SQL } from 'drizzle-orm'
import type { CarriedVersion, StoredDistribution } from '../../contract/index.ts'
import { type Contracts, type LoadedContract, mayRead } from '../../contract/index.ts'
import type { Database } from '../../db/database.ts'
import type { Caller } from '../../platform/caller.ts'
import type { Config } from '../../platform/config.ts'
import { problem } from '../../platform/problem.ts'
import { addresses } from '../addresses.ts'
import { lookUp } from '../lookups.ts'
import type { VersionBody } from '../schemas.ts'
import { distribution, edition, version } from '../tables.ts'

/** A version with what is stored of it, under the names of `versionColumns`. */
export interface PublishedVersion
  extends Omit<CarriedVersion, 'publishedAt' | 'withdrawn' | 'distributions'> {
  readonly id: number
  readonly state: Exclude<VersionBody['state'], 'draft'>
  readonly recordsTable: string
  readonly publishedAt: Date
  readonly withdrawnAt: Date | null
  readonly withdrawnReason: string | null
}

/** The columns of a version. */
export const versionColumns = {
  id: version.id,
  dataset: edition.dataset,
  edition: edition.edition,
  periodStart: edition.periodStart,
  periodEnd: edition.periodEnd,
  number: version.number,
  contractVersion: version.contractVersion,
  state: version.state,
  reason: version.reason,
  records: version.records,
  recordsTable: version.recordsTable,
  digest: version.digest,
  difference: version.difference,
  parts: version.parts,
  waivers: version.waivers,
  warnings: version.warnings,
  suppressions: version.suppressions,
  omitted: version.omitted,
  publishedAt: version.publishedAt,
  withdrawnAt: version.withdrawnAt,
  withdrawnReason: version.withdrawnReason,
} as const satisfies Record<keyof PublishedVersion, unknown>

/** The newest contracts of the datasets that a reader may see. */
export function listReadable(contracts: Contracts, caller: Caller): readonly LoadedContract[] {
  return contracts.list().filter(({ contract }) => mayRead(caller, contract))
}

/** A dataset's newest contract. Throws `dataset-not-found`, also if the reader may not see it. */
export function getReadable(contracts: Contracts, caller: Caller, dataset: string): LoadedContract {
  const loaded = contracts.find(dataset)
  if (loaded === undefined || !mayRead(caller, loaded.contract)) {
    throw problem('dataset-not-found', { path: 'slug' })
  }
  return loaded
}

interface VersionFilter {
  readonly dataset?: string
  readonly edition?: string
}

/**
 * All published versions, including withdrawn ones, the newest edition and version first; cached between
 * changes.
 */
export function listVersions(
  database: Database,
  of: VersionFilter = {},
): Promise<readonly PublishedVersion[]> {
  const name = `versions ${of.dataset ?? ''} ${of.edition ?? ''}`
  // Empty results are not cached: requests for unknown editions would evict the others.
  return lookUp(database, name, () => readVersions(database, of), isNotEmpty)
}

const isNotEmpty = ({ length }: readonly unknown[]) => length > 0

/** Like listVersions, but always from the database, for decisions about writes. */
export async function readVersions(
  database: Database,
  of: VersionFilter = {},
): Promise<readonly PublishedVersion[]> {
  const wanted: SQL[] = [isNotNull(version.publishedAt)]
  if (of.dataset !== undefined) wanted.push(eq(edition.dataset, of.dataset))
  if (of.edition !== undefined) wanted.push(eq(edition.edition, of.edition))
  const rows = await database.read
    .select(versionColumns)
    .from(version)
    .innerJoin(edition, eq(edition.id, version.editionId))
    .where(and(...wanted))
    .orderBy(asc(edition.dataset), desc(edition.periodEnd), desc(version.number))
  return rows as PublishedVersion[]
}

/** The latest version of an edition: the highest not withdrawn. */
export function latestOf(versions: readonly PublishedVersion[]): PublishedVersion | undefined {
  return versions.find((candidate) => candidate.state !== 'withdrawn')
}

/**
 * A published version by number or `latest`. Throws `edition-not-found`, `version-not-found`, and, for a
 * withdrawn version, `version-withdrawn` with reason and successor.
 */
export async function getVersion(
  database: Database,
  config: Pick<Config, 'QINGDAN_PUBLIC_URL'>,
  of: { readonly dataset: string; readonly edition: string; readonly version: number | 'latest' },
): Promise<PublishedVersion> {
  const versions = await listVersions(database, of)
  if (versions.length === 0) throw problem('edition-not-found', { path: 'edition' })
  const found =
    of.version === 'latest'
      ? (latestOf(versions) ?? versions[0])
      : versions.find((candidate) => candidate.number === of.version)
  if (found === undefined) throw problem('version-not-found', { path: 'version' })
  if (found.state === 'withdrawn') throw withdrawn(found, versions, config)
  return found
}

/**
 * The latest version of a dataset, whose records are served: that of its newest edition. Undefined if that
 * edition is withdrawn completely; an older one never becomes the latest. `versions` are newest first.
 */
export function latestOfDataset(versions: readonly PublishedVersion[]): PublishedVersion | undefined {
  return latestOf(versions.filter((version) => version.edition === versions[0]?.edition))
}

/** When the newest of some versions, at least one, was published or withdrawn. */
export function modifiedAt(versions: readonly PublishedVersion[]): Date {
  const times = versions.flatMap(({ publishedAt, withdrawnAt }) => [publishedAt, withdrawnAt ?? publishedAt])
  return new Date(Math.max(...times.map((time) => time.getTime())))
}

function withdrawn(
  found: PublishedVersion,
  versions: readonly PublishedVersion[],
  config: Pick<Config, 'QINGDAN_PUBLIC_URL'>,
  more: { readonly editions?: string } = {},
) {
  const successor = latestOf(versions.filter((candidate) => candidate.number > found.number))
  return problem('version-withdrawn', {
    reason: found.withdrawnReason,
    withdrawnAt: found.withdrawnAt?.toISOString(),
    successor: successor === undefined ? null : addresses(config).version(successor),
    ...more,
  })
}

/**
 * The latest version of the latest edition. Throws `edition-not-found`, and `version-withdrawn` if all its
 * versions are withdrawn: an older edition is never passed off as the latest, but the problem has the address of
 * the records of all others.
 */
export async function getLatest(
  database: Database,
  config: Pick<Config, 'QINGDAN_PUBLIC_URL'>,
  dataset: string,
): Promise<PublishedVersion> {
  const versions = await listVersions(database, { dataset })
  const [newest] = versions
  if (newest === undefined) {
    throw problem('edition-not-found', { detail: 'No edition of this dataset has been published yet.' })
  }
  const latest = latestOfDataset(versions)
  if (latest !== undefined) return latest
  const others = latestOf(versions) === undefined ? {} : { editions: addresses(config).allRecords(dataset) }
  throw withdrawn(
    newest,
    versions.filter(({ edition }) => edition === newest.edition),
    config,
    others,
  )
}

/** The files of a version, by name; those of a published version are cached between changes. */
export async function listDistributions(
  database: Database,
  versionId: number,
): Promise<readonly StoredDistribution[]> {
  const read = () => readDistributions(database, versionId)
  const { files } = await lookUp(database, `files ${versionId}`, read, ({ isPublished }) => isPublished)
  return files
}

async function readDistributions(database: Database, versionId: number) {
  const rows = await database.read
    .select({
      publishedAt: version.publishedAt,
      name: distribution.name,
      format: distribution.format,
      mediaType: distribution.mediaType,
      bytes: distribution.bytes,
      digest: distribution.digest,
    })
    .from(distribution)
    .innerJoin(version, eq(version.id, distribution.versionId))
    .where(eq(distribution.versionId, versionId))
    .orderBy(asc(distribution.name))
  const files: readonly StoredDistribution[] = rows.map(({ publishedAt, ...file }) => file)
  return { files, isPublished: rows.some(({ publishedAt }) => publishedAt !== null) }
}
