/** Groups versions by dataset, so that a request over many datasets walks through all versions only once. */
import type { PublishedVersion } from '../versions/published.ts'

/** The versions of each dataset, in the given order. */
export function byDataset(
  versions: readonly PublishedVersion[],
): ReadonlyMap<string, readonly PublishedVersion[]> {
  const groups = new Map<string, PublishedVersion[]>()
  for (const version of versions) {
    const own = groups.get(version.dataset)
    if (own === undefined) groups.set(version.dataset, [version])
    else own.push(version)
  }
  return groups
}
