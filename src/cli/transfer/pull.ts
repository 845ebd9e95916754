/**
 * `qingdan pull`: copies what another service publishes to a folder or to Postgres, and keeps the copy
 * current. It is a pure client: it opens no context and reads no setting but its key.
 */
import { readFile, stat } from 'node:fs/promises'
import { pino } from 'pino'
import { buildEventLog, type Observe } from '../../platform/log/events.ts'
import {
  openFolderSink,
  openPostgresSink,
  PullRefusal,
  type PullReport,
  pull,
  pullRefusals,
  type Sink,
  schemaUsual,
} from '../../pull/index.ts'
import { readPublicKeyFile } from '../bundles/key-files.ts'
import { type Common, exitCodes, requirePaths, UsageError } from '../command.ts'
import { atInterrupt } from '../on-interrupt.ts'
import { counted, print } from '../output.ts'
import { languageInUse, localised } from '../phrases.ts'
import { pauseLine, pullLine } from './pull-progress.ts'

export interface PullOptions extends Common {
  readonly into: string
  readonly schema?: string
  readonly dataset?: readonly string[]
  readonly format?: readonly string[]
  readonly history?: boolean
  readonly trust?: string
  readonly keyFile?: string
  readonly follow?: boolean
  readonly retries: string
  readonly scratch?: string
}

/** Largest accepted number of attempts; `--follow` serves anyone who needs more. */
const retriesMax = 100

/** A key has some fifty characters; a longer file holds no key. */
const keyBytesMax = 1_024

export async function run(url: string, options: PullOptions): Promise<number> {
  const source = sourceOf(url)
  checkOptions(options)
  const retries = retriesOf(options.retries)
  const key = await keyOf(options)
  const trust = options.trust === undefined ? undefined : [await trustedKey(options.trust)]
  const stop = new AbortController()
  const observe = observeOn()
  let sink: Sink | undefined
  const work = async () => {
    sink = await openSink(options, observe)
    return pull({
      ...{ source, sink, key, trust, observe, retriesMax: retries },
      datasets: options.dataset,
      formats: options.format,
      history: options.history === true,
      follow: options.follow === true,
      signal: stop.signal,
      progress: pullLine(),
      onPause: pauseLine,
    }).finally(() => sink?.close())
  }
  const working = work()
  // Applied versions stay; a version in progress is abandoned, and the lock is released.
  const unregister = atInterrupt(async () => {
    stop.abort()
    await working.catch(() => undefined)
  })
  try {
    const report = await working
    print.result(options, report, () => printReport(report, sink))
    return exitCodes.ok
  } catch (error) {
    if (stop.signal.aborted) {
      print.refusal(
        `Interrupted. Applied: ${counted(sink?.state?.changes ?? 0, 'change')}; run the command again to continue.`,
      )
      return exitCodes.problem
    }
    if (!(error instanceof PullRefusal)) throw error
    return refuse(options, error)
  } finally {
    unregister()
  }
}

function refuse(options: Common, { code, message }: PullRefusal): number {
  const { kind, title, hint } = pullRefusals[code]
  if (options.json === true) print.line(JSON.stringify({ refused: code, detail: message }))
  const colon = languageInUse() === 'zh' ? '：' : ': '
  print.refusal(`${localised(title)}${colon}${localised(message)} (${code})`)
  print.refusal(`  ${hint}`)
  return { data: exitCodes.refused, state: exitCodes.problem, usage: exitCodes.usage }[kind]
}

function printReport(report: PullReport, sink: Sink | undefined): void {
  const { changes, versionsTaken, versionsDropped, records, bytes, signedBy, unknownTypes } = report
  print.line(changes === 0 && versionsTaken === 0 ? `up to date  ${sink?.name}` : `pulled  ${sink?.name}`)
  print.line(
    `  ${counted(changes, 'change')}, ${counted(versionsTaken, 'version')} taken, ${versionsDropped} dropped, ${counted(records, 'record')}, ${counted(bytes, 'byte')}`,
  )
  if (unknownTypes.length > 0) {
    print.line(`  changes of unknown types, only recorded in the change list: ${unknownTypes.join(', ')}`)
  }
  if (signedBy === null) print.line('  digests verified; signatures not verified (see --trust <key.asc>)')
  else if (signedBy.length > 0) print.line(`  signed by ${signedBy.join(', ')}`)
}

/** The address without a trailing slash. Throws UsageError if it is not an address. */
function sourceOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`${text} is not an http:// or https:// address.`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('A key goes into QINGDAN_PULL_KEY or --key-file, not into the address.')
  }
  if (url.search !== '' || url.hash !== '') {
    throw new UsageError('Give the address of the service without a query or fragment.')
  }
  return url.href.replace(/\/+$/, '')
}

const isPostgres = (target: string) => /^postgres(ql)?:\/\//.test(target)

function checkOptions({ into, schema, format, scratch, dataset = [] }: PullOptions): void {
  if (isPostgres(into)) {
    if (!URL.canParse(into)) throw new UsageError('--into is not a valid database address.')
    if (format !== undefined)
      throw new UsageError('--format is for folders; Postgres is loaded from plain CSV.')
    const isUsable = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(schema ?? schemaUsual)
    if (!isUsable || /^pg_/i.test(schema ?? '')) {
      throw new UsageError(
        '--schema may have at most 63 letters, digits and underscores, and may not begin with pg_.',
      )
    }
  } else {
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(into)) {
      throw new UsageError('--into must be a folder or an address that begins with postgres://.')
    }
    if (schema !== undefined) throw new UsageError('--schema is for Postgres.')
    if (scratch !== undefined) throw new UsageError('--scratch is for Postgres; a folder needs none.')
  }
  for (const slug of dataset) {
    if (!/^[a-z][a-z0-9-]{0,62}$/.test(slug)) throw new UsageError(`${slug} is not a valid dataset slug.`)
  }
}

function retriesOf(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) > retriesMax) {
    throw new UsageError(`--retries must be a number from 0 to ${retriesMax}.`)
  }
  return Number(text)
}

/**
 * The key, from a source other users can't read. Throws UsageError if there are two, or the file has none.
 */
async function keyOf({ keyFile }: PullOptions): Promise<string | undefined> {
  const fromEnvironment = process.env['QINGDAN_PULL_KEY']
  if (keyFile === undefined)
    return fromEnvironment === undefined || fromEnvironment === ''
      ? undefined
      : checkKey(fromEnvironment, 'QINGDAN_PULL_KEY')
  if (fromEnvironment !== undefined && fromEnvironment !== '')
    throw new UsageError('Give QINGDAN_PULL_KEY or --key-file, not both.')
  await requirePaths([keyFile])
  if ((await stat(keyFile)).size > keyBytesMax) throw new UsageError(`${keyFile} is too long for a key.`)
  return checkKey(await readFile(keyFile, 'utf8'), keyFile)
}

function checkKey(text: string, where: string): string {
  const key = text.trim()
  if (!/^[\x21-\x7e]+$/.test(key)) throw new UsageError(`${where} contains no key.`)
  return key
}

async function trustedKey(file: string) {
  await requirePaths([file])
  return readPublicKeyFile(file)
}

async function openSink(
  { into, schema = schemaUsual, scratch }: PullOptions,
  observe: Observe,
): Promise<Sink> {
  const onPoint = (point: string) => observe('checkpoint-reached', { step: 'pull', point })
  return isPostgres(into)
    ? openPostgresSink({ url: into, schema, scratch, onPoint })
    : openFolderSink(into, onPoint)
}

/** Log lines on standard error, only from `error` up, as with every command. */
function observeOn(): Observe {
  const level = process.env['QINGDAN_LOG_LEVEL'] ?? 'error'
  const levels = [...Object.keys(pino.levels.values), 'silent']
  if (!levels.includes(level)) throw new UsageError(`QINGDAN_LOG_LEVEL must be one of ${levels.join(', ')}.`)
  return buildEventLog(pino({ level, base: null }, pino.destination({ dest: 2, sync: true }))).observe
}
