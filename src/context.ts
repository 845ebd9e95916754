/** Builds the context for the service and the CLI: settings, database, files, jobs, contracts. */
import { join, resolve } from 'node:path'
import type { Sql } from 'postgres'
import {
  type AppContext,
  bindDataFolder,
  checkDataFolder,
  dataFolderOf,
  pinContracts,
  type Readiness,
  readMirror,
  refuseMissingDatabase,
} from './catalogue/index.ts'
import {
  type Contracts,
  checks,
  checkUseFaults,
  type LoadedContract,
  loadContracts,
} from './contract/index.ts'
import type { Database } from './db/database.ts'
import { makeFolder } from './db/embedded/location.ts'
import { openJobs } from './db/jobs/open-jobs.ts'
import { openDatabase } from './db/open-database.ts'
import { derivationFaults, derivations } from './derivations/index.ts'
import { disclosureRules } from './disclosure/index.ts'
import type { Files } from './files/files.ts'
import { openFiles } from './files/open-files.ts'
import { probeStorage } from './files/probe-storage.ts'
import { formats } from './formats/index.ts'
import { refuseUnfinishedRestore } from './operations/index.ts'
import type { Config } from './platform/config.ts'
import { buildEventLog, type EventLog, type LogSink } from './platform/log/events.ts'
import { packageFile } from './platform/package-root.ts'
import { storageAdvice } from './platform/storage-fault.ts'

export interface OpenContext extends AppContext {
  readonly readiness: Readiness
  /**
   * On a mirror: reloads the contracts if an export has brought new ones, and returns whether it has.
   * Elsewhere the contracts never change.
   */
  readonly reloadContracts: () => Promise<boolean>
  /** Closes everything: running jobs get the configured seconds to finish, then the database is closed. */
  readonly close: () => Promise<void>
}

/** The contracts that ship with the code. */
export const shippedDatasets = packageFile('datasets')

/** Loads all contracts: those shipped or of `QINGDAN_DATASETS`, and those of the data folder. */
export function loadAllContracts(config: Config): Promise<Contracts> {
  const shipped = config.QINGDAN_DATASETS === '' ? shippedDatasets : resolve(config.QINGDAN_DATASETS)
  return loadContractFolders([shipped, join(resolve(config.QINGDAN_DATA), 'contracts')])
}

/** Loads the contracts of folders and checks that this software supports them. Throws ContractError. */
export function loadContractFolders(folders: readonly string[]): Promise<Contracts> {
  return loadContracts({
    folders,
    known: {
      checks: Object.fromEntries(checks.map((check) => [check.name, check.parameters])),
      checkUse: checkUseFaults,
      formats: Object.fromEntries([...formats.keys()].map((name) => [name, noParameters])),
      disclosure: Object.fromEntries([...disclosureRules].map(([name, rule]) => [name, rule.parameters])),
      derivations: Object.fromEntries([...derivations].map(([name, one]) => [name, one.parameters])),
      derivationUse: derivationFaults,
    },
  })
}

/** The schema for no parameters: one object, so that it is compiled once. */
const noParameters = {}

/**
 * Opens the context for the settings of an environment. Throws ConfigError, ContractError, or the database's
 * error; whatever was opened before is closed again. Throws where a restore has not ended, unless `isRestoring`.
 */
export async function openContext(
  config: Config,
  log: LogSink,
  { isRestoring = false }: { readonly isRestoring?: boolean } = {},
): Promise<OpenContext> {
  if (!isRestoring) await refuseUnfinishedRestore(config)
  const eventLog = buildEventLog(log)
  for (const { name, replacement } of config.deprecatedSettings) {
    eventLog.observe('setting-deprecated', { setting: name, replacement })
  }
  // Contracts first, so that a faulty one is reported before a database is started.
  const contracts = await loadAllContracts(config)
  await refuseMissingDatabase(config)
  await refuseFullDisk(config)
  const check = (session: Sql) => checkDataFolder(session, dataFolderOf(config))
  const database = await openDatabase({ config, observe: eventLog.observe, migrate: true, check })
  try {
    return await buildContext({ config, contracts, database, clock: () => new Date(), ...eventLog })
  } catch (error) {
    await database.close()
    throw error
  }
}

/**
 * Refuses to start an embedded database on a disk that takes no more bytes: it would try for half a minute, or
 * stop in the middle of its recovery. With a server of its own the service can still be read.
 */
async function refuseFullDisk(config: Config): Promise<void> {
  if (config.DATABASE_URL !== undefined) return
  const { files } = dataFolderOf(config)
  // A folder that can't be created is reported by the probe.
  await makeFolder(resolve(config.QINGDAN_DATA)).catch(() => undefined)
  const fault = await probeStorage(files)
  if (fault === undefined) return
  const why = fault === 'full' ? 'the disk is full' : 'it is read-only'
  throw new Error(`Nothing can be written to ${files}: ${why}. ${storageAdvice(fault)}`)
}

/** Parts of a context: the settings, what is already loaded and opened, a clock and an event log. */
type ContextParts = Pick<AppContext, 'config' | 'contracts' | 'database' | 'clock'> & EventLog

/** Builds the context on an open, migrated database. If it throws, the caller must close the database. */
export async function buildContext(parts: ContextParts): Promise<OpenContext> {
  const { config, database, clock, observe } = parts
  const dataFolder = dataFolderOf(config)
  await bindDataFolder(database, dataFolder)
  const files = await openFiles({ folder: dataFolder.files })
  // A mirror has only its origin's contracts, pinned as they were there.
  let mirrored = await loadMirrored(database, files)
  if (mirrored === undefined) warnOfKeywords(observe, await pinContracts(database, parts.contracts, clock()))
  const jobs = await openJobs({ database, observe })
  const close = async () => {
    await jobs.stop({ seconds: config.QINGDAN_SHUTDOWN_SECONDS })
    await database.close()
  }
  const reloadContracts = async () => {
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
    reloadContracts,
    // A getter, because new contracts are a new object and derived data is cached by that object.
    get contracts() {
      return mirrored?.contracts ?? parts.contracts
    },
  }
}

/** A contract in use never changes, so its former keywords are reported once, when it is first loaded. */
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

/** The current contracts of a mirror; undefined if this is no mirror, or nothing has changed. */
async function loadMirrored(
  database: Database,
  files: Files,
  known?: string,
): Promise<{ readonly name: string; readonly contracts: Contracts } | undefined> {
  const name = (await readMirror(database.work))?.contracts
  if (name === undefined || name === known) return undefined
  return { name, contracts: await loadContractFolders([await files.localPath(name)]) }
}
