/** Loads the folder of one dataset beside all other contracts, and reports its faults. */
import { stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { loadContractFolders, ownContracts, shippedFolder } from '../../context.ts'
import { type ContractFault, type Contracts, faultText } from '../../contract/index.ts'
import type { Config } from '../../platform/config.ts'
import { UsageError } from '../command.ts'
import { loadSettings } from '../load-settings.ts'
import { counted, print } from '../output.ts'
import { localised } from '../phrases.ts'

export interface DatasetFolder {
  readonly folder: string
  /** The slug: the name of the folder. */
  readonly dataset: string
  readonly contracts: Contracts
  /** Faults of its own files. */
  readonly faults: readonly ContractFault[]
  readonly config: Config
}

/** Loads the folder of a dataset, given by itself or by a file in it. Throws UsageError if there is none. */
export async function loadDatasetFolder(path: string): Promise<DatasetFolder> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw new UsageError(`There is no file or folder ${path}.`)
  const file = resolve(path)
  const folder = found.isDirectory() ? file : dirname(file)
  const config = loadSettings(process.env)
  const own = ownContracts(config)
  const contracts = await loadContractFolders([shippedFolder(config), own], {
    datasetFolders: dirname(folder) === own ? [] : [folder],
    setAsideIn: [own, folder],
  })
  const faults = contracts.setAside.filter(
    (fault) => fault.file === folder || fault.file.startsWith(`${folder}/`),
  )
  return { folder, dataset: basename(folder), contracts, faults, config }
}

/** Prints the faults of a dataset's files, each on a line. */
export function printFaults({ folder, faults }: DatasetFolder): void {
  print.line(`${counted(faults.length, 'fault')} in ${folder}:`)
  for (const fault of faults)
    print.data(
      `  ${faultText({ ...fault, file: fault.file.slice(folder.length + 1), message: localised(fault.message) })}`,
    )
}
