/** Builds the house once, for the service and for the side door: settings, database, files, jobs, contracts. */
import { join, resolve } from 'node:path'
import { type AppContext, pinContracts, type Readiness, readMirror } from './catalogue/index.ts'
import {
  type Contracts,
  checks,
  checkUseFaults,
  type LoadedContract,
  loadContracts,
} from './contract/index.ts'
import type { Database } from './db/database.ts'
import { openJobs } from './db/jobs/open-jobs.ts'
import { openDatabase } from './db/open-database.ts'
import { disclosureRules } from './disclosure/index.ts'
import type { Files } from './files/files.ts'
import { openFiles } from './files/open-files.ts'
import { formats } from './formats/index.ts'
import type { Config } from './platform/config.ts'
import { buildEventLog, type EventLog, type LogSink } from './platform/log/events.ts'
import { packageFile } from './platform/package-root.ts'

export interface OpenContext extends AppContext {
  readonly readiness: Readiness
  /**
   * On a mirror: loads the contracts anew where an export has brought others, and tells whether it has. A house that is no
   * mirror has those it was opened with.
   */
  readonly renewContracts: () => Promise<boolean>
  /** Gives everything back: jobs are let end within the settings' seconds, then the database is closed. */
  readonly close: () => Promise<void>
}

/** The contracts that ship with the code. */
export const shippedDatasets = packageFile('datasets')

/** Loads all contracts: the shipped ones or those of `QINGDAN_DATASETS`, and those of the data folder beside them. */
export function loadAllContracts(config: Config): Promise<Contracts> {
  const shipped = config.QINGDAN_DATASETS === '' ? shippedDatasets : resolve(config.QINGDAN_DATASETS)
  return loadContractFolders([shipped, join(resolve(config.QINGDAN_DATA), 'contracts')])
}

/** Loads the contracts of folders, held to what this software knows. Throws ContractError. */
export function loadContractFolders(folders: readonly string[]): Promise<Contracts> {
  return loadContracts({
    folders,
    known: {
      checks: Object.fromEntries(checks.map((check) => [check.name, check.parameters])),
      checkUse: checkUseFaults,
      formats: Object.fromEntries([...formats.keys()].map((name) => [name, noParameters])),
      disclosure: Object.fromEntries([...disclosureRules].map(([name, rule]) => [name, rule.parameters])),
      derivations: {},
    },
  })
}

/** The schema of what takes no parameters: one object, so that it is compiled once. */
const noParameters = {}

/**
 * Opens the house on the settings of an environment. Throws ConfigError, ContractError, or what the database says;
 * whatever was opened before is closed again.
 */
export async function openContext(config: Config, log: LogSink): Promise<OpenContext> {
  const eventLog = buildEventLog(log)
  for (const { name, replacement } of config.deprecatedSettings) {
    eventLog.observe('setting-deprecated', { setting: name, replacement })
  }
  // Contracts first: a faulty one should be told before a database is started for nothing.
  const contracts = await loadAllContracts(config)
  const database = await openDatabase({ config, observe: eventLog.observe, migrate: true })
  try {
    return await buildContext({ config, contracts, database, clock: () => new Date(), ...eventLog })
  } catch (error) {
    await database.close()
    throw error
  }
}

/** What a house is built of: the settings, what was loaded and opened already, a clock and an event log. */
export type ContextParts = Pick<AppContext, 'config' | 'contracts' | 'database' | 'clock'> & EventLog

/** Builds the house on a database that is open and migrated. Where it throws, the database is still its caller's. */
export async function buildContext(parts: ContextParts): Promise<OpenContext> {
  const { config, database, clock, observe } = parts
  const files = await openFiles({ folder: join(resolve(config.QINGDAN_DATA), 'files') })
  // A mirror has its origin's contracts and no others, pinned as they were there.
  let mirrored = await loadMirrored(database, files)
  if (mirrored === undefined) warnOfKeywords(observe, await pinContracts(database, parts.contracts, clock()))
  const jobs = await openJobs({ database, observe })
  const close = async () => {
    await jobs.stop({ seconds: config.QINGDAN_SHUTDOWN_SECONDS })
    await database.close()
  }
  const renewContracts = async () => {
    const renewed = await loadMirrored(database, files, mirrored?.name)
    if (renewed === undefined) return false
    mirrored = renewed
    return true
  }
  const readiness = { ready: false }
  return {
    ...parts,
    files,
    jobs,
    readiness,
    close,
    renewContracts,
    // What is made of contracts is kept by them: others are another value.
    get contracts() {
      return mirrored?.contracts ?? parts.contracts
    },
  }
}

/** A contract in use never changes, so its former keywords are reported once, when it is new. */
function warnOfKeywords(observe: EventLog['observe'], added: readonly LoadedContract[]): void {
  for (const { contract, formerKeywords } of added) {
    if (formerKeywords.length === 0) continue
    observe('contract-keyword-deprecated', {
      dataset: contract.dataset,
      contractVersion: contract.contractVersion,
      keywords: formerKeywords.map(({ path, replacement }) => `${path} -> ${replacement}`).join(', '),
    })
  }
}

/** The contracts that a mirror has now; undefined where the house is none, or has those of this name already. */
async function loadMirrored(
  database: Database,
  files: Files,
  known?: string,
): Promise<{ readonly name: string; readonly contracts: Contracts } | undefined> {
  const name = (await readMirror(database.work))?.contracts
  if (name === undefined || name === known) return undefined
  return { name, contracts: await loadContractFolders([await files.localPath(name)]) }
}
