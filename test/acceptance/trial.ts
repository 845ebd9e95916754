/**
 * A small dataset for campaigns: two parts, a disclosure rule, and enough rows that every step takes some
 * time.
 */
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { contractOf, field } from '../support/fields.ts'
import { swimmers, swimmersContracts } from '../support/personal-bundles.ts'

export const trialDataset = 'crash-trial'

/** Rows per part. */
export const trialRowsPerPart = 1_000

const providers = ['edu-310101', 'edu-310104'] as const

/** Writes a folder of contracts that holds only the trial datasets, beside the shipped code lists. */
export async function writeTrialDatasets(folder: string): Promise<void> {
  await cp('datasets/codes', join(folder, 'codes'), { recursive: true })
  await mkdir(join(folder, trialDataset), { recursive: true })
  const required = { constraints: { required: true } }
  const contract = contractOf(
    [
      field('cell', 'string', { role: 'key', ...required }),
      field('district', 'string', { role: 'dimension', codes: 'districts', ...required }),
      field('pupils', 'integer', { role: 'count' }),
      field('mean', 'number', { role: 'measure', scale: 1 }),
      field('conf_status', 'string', { role: 'status', codes: 'conf-status' }),
    ],
    ['cell'],
    {
      dataset: trialDataset,
      themes: ['education'],
      shareClass: 'general',
      openClass: 'unconditional',
      formats: ['csv', 'csv.gz', 'ndjson'],
      parts: providers.map((provider) => ({ provider, scope: { district: provider.slice(4) } })),
      checks: [{ check: 'part-scope' }],
      // So that kills also fall into the wait between the two phases of a publication.
      approval: { required: true },
      disclosure: {
        rule: 'minimum-count',
        count: 'pupils',
        minimum: 10,
        withhold: ['pupils', 'mean'],
        status: 'conf_status',
      },
    },
  )
  await writeFile(join(folder, trialDataset, 'contract.v1.json'), JSON.stringify(contract, null, 2))
  await mkdir(join(folder, swimmers), { recursive: true })
  for (const one of swimmersContracts) {
    const name = `contract.v${one.contractVersion}.json`
    await writeFile(join(folder, swimmers, name), JSON.stringify(one, null, 2))
  }
}

/** The CSV of a provider's part; the same on every call. */
export function trialRows(provider: string): string {
  const district = provider.slice(4)
  const lines = ['cell,district,pupils,mean']
  for (let n = 0; n < trialRowsPerPart; n += 1) {
    lines.push(
      `${district}-${String(n).padStart(5, '0')},${district},${(n * 7) % 60},${((n * 13) % 1000) / 10}`,
    )
  }
  return `${lines.join('\n')}\n`
}

/** Number of records in an edition. */
export const trialRecords = providers.length * trialRowsPerPart

/** The edition of the statistics about persons: others are found by the name of their edition alone. */
export function personalEdition(edition: string): string {
  return String(Number(edition) + 2_000)
}

/** The edition of which quarantined bundles are delivered; it is never published. */
export function quarantineEdition(edition: string): string {
  return String(Number(edition) + 1_000)
}
