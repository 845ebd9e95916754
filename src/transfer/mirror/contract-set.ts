/**
 * Contracts and code lists of a mirror: each export brings all of them, stored as a separate folder that the
 * mirror's state names. So, even after a crash, contracts loaded together were exported together.
 */

import type { OpenedExport } from '../../bundle/index.ts'
import { type Bag, BundleRefusal, faultAt, paths } from '../../bundle/index.ts'
import type { AppContext } from '../../catalogue/index.ts'
import { ContractError, type Contracts } from '../../contract/index.ts'

/** Loads a folder of contracts as the service does at its start. Throws ContractError. */
export type LoadContracts = (folder: string) => Promise<Contracts>

const folder = 'mirror'

/** Digits of the export's digest in the folder's name; the position before them sorts the folders. */
const digestDigits = 12

/** Stores and loads the contracts of an export. Throws BundleRefusal if they can't be used here. */
export async function storeContracts(
  context: AppContext,
  { bag, contracts: files, until, digest }: OpenedExport,
  load: LoadContracts,
): Promise<{ readonly name: string; readonly contracts: Contracts }> {
  const name = `${folder}/${until.position}-${digest.slice(0, digestDigits)}`
  for (const file of files) await storeFile(context, bag, `${name}/${file}`, `${paths.contracts}${file}`)
  try {
    return { name, contracts: await load(await context.files.localPath(name)) }
  } catch (error) {
    if (!(error instanceof ContractError)) throw error
    await context.files.remove(name)
    const [fault] = error.faults
    const expected = fault === undefined ? '' : `${fault.path} ${fault.message}`.trim()
    throw new BundleRefusal([faultAt('export-contracts', { file: paths.contracts, expected })])
  }
}

async function storeFile(context: AppContext, bag: Bag, name: string, path: string): Promise<void> {
  await context.files.write(name, bag.read(path))
}

/** Removes unused sets, but leaves the previous one to a process that is just loading it. */
export async function dropFormerContracts(
  context: AppContext,
  inUse: readonly (string | undefined)[],
): Promise<void> {
  const sets = new Set(
    (await context.files.list(folder)).map((file) => file.split('/').slice(0, 2).join('/')),
  )
  for (const set of sets) if (!inUse.includes(set)) await context.files.remove(set)
}
