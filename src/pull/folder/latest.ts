/** The `latest.json` files of editions and datasets: clients that read them follow corrections. */

import { editionsOf, type Ledger, lineageOf, type VersionKey, versionsOf } from '../ledger.ts'
import type { Step } from '../sink.ts'
import { jsonText, writeInPlace } from './files.ts'
import { folderPaths as paths } from './paths.ts'

/**
 * Writes the `latest.json` files of the editions that a step touches. `held` includes the versions about to
 * be dropped.
 */
export async function writeLatestFiles(root: string, step: Step, held: readonly VersionKey[]): Promise<void> {
  const { ledger, drop, touched } = step
  const isDropped = (key: VersionKey) => drop.some((dropped) => isSame(dropped, key))
  const remaining = held.filter((key) => !isDropped(key))
  for (const of of touched)
    await writeInPlace(root, paths.latest(of), jsonText(editionBody(ledger, of, remaining)))
  for (const dataset of new Set(touched.map((edition) => edition.dataset))) {
    // As at the source: if the newest edition is withdrawn completely, no older one becomes the latest.
    const edition = editionsOf(ledger, dataset).at(-1)
    if (edition === undefined) continue
    const body = editionBody(ledger, { dataset, edition }, remaining)
    await writeInPlace(root, paths.latestOfDataset(dataset), jsonText(body))
  }
}

function isSame(one: VersionKey, other: VersionKey): boolean {
  return one.dataset === other.dataset && one.edition === other.edition && one.version === other.version
}

function editionBody(
  ledger: Ledger,
  { dataset, edition }: Pick<VersionKey, 'dataset' | 'edition'>,
  held: readonly VersionKey[],
) {
  const known = versionsOf(ledger, dataset, edition)
  const own = held
    .filter((key) => key.dataset === dataset && key.edition === edition && known.has(key.version))
    .sort((a, b) => a.version - b.version)
    .map((key) => {
      const contractVersion = known.get(key.version)?.contractVersion ?? 1
      return {
        version: key.version,
        contractVersion,
        lineage: lineageOf(ledger, dataset, contractVersion),
        path: paths.version(key),
      }
    })
  const latest = own.at(-1)
  // Readers under a former contract find the newest version of its lineage here.
  const byLineage = own.filter(
    (version) => !own.some((other) => other.lineage === version.lineage && other.version > version.version),
  )
  return {
    ...{ dataset, edition },
    version: latest?.version ?? null,
    contractVersion: latest?.contractVersion ?? null,
    path: latest?.path ?? null,
    lines: byLineage.map(({ version, lineage, path }) => ({ version, lineage, path })),
  }
}
