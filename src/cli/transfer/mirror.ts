/** `qingdan mirror`: imports exports of another service as an exact copy, without a network between them. */
import { readFile, stat } from 'node:fs/promises'
import { BundleRefusal, KeyFault, keyFileBytesMax } from '../../bundle/index.ts'
import { readMirror } from '../../catalogue/index.ts'
import { loadContractFolders, type OpenContext } from '../../context.ts'
import { distrustKey, listTrusted, takeExport, trustKey } from '../../transfer/index.ts'
import { actor, type Common, exitCodes, requirePaths, UsageError } from '../command.ts'
import { progressLine } from '../display/progress.ts'
import { counted, print, table } from '../output.ts'
import { withContext } from '../with-context.ts'

export interface MirrorOptions extends Common {
  readonly key?: string
}

export async function take(paths: readonly string[], options: MirrorOptions): Promise<number> {
  await requirePaths(paths)
  return withContext(async (context) => {
    if (options.key !== undefined) await trustFile(context, options.key)
    if (paths.length === 0) return options.key === undefined ? status(context, options) : exitCodes.ok
    for (const path of paths) {
      if (!(await takeOne(context, path, options))) return exitCodes.refused
    }
    return exitCodes.ok
  })
}

/** Imports one export and reports the result. Returns false if refused: later ones would leave a gap. */
async function takeOne(context: OpenContext, path: string, options: Common): Promise<boolean> {
  const order = {
    path,
    actor: actor(),
    loadContracts: (folder: string) => loadContractFolders([folder], { isMirror: true }),
    progress: progressLine(path),
  }
  try {
    const report = await takeExport(context, order)
    print.result(options, { path, ...report }, () => {
      const { changes, versions, records, signedBy, cursor } = report
      print.line(report.state === 'taken' ? `imported  ${path}` : `already imported  ${path}`)
      print.line(
        `  ${counted(changes, 'change')}, ${counted(versions, 'version')}, ${counted(records, 'record')}, signed by ${signedBy}`,
      )
      print.line(`  next export: qingdan export --since ${cursor}`)
    })
    return true
  } catch (error) {
    if (!(error instanceof BundleRefusal)) throw error
    const { findings } = error
    print.result(options, { path, state: 'refused', findings }, () => print.findings(path, findings))
    return false
  }
}

async function status(context: OpenContext, options: Common): Promise<number> {
  const mirror = await readMirror(context.database.work)
  print.result(options, mirror ?? null, () => {
    if (mirror === undefined)
      print.line(
        'This service is not a mirror. An empty one becomes a mirror with qingdan mirror --key <key.asc> <export>.',
      )
    else {
      print.line(`mirror of ${mirror.origin}, at position ${mirror.position}`)
      print.line(
        `  next export: qingdan export ${mirror.cursor === null ? '--all' : `--since ${mirror.cursor}`}`,
      )
    }
  })
  return exitCodes.ok
}

export async function trust(file: string, options: Common): Promise<number> {
  return withContext(async (context) => {
    const { fingerprint, isNew } = await trustFile(context, file)
    print.result(options, { fingerprint, isNew }, () =>
      print.line(`${isNew ? 'trusted' : 'already trusted'}  ${fingerprint}`),
    )
    return exitCodes.ok
  })
}

/** Trusts the key in a file. Throws UsageError if the file has none. */
async function trustFile(context: OpenContext, file: string) {
  await requirePaths([file])
  if ((await stat(file)).size > keyFileBytesMax) throw new UsageError(`${file} is too long for a key.`)
  try {
    return await trustKey(context, { armored: await readFile(file, 'utf8'), actor: actor() })
  } catch (error) {
    throw error instanceof KeyFault ? new UsageError(`${file}: ${error.message}`) : error
  }
}

export async function distrust(fingerprint: string, options: Common): Promise<number> {
  return withContext(async (context) => {
    const plain = fingerprint.replaceAll(' ', '').toUpperCase()
    const isDone = await distrustKey(context, { fingerprint: plain, actor: actor() })
    if (isDone) print.result(options, { fingerprint: plain }, () => print.line(`no longer trusted  ${plain}`))
    else print.refusal(`The key ${plain} is not trusted; qingdan mirror keys shows those that are.`)
    return isDone ? exitCodes.ok : exitCodes.problem
  })
}

export async function keys(options: Common): Promise<void> {
  await withContext(async (context) => {
    const trusted = await listTrusted(context)
    print.result(options, trusted, () => table(trusted, ['fingerprint', 'trustedAt', 'trustedBy']))
  })
}
