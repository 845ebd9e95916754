/**
 * Runs the service until a signal stops it. It listens before it loads the samples, so that /health
 * answers; /ready reports when content is served. A signal loses no job.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { buildApp, startJobs, startTasks } from '../app.ts'
import { sealPublished } from '../catalogue/index.ts'
import { type OpenContext, openContext } from '../context.ts'
import { withoutValues } from '../db/database-error.ts'
import type { App } from '../http/index.ts'
import { type Config, ConfigError } from '../platform/config.ts'
import { openLog } from '../platform/log/log.ts'
import { storageAdvice, storageFaultOf } from '../platform/storage-fault.ts'
import { openTerminalLog } from './display/terminal-log.ts'
import { isHangupIgnored } from './ignored-hangup.ts'
import { warnOfSetAside } from './load-contracts.ts'
import { loadSamples } from './load-samples.ts'
import { loadSettings } from './load-settings.ts'
import { localised, phrase } from './phrases.ts'

/** Exit codes of the service: invalid settings (2), or a failure (1). */
const badSettings = 2
const failed = 1

/** Serves until a signal and returns the exit code. Text for people on stderr, JSON on stdout. */
export async function serve(environment: NodeJS.ProcessEnv): Promise<number> {
  let config: Config
  try {
    config = loadSettings(environment)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    printMessage(error.message)
    return badSettings
  }
  const isForPeople = process.stdout.isTTY === true && environment['QINGDAN_LOG_LEVEL'] === undefined
  const log = isForPeople ? openTerminalLog() : openLog(config.QINGDAN_LOG_LEVEL)
  printMessage(`Qingdan 清单 is starting. Data folder: ${resolve(config.QINGDAN_DATA)}`)
  try {
    // The database takes seconds to start, so a port that is taken is reported before.
    await refusePortInUse(config)
    const context = await openContext(config, log)
    warnOfSetAside(context.contracts)
    try {
      return await run(context)
    } finally {
      await context.close()
      context.observe('service-stopped')
    }
  } catch (error) {
    const shown = withoutValues(error)
    if (!isForPeople) log.fatal({ err: shown }, 'The service failed.')
    printMessage(shown instanceof Error ? shown.message : String(shown))
    const fault = storageFaultOf(error)
    if (fault !== undefined) printMessage(storageAdvice(fault))
    return failed
  }
}

async function run(context: OpenContext): Promise<number> {
  const stopping = stopSignal()
  const app = await buildApp(context)
  let stopTasks = async () => {}
  try {
    await listen(app, context.config)
    await sealPublished(context)
    await loadSamples(context, printMessage, stopping.signal)
    await startJobs(context)
    stopTasks = startTasks(context)
    if (!stopping.signal.aborted) ready(app, context)
    await stopping.requested
    context.observe('service-stopping')
    printMessage('Stopping after the running requests and jobs.')
    return 0
  } finally {
    context.readiness.ready = false
    await app.close()
    await stopTasks()
  }
}

async function listen(app: App, config: Config): Promise<void> {
  const { QINGDAN_HOST: host, QINGDAN_PORT: port } = config
  try {
    await app.listen({ host, port })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EADDRINUSE') {
      throw portInUse(config, error)
    }
    throw error
  }
}

/** Listens for a moment. Throws an Error that names the port if another program uses it. */
async function refusePortInUse(config: Config): Promise<void> {
  const probe = createServer()
  const listening = once(probe, 'listening')
  probe.listen({ host: config.QINGDAN_HOST, port: config.QINGDAN_PORT })
  try {
    await listening
  } catch (error) {
    // Other faults are reported where the service itself listens.
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw portInUse(config, error)
    return
  }
  probe.close()
  await once(probe, 'close')
}

function portInUse({ QINGDAN_HOST: host, QINGDAN_PORT: port }: Config, cause: unknown): Error {
  return new Error(
    phrase`Port ${port} on ${host} is in use. Stop the program that uses it, or set QINGDAN_PORT.`,
    { cause },
  )
}

function ready(app: App, context: OpenContext): void {
  context.readiness.ready = true
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : context.config.QINGDAN_PORT
  const base = `http://${context.config.QINGDAN_HOST}:${port}`
  context.observe('service-started', { port })
  printMessage(
    [
      'Ready.',
      `  ${base}/               home page`,
      `  ${base}/v1/lists       annual lists with their states`,
      `  ${base}/v1/datasets    datasets`,
      `  ${base}/docs           API documentation`,
      `  ${base}/openapi.json   OpenAPI document`,
      'Stop with Ctrl+C.',
    ].join('\n'),
  )
}

/**
 * The first SIGTERM, SIGINT or SIGHUP requests a shutdown; a second one ends the process at once. A closed
 * terminal sends SIGHUP, and the database must not outlive the service; where whoever started it
 * ignores SIGHUP, so does the service.
 */
function stopSignal(): { readonly signal: AbortSignal; readonly requested: Promise<unknown> } {
  const controller = new AbortController()
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP']
  const stop = () => {
    for (const signal of signals) process.removeListener(signal, stop)
    controller.abort()
  }
  const ignore = () => undefined
  const ignoresHangup = isHangupIgnored()
  for (const signal of signals) process.on(signal, signal === 'SIGHUP' && ignoresHangup ? ignore : stop)
  return { signal: controller.signal, requested: once(controller.signal, 'abort') }
}

function printMessage(text: string): void {
  process.stderr.write(`${localised(text)}\n`)
}
