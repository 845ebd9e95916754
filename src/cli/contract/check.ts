/** `qingdan contract check`: all faults of one dataset's contracts and code lists. Changes nothing. */
import { type Common, exitCodes } from '../command.ts'
import { print } from '../output.ts'
import { loadDatasetFolder, printFaults } from './dataset-folder.ts'

export async function check(path: string, options: Common): Promise<number> {
  const loaded = await loadDatasetFolder(path)
  const { dataset, contracts, faults } = loaded
  const versions = contracts.versions(dataset).map(({ contract }) => contract.contractVersion)
  print.result(options, { dataset, contractVersions: versions, faults }, () => {
    if (faults.length > 0) printFaults(loaded)
    else print.line(`valid  ${dataset}, contract ${versions.join(', ')}`)
  })
  return faults.length === 0 ? exitCodes.ok : exitCodes.refused
}
