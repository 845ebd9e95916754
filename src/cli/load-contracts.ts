/** Loads the contracts for commands that need no database, and names the files that were set aside. */
import { loadAllContracts } from '../context.ts'
import type { Contracts } from '../contract/index.ts'
import type { Config } from '../platform/config.ts'
import { localised } from './phrases.ts'
import { writeRefusal } from './terminal.ts'

export async function loadCurrentContracts(config: Config): Promise<Contracts> {
  const contracts = await loadAllContracts(config)
  warnOfSetAside(contracts)
  return contracts
}

/** Names each file that was set aside, on standard error. The others are used as if it were not there. */
export function warnOfSetAside({ setAside }: Contracts): void {
  for (const file of new Set(setAside.map((fault) => fault.file))) {
    const [first, ...more] = setAside.filter((fault) => fault.file === file)
    const others = more.length === 0 ? '' : ` (and ${more.length} more)`
    writeRefusal(
      `Not used: ${file}: ${first?.path} ${localised(first?.message ?? '')}${others}. See qingdan contract check ${file}`,
    )
  }
}
