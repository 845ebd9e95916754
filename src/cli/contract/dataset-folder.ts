/** Loads the folder of one dataset beside all other contracts, and reports its faults. */
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { loadContractFolders, ownContracts, shippedFolder } from '../../context.ts'
import { type Contract, type ContractFault, type Contracts, faultText } from '../../contract/index.ts'
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
  /** The contract that was named, else the newest of the folder; undefined if the folder has none without faults. */
  readonly named: Contract | undefined
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
  const stored = ownContracts(config)
  const contracts = await loadContractFolders([shippedFolder(config), stored], {
    datasetFolders: dirname(folder) === stored ? [] : [folder],
    setAsideIn: [stored, folder],
  })
  const faults = contracts.setAside.filter(
    (fault) => fault.file === folder || fault.file.startsWith(`${folder}/`),
  )
  const dataset = basename(folder)
  const numbers = (await readdir(folder)).map(numberOf)
  const named = contracts.find(dataset, numberOf(basename(file)) || Math.max(1, ...numbers))
  return { folder, dataset, contracts, named: named?.contract, faults, config }
}

/** The version of a contract by the name of its file; 0 if it is none. */
const numberOf = (name: string) => Number(/^contract\.v(\d+)\.json$/.exec(name)?.[1] ?? 0)

/** Prints the faults of a dataset's files, each on a line. */
export function printFaults({ folder, faults }: DatasetFolder): void {
  print.line(`${counted(faults.length, 'fault')} in ${folder}:`)
  for (const fault of faults)
    print.data(
      `  ${faultText({ ...fault, file: fault.file.slice(folder.length + 1), message: localised(fault.message) })}`,
    )
}
