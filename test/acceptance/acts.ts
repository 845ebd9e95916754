/**
 * The acts of a journey beside delivery and publication. Each may be repeated after a crash, as an officer would
 * repeat a command that was not answered, and fails if its own result is wrong.
 */
import { access, copyFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadServiceKey } from '../../src/accounts/index.ts'
import { buildApp } from '../../src/app.ts'
import { openPrivateKey, readPublicKey } from '../../src/bundle/index.ts'
import { readMirror } from '../../src/catalogue/index.ts'
import { loadAllContracts, loadContractFolders, type OpenContext, openContext } from '../../src/context.ts'
import {
  dropBundle,
  findReceipt,
  openInbox,
  receive,
  releaseBundle,
  takeBundle,
} from '../../src/ingest/index.ts'
import {
  applyErasures,
  checkSets,
  chooseSet,
  eraseVersionAct,
  finishRestore,
  refuseUnfinishedRestore,
  restoreSet,
  writeBackup,
} from '../../src/operations/index.ts'
import { type Config, loadConfig } from '../../src/platform/config.ts'
import { digestOfFile } from '../../src/platform/digest.ts'
import { buildEventLog, type LogSink } from '../../src/platform/log/events.ts'
import { takeExport, trustKey, writeExport } from '../../src/transfer/index.ts'
import { officeKey } from '../support/openpgp.ts'
import { liveVersions, pullFrom } from '../support/pull-source.ts'
import { differencesInFolder } from '../support/pulled-copy.ts'
import { trialDataset } from './trial.ts'

export const actor = 'cli:campaign'

const reason = 'A trial.'

/** What acts share: the edition, the stick for what is carried, and where a point is reported. */
export interface Scene {
  readonly edition: string
  readonly stick: string
  readonly config: Config
  /** The settings, for a second service. */
  readonly settings: Readonly<Record<string, string | undefined>>
  readonly log: LogSink
  /** Reports a point of the act that runs. */
  readonly reach: (point: string) => void
}

/** Puts a bundle into the inbox, whole or not at all, and takes what is there. */
export async function takeFromInbox(
  context: OpenContext,
  { stick, reach }: Scene,
  bundle: string,
): Promise<void> {
  const inbox = join(stick, 'inbox')
  await mkdir(inbox, { recursive: true })
  const name = bundle.slice(stick.length + 1)
  const present = (await readdir(inbox, { recursive: true })).some(
    (path) => path.endsWith(`/${name}`) || path === name,
  )
  if (!present) {
    await copyFile(bundle, join(inbox, `${name}.part`))
    await rename(join(inbox, `${name}.part`), join(inbox, name))
  }
  reach('placed')
  let seconds = 0
  const { round } = openInbox(context, { folder: inbox, monotonic: () => seconds * 1_000 })
  const taken = []
  for (const second of [0, 60]) {
    seconds = second
    const { taken: now, failed } = await round()
    if (failed.length > 0) throw new Error(`the inbox failed with ${failed.join(', ')}`)
    taken.push(...now)
  }
  reach('taken')
  const receipt = await findReceipt(context.database.work, await digestOfFile(bundle))
  if (receipt?.state !== 'staged') throw new Error(`the bundle of the inbox is ${receipt?.state}`)
  const again = taken.filter((one) => one.name === name && one.folder.endsWith('-2'))
  if (again.length > 0) throw new Error('the inbox took a bundle twice')
}

/** Delivers two bundles with an error: an officer releases the first and drops the second. */
export async function decideQuarantined(
  context: OpenContext,
  { reach }: Scene,
  [toRelease, toDrop]: readonly [string, string],
): Promise<void> {
  const { work } = context.database
  for (const [path, wanted] of [
    [toRelease, 'staged'],
    [toDrop, 'dropped'],
  ] as const) {
    const known = await findReceipt(work, await digestOfFile(path))
    const { id } = known ?? (await receive(context, { path, broughtBy: actor }))
    const stateNow = async () => (await findReceipt(work, id))?.state
    if (known?.state !== 'released') await takeBundle(context, id)
    reach('taken')
    const act = { id, actor, reason }
    if (wanted === 'dropped') await dropBundle(context, act)
    else if ((await stateNow()) === 'quarantined') await releaseBundle(context, act)
    reach('decided')
    if (wanted === 'staged') await takeBundle(context, id)
    reach('done')
    if ((await stateNow()) !== wanted)
      throw new Error(`the quarantined bundle is ${await stateNow()}, not ${wanted}`)
  }
}

/** Carries what is new to a second service: writes an export to the stick, and imports it. */
export async function carry(
  from: OpenContext,
  { edition, stick, settings, log }: Scene,
  data: string,
): Promise<void> {
  const mirror = await openContext(loadConfig({ ...settings, QINGDAN_DATA: data }), log)
  try {
    const { publicKey } = await loadServiceKey(from)
    await trustKey(mirror, { armored: publicKey, actor })
    const path = join(stick, `export-${edition}.zip`)
    const since = (await readMirror(mirror.database.work))?.cursor ?? null
    const options = { since, restricted: false }
    if (!(await exists(path))) await writeExport(from, { request: options, out: () => path, actor })
    const loadContracts = (folder: string) => loadContractFolders([folder], { isMirror: true })
    await takeExport(mirror, { path, actor, loadContracts })
  } finally {
    await mirror.close()
  }
}

/** Pulls from this service into a folder, and compares every file of the copy with what is served. */
export async function pullCopy(context: OpenContext, { reach }: Scene, into: string): Promise<void> {
  const app = await buildApp(context)
  try {
    const base = await app.listen({ host: '127.0.0.1', port: 0 })
    await pullFrom(base, { into, onPoint: reach })
    const differences = await differencesInFolder(into, await liveVersions(base))
    if (differences.length > 0) throw new Error(`the copy differs: ${differences.join('; ')}`)
  } finally {
    await app.close()
  }
}

/** Writes a backup set, and checks all sets of the folder. */
export async function backUp(context: OpenContext, { stick }: Scene, folder: string): Promise<void> {
  const { publicKey } = await recipientOf(stick)
  const { damaged } = await writeBackup(context, { folder, recipient: await readPublicKey(publicKey), actor })
  const sets = await checkSets({ folder }, new Date())
  const faults = [...damaged, ...sets.flatMap((set) => set.faults)]
  if (faults.length > 0) throw new Error(`the backup is damaged: ${faults.join('; ')}`)
}

/** Restores the newest set into another data folder, unless a killed run has completed that. */
export async function restoreTo(
  data: string,
  { stick, settings, log }: Scene,
  folder: string,
): Promise<void> {
  const config = loadConfig({ ...settings, QINGDAN_DATA: data })
  const isUnfinished = await refuseUnfinishedRestore(config).then(
    () => false,
    () => true,
  )
  if ((await exists(join(data, 'files'))) && !isUnfinished) return
  const key = await openPrivateKey((await recipientOf(stick)).privateKey)
  const { observe } = buildEventLog(log)
  const checkContracts = () => loadAllContracts(config)
  const now = new Date()
  await chooseSet({ folder, key }, now)
  const { set } = await restoreSet({ config, observe, now }, { folder, key, checkContracts })
  const restored = await openContext(config, log, { isRestoring: true })
  try {
    await finishRestore(restored, { folder, set, actor, applyErasures })
  } finally {
    await restored.close()
  }
}

/** Erases the edition's only version. */
export async function erase(context: OpenContext, { edition }: Scene): Promise<void> {
  await eraseVersionAct(context, { dataset: trialDataset, edition, version: 1 }, { actor, reason })
}

/** The key pair of whoever may restore, made once. */
async function recipientOf(
  stick: string,
): Promise<{ readonly publicKey: string; readonly privateKey: string }> {
  const path = join(stick, 'recipient.json')
  if (!(await exists(path))) {
    const { publicKey, privateKey } = await officeKey(new Date('2026-01-01T00:00:00Z'))
    await writeFile(`${path}.part`, JSON.stringify({ publicKey, privateKey }))
    await rename(`${path}.part`, path)
  }
  return JSON.parse(await readFile(path, 'utf8'))
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
