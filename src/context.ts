/** Builds the context for the service and the CLI: settings, database, files, jobs, contracts. */
import { readdir, stat } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import type { Sql } from 'postgres'
import {
  type AppContext,
  bindDataFolder,
  checkDataFolder,
  dataFolderOf,
  pinContracts,
  type Readiness,
  readMirror,
  readPinnedContracts,
  refuseBrokenFolders,
  refuseMissingDatabase,
} from './catalogue/index.ts'
import {
  type ContractInUse,
  type Contracts,
  checks,
  checkUseFaults,
  type KnownNames,
  type LoadedContract,
  type LoadOptions,
  loadContracts,
} from './contract/index.ts'
import type { Database } from './db/database.ts'
import { makeFolder } from './db/embedded/location.ts'
import type { Jobs } from './db/jobs/jobs.ts'
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
import { StorageError, storageFaultWords } from './platform/storage-fault.ts'

export interface OpenContext extends AppContext {
  readonly readiness: Readiness
  /**
   * Reloads the contracts if there are others: on a mirror those that an export has brought, elsewhere those of the
   * data folder. Returns whether it has.
   */
  readonly reloadContracts: () => Promise<boolean>
  /** Closes everything: running jobs get the configured seconds to finish, then the database is closed. */
  readonly close: () => Promise<void>
}

/** The contracts that ship with the code. */
export const shippedDatasets = packageFile('datasets')

/** The folder of the contracts that ship, or of `QINGDAN_DATASETS`. */
export function shippedFolder(config: Config): string {
  return config.QINGDAN_DATASETS === '' ? shippedDatasets : resolve(config.QINGDAN_DATASETS)
}

/** The folder of the contracts that an operator adds. */
export function ownContracts(config: Config): string {
  return join(resolve(config.QINGDAN_DATA), 'contracts')
}

/**
 * Loads all contracts: those shipped or of `QINGDAN_DATASETS`, and those of the data folder. Faulty files of the data
 * folder are set aside; `inUse` replaces those that were used already.
 */
export function loadAllContracts(config: Config, inUse: readonly ContractInUse[] = []): Promise<Contracts> {
  const own = ownContracts(config)
  return loadContractFolders([shippedFolder(config), own], { setAsideIn: [own], inUse })
}

/** Loads the contracts of folders and checks that this software supports them. Throws ContractError. */
export function loadContractFolders(
  folders: readonly string[],
  options: Omit<LoadOptions, 'folders' | 'known'> = {},
): Promise<Contracts> {
  return loadContracts({ folders, known: knownNames, ...options })
}

/** The schema for no parameters: one object, so that it is compiled once. */
const noParameters = {}

const knownNames: KnownNames = {
  checks: Object.fromEntries(checks.map((check) => [check.name, check.parameters])),
  checkUse: checkUseFaults,
  formats: Object.fromEntries([...formats.keys()].map((name) => [name, noParameters])),
  disclosure: Object.fromEntries([...disclosureRules].map(([name, rule]) => [name, rule.parameters])),
  disclosureUse: (contract) =>
    contract.disclosure === undefined
      ? []
      : (disclosureRules.get(contract.disclosure.rule)?.complaints?.(contract, contract.disclosure) ?? []),
  derivations: Object.fromEntries([...derivations].map(([name, one]) => [name, one.parameters])),
  derivationUse: derivationFaults,
}

/**
 * Opens the context for the settings of an environment. Throws ConfigError, ContractError, or the database's
 * error; whatever was opened before is closed again. Throws where a restore has not ended, unless `isRestoring`.
 */
export async function openContext(
  config: Config,
  log: LogSink,
  { isRestoring = false }: { readonly isRestoring?: boolean } = {},
): Promise<OpenContext> {
  await refuseBrokenFolders(config)
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
    const followed = await followOwnContracts(config, database, contracts)
    return await buildContext({ config, ...followed, database, clock: () => new Date(), ...eventLog })
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
  throw new StorageError(fault, `Nothing can be written to ${files}: ${storageFaultWords[fault]}.`)
}

/** Parts of a context: the settings, what is already loaded and opened, a clock and an event log. */
interface ContextParts extends Pick<AppContext, 'config' | 'contracts' | 'database' | 'clock'>, EventLog {
  /** The contracts if files have changed since the last call. Without it the contracts never change. */
  readonly renewContracts?: () => Promise<Contracts | undefined>
}

/** Builds the context on an open, migrated database. If it throws, the caller must close the database. */
export async function buildContext(parts: ContextParts): Promise<OpenContext> {
  const { config, database, clock, observe } = parts
  const dataFolder = dataFolderOf(config)
  await bindDataFolder(database, dataFolder)
  const files = await openFiles({ folder: dataFolder.files })
  // A mirror has only its origin's contracts, pinned as they were there.
  let mirrored = await loadMirrored(database, files)
  let own = parts.contracts
  const use = async (contracts: Contracts) => {
    warnOfKeywords(observe, await pinContracts(database, contracts, clock()))
    warnOfSetAside(observe, contracts)
    own = contracts
  }
  if (mirrored === undefined) await use(own)
  const reload = async () => {
    const renewed = await loadMirrored(database, files, mirrored?.name)
    if (renewed !== undefined) {
      mirrored = renewed
      return true
    }
    const contracts = mirrored === undefined ? await parts.renewContracts?.() : undefined
    if (contracts !== undefined) await use(contracts)
    return contracts !== undefined
  }
  // One reload at a time: the second finds nothing new.
  let reloading: Promise<boolean> = Promise.resolve(false)
  const reloadContracts = () => {
    reloading = reloading.catch(() => false).then(reload)
    return reloading
  }
  const jobs = withCurrentContracts(await openJobs({ database, observe }), reloadContracts)
  const close = async () => {
    await jobs.stop({ seconds: config.QINGDAN_SHUTDOWN_SECONDS })
    await database.close()
  }
  const readiness = { ready: false }
  const { renewContracts: _, ...shared } = parts
  return {
    ...shared,
    files,
    jobs,
    readiness,
    close,
    reloadContracts,
    // A getter, because new contracts are a new object and derived data is cached by that object.
    get contracts() {
      return mirrored?.contracts ?? own
    },
  }
}

/** Another process may send a job for a contract that this one has not loaded yet. */
function withCurrentContracts(jobs: Jobs, reloadContracts: () => Promise<boolean>): Jobs {
  return {
    ...jobs,
    work: (name, handler) =>
      jobs.work(name, async (data, signal) => {
        // A failure is reported by followContracts; the job goes on with the contracts that are loaded.
        await reloadContracts().catch(() => false)
        await handler(data, signal)
      }),
  }
}

/**
 * Contracts as loaded, with those in use in place of files that were set aside or changed, and a function that loads
 * them again if a file of the data folder has changed.
 */
async function followOwnContracts(
  config: Config,
  database: Database,
  loaded: Contracts,
): Promise<Required<Pick<ContextParts, 'contracts' | 'renewContracts'>>> {
  const folder = ownContracts(config)
  const load = async () => loadAllContracts(config, await readPinnedContracts(database))
  let fingerprint = await fingerprintOf(folder)
  const isEmpty = fingerprint === ''
  return {
    contracts: isEmpty ? loaded : await load(),
    renewContracts: async () => {
      const current = await fingerprintOf(folder)
      if (current === fingerprint) return undefined
      const contracts = await load()
      fingerprint = current
      return contracts
    },
  }
}

/** The names, sizes and times of the contracts and code lists in a folder; empty if there are none. */
async function fingerprintOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const paths = entries.flatMap((entry) => {
    return /\.(json|csv)$/.test(entry.name) ? [join(entry.parentPath, entry.name)] : []
  })
  const states = await Promise.all(
    paths.sort().map(async (path) => {
      const found = await stat(path).catch(() => undefined)
      return `${path} ${found?.size} ${found?.mtimeMs}`
    }),
  )
  return states.join('\n')
}

function warnOfSetAside(observe: EventLog['observe'], { setAside }: Contracts): void {
  for (const { file, path, message } of setAside)
    observe('contract-set-aside', { file, path, reason: message })
}

/**
 * A contract in use never changes, so its former keywords are reported once, when it is first loaded; those of the
 * contracts shipped with the software concern nobody here.
 */
function warnOfKeywords(observe: EventLog['observe'], added: readonly LoadedContract[]): void {
  for (const { contract, formerKeywords, file } of added) {
    if (formerKeywords.length === 0 || file.startsWith(join(shippedDatasets, sep))) continue
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
  return { name, contracts: await loadContractFolders([await files.localPath(name)], { isMirror: true }) }
}
