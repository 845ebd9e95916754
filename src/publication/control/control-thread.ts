/**
 * Controls an edition in a thread of its own, so that the service answers readers meanwhile. A time limit, a cancellation,
 * a limit of memory and a thread that ends all give a ControlStopped, and nothing is published.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Contract } from '../../contract/index.ts'
import type { ControlledEdition, EditionCells } from '../../disclosure/index.ts'
import type { Reply, Task } from './control-worker.ts'

/** Minutes for the proof of an edition; a city takes one. */
export const proofMinutesMax = 60

/** Memory for the proof of an edition; a city takes 400 MB. */
export const proofMegabytesMax = 4096

/** How long a thread waits for the next edition: its code is compiled by then, and the next proof takes half the time. */
const idleMilliseconds = 10_000

/** Why there is no answer: the edition can be tried again. */
export class ControlStopped extends Error {
  override readonly name = 'ControlStopped'
  readonly reason: 'time' | 'memory' | 'cancelled' | 'failed'

  constructor(reason: ControlStopped['reason'], message: string) {
    super(message)
    this.reason = reason
  }
}

interface Options {
  readonly milliseconds?: number
  readonly megabytes?: number
  readonly signal?: AbortSignal
  /** Called from time to time. */
  readonly onStep?: (done: number, all: number) => void
}

/** Controls an edition by the contract's rule. Throws ControlStopped. */
export async function controlInThread(
  edition: Omit<EditionCells, 'bandsOf'>,
  contract: Contract,
  {
    milliseconds = proofMinutesMax * 60_000,
    megabytes = proofMegabytesMax,
    signal,
    onStep = () => {},
  }: Options = {},
): Promise<ControlledEdition> {
  if (signal?.aborted === true) throw cancelled()
  const worker = takeIdle(megabytes) ?? openWorker(megabytes)
  let timer: NodeJS.Timeout | undefined
  let stopListening = () => {}
  let isDone = false
  try {
    return await new Promise<ControlledEdition>((resolve, reject) => {
      timer = setTimeout(() => reject(late(milliseconds)), milliseconds)
      const cancel = () => reject(cancelled())
      const onMessage = (reply: Reply) => {
        if (reply.kind === 'step') return onStep(reply.done, reply.all)
        isDone = reply.kind === 'controlled'
        if (reply.kind === 'controlled') resolve(reply.controlled)
        else reject(failed(reply.message))
      }
      const onError = (error: Error & { readonly code?: string }) =>
        reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? full(megabytes) : failed(error.message))
      const onExit = (code: number) => reject(failed(`exit code ${code}`))
      stopListening = () => {
        signal?.removeEventListener('abort', cancel)
        worker.off('message', onMessage).off('error', onError).off('exit', onExit)
      }
      signal?.addEventListener('abort', cancel, { once: true })
      worker.on('message', onMessage).on('error', onError).on('exit', onExit)
      worker.postMessage({ kind: 'control', contract, edition } satisfies Task)
    })
  } finally {
    clearTimeout(timer)
    stopListening()
    if (!isDone || !keepIdle(worker, megabytes)) await worker.terminate()
  }
}

interface Idle {
  readonly worker: Worker
  readonly megabytes: number
  readonly stopWaiting: () => void
}
let idle: Idle | undefined

function takeIdle(megabytes: number): Worker | undefined {
  if (idle?.megabytes !== megabytes) return undefined
  const { worker, stopWaiting } = idle
  stopWaiting()
  worker.ref()
  return worker
}

/** Keeps one thread for a while, without keeping the process alive. Gives whether it has. */
function keepIdle(worker: Worker, megabytes: number): boolean {
  if (idle !== undefined) return false
  const end = () => {
    stopWaiting()
    void worker.terminate()
  }
  const timer = setTimeout(end, idleMilliseconds).unref()
  const stopWaiting = () => {
    idle = undefined
    clearTimeout(timer)
    worker.off('error', end).off('exit', end)
  }
  worker.on('error', end).on('exit', end)
  worker.unref()
  idle = { worker, megabytes, stopWaiting }
  return true
}

const late = (milliseconds: number) =>
  new ControlStopped(
    'time',
    `The proof took more than ${milliseconds / 1000} s. Publish coarser cells, or try again when the machine is idle.`,
  )
const full = (megabytes: number) =>
  new ControlStopped('memory', `The proof needs more than ${megabytes} MB. Publish coarser cells.`)
const cancelled = () =>
  new ControlStopped('cancelled', 'The proof was cancelled. Request the publication again.')
const failed = (message: string) =>
  new ControlStopped('failed', `The thread of the proof ended: ${message}. Request the publication again.`)

/** The thread's entry: a build output of the compiled service, or the source through its loader. */
function openWorker(megabytes: number): Worker {
  const options = { resourceLimits: { maxOldGenerationSizeMb: megabytes } }
  const source = join(import.meta.dirname, 'control-worker.ts')
  if (existsSync(source)) {
    // A thread does not inherit the loader of its process on Node 20, so it loads the source by a call.
    const loader = import.meta.resolve('tsx/esm/api')
    const [api, entry] = [loader, pathToFileURL(source).href].map((url) => JSON.stringify(url))
    const load = `import(${api}).then(({ tsImport }) => tsImport(${entry}, ${entry}))`
    return new Worker(load, { eval: true, ...options })
  }
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, 'publication', 'control', 'control-worker.js')
    if (existsSync(file)) return new Worker(file, options)
  }
  throw new Error('The entry of the thread is missing. Run: npm run build')
}
