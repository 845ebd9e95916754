/**
 * Where a version stands among the others of its edition: the links to its neighbours, as members of a body and as the
 * header `Link` (RFC 8288) with the relations of RFC 5829. Withdrawn versions are stepped over: they answer 410.
 */
import type { Config } from '../../platform/config.ts'
import { addresses } from '../addresses.ts'
import type { ServedVersion } from './previews.ts'
import type { PublishedVersion } from './published.ts'

export interface Neighbours {
  readonly predecessor: PublishedVersion | undefined
  readonly successor: PublishedVersion | undefined
}

/** The nearest versions that can be read, before and behind one. `versions` are of its edition, the newest first. */
export function neighboursOf(
  { number }: Pick<ServedVersion, 'number'>,
  versions: readonly PublishedVersion[],
): Neighbours {
  const there = versions.filter(({ state }) => state !== 'withdrawn')
  return {
    predecessor: there.find((one) => one.number < number),
    successor: there.findLast((one) => one.number > number),
  }
}

/** The links of a version's body to the versions beside it. */
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

/** The value of the header `Link` for a version and for all that is below its address. */
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
