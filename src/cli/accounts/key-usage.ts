/** `qingdan key usage`: requests per key, day and dataset, as a table, CSV or JSON. */

import { stringify } from 'csv-stringify/sync'
import { listUsage, usagePeriod, usageRowsMax } from '../../accounts/index.ts'
import { defined } from '../../platform/defined.ts'
import { type Common, UsageError } from '../command.ts'
import { print, table } from '../output.ts'
import { withContext } from '../with-context.ts'

export interface UsageOptions extends Common {
  readonly from?: string
  readonly to?: string
  readonly csv?: boolean
}

const columns = ['keyId', 'day', 'dataset', 'requests', 'refused', 'bytes'] as const

export async function usage(id: string | undefined, options: UsageOptions): Promise<void> {
  if (options.csv === true && options.json === true) throw new UsageError('Give --csv or --json, not both.')
  await withContext(async ({ database, clock }) => {
    const { from, to } = options
    const requested = { ...defined({ from, to }) }
    const found = await listUsage(database.serve, { keyId: id ?? null, ...usagePeriod(requested, clock()) })
    if (found.length > usageRowsMax)
      throw new UsageError(`More than ${usageRowsMax} lines: choose one key or fewer days.`)
    if (options.csv === true) process.stdout.write(csvOf(found))
    else print.result(options, found, () => table(found, columns))
  })
}

function csvOf(found: Parameters<typeof table>[0]): string {
  return stringify([...found], { header: true, columns: [...columns], record_delimiter: '\n' })
}
