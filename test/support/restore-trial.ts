/** Restores a set of a test's backup, and names the reason of a refusal. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { PrivateKeyFile, PublicKeyFile } from '../../src/bundle/index.ts'
import { buildContext, loadAllContracts, type OpenContext } from '../../src/context.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import {
  applyErasures,
  BackupFault,
  finishRestore,
  refuseUnfinishedRestore,
  restoreSet,
} from '../../src/operations/index.ts'
import { buildEventLog } from '../../src/platform/log/events.ts'
import { databaseOptions, emptyDatabase } from './database.ts'

/** The settings that name a database and the logins of its roles. */
function loginsOf(url: string) {
  const { DATABASE_URL = url, QINGDAN_WORK_URL, QINGDAN_SERVE_URL } = databaseOptions(url).config
  return { DATABASE_URL, QINGDAN_WORK_URL, QINGDAN_SERVE_URL }
}

interface Trial {
  readonly from: string
  readonly key: PrivateKeyFile
  readonly trusted: PublicKeyFile
  /** Where the data folder is made. */
  readonly folder: string
  readonly isInterrupted?: boolean
  readonly set?: string
}

/** Restores to a new data folder and database, and opens the service there, with the clock of the source. */
export async function restoreTrial(
  t: Pick<Test, 'rejects' | 'teardown'>,
  source: OpenContext,
  { from, key, trusted, folder, isInterrupted = false, set: name }: Trial,
): Promise<OpenContext> {
  const url = await emptyDatabase(t)
  const data = join(folder, `restored-${randomUUID()}`)
  const config = { ...source.config, ...loginsOf(url), QINGDAN_DATA: data }
  const { observe, metrics } = buildEventLog({ debug() {}, info() {}, warn() {}, error() {} } as never)
  const checkContracts = () => loadAllContracts(config)
  const target = { config, observe, now: source.clock() }
  const order = { folder: from, key, trusted, set: name }
  if (isInterrupted) {
    const interrupt = () => Promise.reject(new Error('interrupted'))
    await t.rejects(restoreSet(target, { ...order, checkContracts: interrupt }), /interrupted/)
  }
  const { set } = await restoreSet(target, { ...order, checkContracts })
  await t.rejects(refuseUnfinishedRestore(config), /has not ended/, 'no start before the end')
  const open = async () =>
    buildContext({
      config,
      contracts: await checkContracts(),
      database: await openDatabase({ config, observe }),
      clock: source.clock,
      observe,
      metrics,
    } as never)
  const finishing = await open()
  try {
    await finishRestore(finishing, { folder: from, set, actor: 'cli:test', applyErasures })
  } finally {
    await finishing.close()
  }
  await refuseUnfinishedRestore(config)
  // As a service does after the command, which gave the folder another owner.
  const restored = await open()
  t.teardown(() => restored.close())
  return restored
}

/** The reason of a refusal. */
export async function reasonOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return error instanceof BackupFault ? error.reason : `unexpected: ${error}`
}
