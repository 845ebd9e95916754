/** `qingdan restore`: restores a set of a backup into an empty data folder and database. */
import { pino } from 'pino'
import { loadAllContracts } from '../../context.ts'
import {
  applyErasures,
  chooseSet,
  type FinishedRestore,
  findErasures,
  finishRestore,
  type RestoredSet,
  restoreSet,
} from '../../operations/index.ts'
import { buildEventLog } from '../../platform/log/events.ts'
import { openKeyFile, readPublicKeyFile } from '../bundles/key-files.ts'
import { actor, type Common, exitCodes } from '../command.ts'
import { progressLine } from '../display/progress.ts'
import { loadSettings } from '../load-settings.ts'
import { counted, print } from '../output.ts'
import { withContext } from '../with-context.ts'
import { explainFault, tornText } from './fault.ts'

export interface RestoreOptions extends Common {
  readonly key: string
  readonly passphraseFile?: string
  readonly set?: string
  readonly trust?: string
}

export async function restore(folder: string, options: RestoreOptions): Promise<number> {
  const config = loadSettings(process.env)
  const key = await openKeyFile(options.key, options)
  const trusted = options.trust === undefined ? undefined : await readPublicKeyFile(options.trust)
  return explainFault(async () => {
    const now = new Date()
    const order = { folder, key, trusted, set: options.set, progress: progressLine('restore') }
    // Before anything is written: erased data must not return.
    await findErasures(folder, await chooseSet(order, now))
    const level = process.env['QINGDAN_LOG_LEVEL'] ?? 'error'
    const { observe } = buildEventLog(pino({ level, base: null }, pino.destination({ dest: 2, sync: true })))
    const checkContracts = () => loadAllContracts(config)
    const restored = await restoreSet({ config, observe, now }, { ...order, checkContracts })
    const finished = await withContext(
      (context) => finishRestore(context, { folder, set: restored.set, actor: actor(), applyErasures }),
      { isRestoring: true },
    )
    const { set, ...counts } = restored
    const { at, software, recipient } = set.description
    const result = { set: set.name, at, software, recipient, signedBy: set.signer.fingerprint }
    const isTrusted = trusted !== undefined
    print.result(options, { ...result, isTrusted, ...counts, ...finished }, () =>
      printRestored(restored, finished, isTrusted),
    )
    return exitCodes.ok
  })
}

function printRestored(
  { set, tables, rows, files, bytes }: RestoredSet,
  { erasures, tornBytes, bundles, publications }: FinishedRestore,
  isTrusted: boolean,
): void {
  print.line(`restored  ${set.name}, the state of ${set.description.at}`)
  print.line(
    `  ${counted(tables, 'table')}, ${counted(rows, 'row')}, ${counted(files, 'file')}, ${counted(bytes, 'byte')}`,
  )
  print.line(`  signed by ${set.signer.fingerprint}`)
  if (!isTrusted)
    print.line('  Compare this fingerprint with that of your service; --trust <key.asc> does so by itself.')
  if (erasures.length > 0)
    print.line(`  erased again, as after the set: ${counted(erasures.length, 'erasure')}`)
  if (tornBytes > 0) print.line(`  ${tornText}`)
  if (bundles + publications > 0)
    print.line(
      `  ${counted(bundles, 'bundle')} and ${counted(publications, 'publication')}, unfinished, continue when the service starts`,
    )
  print.line('  Check it with qingdan verify, then start the service.')
}
