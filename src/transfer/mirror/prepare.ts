/**
 * Prepares one version of an export on a mirror: stores its files byte for byte, loads its records from the
 * plain file, and checks that they reproduce that file. Nothing refers to it before the mirror's commit.
 */
import type { OpenedExport } from '../../bundle/index.ts'
import { BundleRefusal, contentFault, paths } from '../../bundle/index.ts'
import { type AppContext, prepareMirrored, storedName } from '../../catalogue/index.ts'
import type { CarriedVersion, Contract } from '../../contract/index.ts'
import { ServerError, withoutValues } from '../../db/database-error.ts'
import { csv } from '../../formats/index.ts'
import { digestOfTable, loadPlainFile } from '../../records/index.ts'

interface Preparing {
  readonly id: number
  readonly version: CarriedVersion
  readonly contract: Contract
}

/** Prepares a version. Safe to run again. Throws BundleRefusal if the export is not what was verified. */
export async function prepareCarried(
  context: AppContext,
  opened: OpenedExport,
  of: Preparing,
): Promise<void> {
  const { id, version } = of
  // A withdrawn version is listed but never served: its files were not exported.
  const table = version.withdrawn === null ? await storeVersion(context, opened, of) : null
  await context.database.work.begin((tx) => prepareMirrored(tx, id, version, table))
}

async function storeVersion(
  context: AppContext,
  { bag, digests }: OpenedExport,
  of: Preparing,
): Promise<string> {
  const { version } = of
  for (const file of version.distributions) {
    const path = paths.file(version, file.name)
    if (!digests.has(path)) throw new BundleRefusal([contentFault(path)])
    const stored = await context.files.write(storedName(version, file.format), bag.read(path), {
      // An earlier attempt, which was never visible: files of published versions are sealed.
      replace: true,
    })
    if (stored.digest !== file.digest || stored.bytes !== file.bytes)
      throw new BundleRefusal([contentFault(path)])
    context.observe('checkpoint-reached', { step: 'mirror', point: 'file-stored' })
  }
  return loadVersion(context, of)
}

/** Loads the records from the stored plain file. The resulting table has exactly that file's values. */
async function loadVersion(context: AppContext, { id, version, contract }: Preparing): Promise<string> {
  const plain = version.distributions.find(({ format }) => format === csv.name)
  const path = paths.version(version)
  if (plain === undefined || plain.digest !== version.digest) throw new BundleRefusal([contentFault(path)])
  const source = context.files.read(storedName(version, csv.name))
  const { table, records } = await loadPlainFile(context.database, contract, id, source).catch(
    notOfContract(path),
  )
  if (
    records !== version.records ||
    (await digestOfTable(context.database, contract, table)) !== version.digest
  ) {
    throw new BundleRefusal([contentFault(path)])
  }
  context.observe('checkpoint-reached', { step: 'mirror', point: 'records-loaded' })
  return table
}

/** Database errors about rows that violate the contract become a refusal; others are rethrown. */
function notOfContract(path: string): (error: unknown) => never {
  return (error) => {
    // Class 22, data exceptions, and 23, violated constraints.
    const shown = withoutValues(error)
    if (shown instanceof ServerError && /^2[23]/.test(shown.code))
      throw new BundleRefusal([contentFault(path)])
    throw shown
  }
}
