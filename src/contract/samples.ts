/** Lists the samples beside the contracts: `<slug>/sample/<edition>/<provider>.csv`. Reads none of them. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** One part of one edition, as a provider would deliver it. All samples are synthetic. */
export interface Sample {
  readonly dataset: string
  readonly edition: string
  readonly provider: string
  readonly file: string
}

/** Every sample in a folder such as `datasets`, sorted by dataset, edition and provider. */
export async function listSamples(folder: string): Promise<readonly Sample[]> {
  const paths = await readdir(folder, { recursive: true })
  return paths
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .flatMap((path) => {
      const [, dataset, edition, provider] = /^([^/]+)\/sample\/([^/]+)\/([^/]+)\.csv$/.exec(path) ?? []
      return dataset === undefined || edition === undefined || provider === undefined
        ? []
        : [{ dataset, edition, provider, file: join(folder, path) }]
    })
}
