/** Files that say which version is the latest, of an edition and of a dataset: whoever reads by them follows corrections. */

import { editionsOf, type Ledger, lineageOf, type VersionKey, versionsOf } from '../ledger.ts'
import type { Step } from '../sink.ts'
import { jsonText, writeInPlace } from './files.ts'
import { folderPaths as paths } from './paths.ts'

/** Writes the pointers of the editions that a step touches. `held` is what stands there, what is about to go included. */
export async function writeLatestFiles(root: string, step: Step, held: readonly VersionKey[]): Promise<void> {
  const { ledger, drop, touched } = step
  const goes = (key: VersionKey) => drop.some((one) => isSame(one, key))
  const stays = held.filter((key) => !goes(key))
  for (const of of touched)
    await writeInPlace(root, paths.latest(of), jsonText(editionBody(ledger, of, stays)))
  for (const dataset of new Set(touched.map((one) => one.dataset))) {
    // As at the source: where the newest edition is withdrawn altogether, no older one passes for the latest.
    const edition = editionsOf(ledger, dataset).at(-1)
    if (edition === undefined) continue
    const body = editionBody(ledger, { dataset, edition }, stays)
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
  const told = versionsOf(ledger, dataset, edition)
  const own = held
    .filter((key) => key.dataset === dataset && key.edition === edition && told.has(key.version))
    .sort((a, b) => a.version - b.version)
    .map((key) => {
      const contractVersion = told.get(key.version)?.contractVersion ?? 1
      return {
        version: key.version,
        contractVersion,
        lineage: lineageOf(ledger, dataset, contractVersion),
        path: paths.version(key),
      }
    })
  const latest = own.at(-1)
  // Readers under a former contract find theirs here, beside the latest of all.
  const byLineage = own.filter(
    (one) => !own.some((other) => other.lineage === one.lineage && other.version > one.version),
  )
  return {
    ...{ dataset, edition },
    version: latest?.version ?? null,
    contractVersion: latest?.contractVersion ?? null,
    path: latest?.path ?? null,
    lines: byLineage.map(({ version, lineage, path }) => ({ version, lineage, path })),
  }
}
