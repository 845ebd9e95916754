/**
 * The links of a version to its neighbours in the edition, as members of a body and as the header `Link` (RFC
 * 8288) with the relations of RFC 5829. Withdrawn versions are skipped, as they answer 410.
 */
import type { Config } from '../../platform/config.ts'
import { addresses } from '../addresses.ts'
import type { ServedVersion } from './previews.ts'
import type { PublishedVersion } from './published.ts'

interface Neighbours {
  readonly predecessor: PublishedVersion | undefined
  readonly successor: PublishedVersion | undefined
}

/** The nearest readable versions before and after one. `versions` are those of its edition, newest first. */
export function neighboursOf(
  { number }: Pick<ServedVersion, 'number'>,
  versions: readonly PublishedVersion[],
): Neighbours {
  const readable = versions.filter(({ state }) => state !== 'withdrawn')
  return {
    predecessor: readable.find((version) => version.number < number),
    successor: readable.findLast((version) => version.number > number),
  }
}

/** The neighbour links of a version's body. */
export function neighbourLinks(
  version: ServedVersion,
  versions: readonly PublishedVersion[],
  config: Pick<Config, 'QINGDAN_PUBLIC_URL'>,
) {
  const at = addresses(config)
  const { predecessor, successor } = neighboursOf(version, versions)
  return {
    predecessor: predecessor === undefined ? null : at.version(predecessor),
    successor: successor === undefined ? null : at.version(successor),
    latest: at.latest(version.dataset, version.edition),
    versions: at.versions(version.dataset, version.edition),
  }
}

/** The link from the plain CSV to its metadata (CSV on the Web, https://www.w3.org/TR/tabular-data-model/#link-header). First among its links: readers take the first. */
export function tableLink(version: ServedVersion, config: Pick<Config, 'QINGDAN_PUBLIC_URL'>): string {
  return `<${addresses(config).document(version, 'csv-metadata.json')}>; rel="describedby"; type="application/csvm+json"`
}

/** The value of the header `Link` for a version and for every address below it. */
export function linkHeader(
  version: ServedVersion,
  versions: readonly PublishedVersion[],
  config: Pick<Config, 'QINGDAN_PUBLIC_URL'>,
): string {
  const links = neighbourLinks(version, versions, config)
  const contract = addresses(config).contract(version.dataset, version.contractVersion)
  const relations: readonly (readonly [relation: string, target: string | null])[] = [
    ['predecessor-version', links.predecessor],
    ['successor-version', links.successor],
    ['latest-version', links.latest],
    ['version-history', links.versions],
    ['collection', links.versions],
    ['describedby', contract],
  ]
  return relations
    .filter(([, target]) => target !== null)
    .map(([relation, target]) => `<${target}>; rel="${relation}"`)
    .join(', ')
}
