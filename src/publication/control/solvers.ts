/**
 * The owner of the solver: threads of its own, so that the service answers readers while an edition is proven. A time limit
 * or a cancellation ends the threads at once; whoever waits for an answer gets a SolverStopped and publishes nothing.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Answer, LinearModel, Solve, Solver } from '../../disclosure/index.ts'
import type { Message, Reply } from './solver-worker.ts'

/** Threads that solve beside each other. */
export const solverThreads = 2

/** Minutes for the proof of an edition; the target is five. */
export const proofMinutesMax = 60

/** Why there is no answer: the edition can be tried again. */
export class SolverStopped extends Error {
  override readonly name = 'SolverStopped'
  readonly reason: 'time' | 'cancelled' | 'failed'

  constructor(reason: 'time' | 'cancelled' | 'failed', message: string) {
    super(message)
    this.reason = reason
  }
}

export interface Solvers {
  readonly solve: Solve
  /** Ends the threads. */
  readonly close: () => Promise<void>
}

interface Options {
  readonly threads?: number
  readonly milliseconds?: number
  readonly signal?: AbortSignal
}

interface Thread {
  readonly send: (message: Message) => Promise<Answer | null>
  readonly end: (stopped: SolverStopped) => Promise<void>
}

/** Opens the threads. Call `close` in the end, whatever happened. */
export function openSolvers({
  threads = solverThreads,
  milliseconds = proofMinutesMax * 60_000,
  signal,
}: Options = {}): Solvers {
  let stopped: SolverStopped | undefined
  const all = Array.from({ length: threads }, () => openThread((fault) => stop(fault)))
  const idle = [...all]
  const waiting: { readonly take: (thread: Thread) => void; readonly fail: (error: Error) => void }[] = []
  const stop = (why: SolverStopped) => {
    stopped ??= why
    for (const { fail } of waiting.splice(0)) fail(stopped)
    for (const thread of all) void thread.end(stopped)
  }
  const timer = setTimeout(
    () =>
      stop(
        new SolverStopped(
          'time',
          `The proof took more than ${milliseconds / 1000} s. Publish coarser cells.`,
        ),
      ),
    milliseconds,
  )
  timer.unref()
  const cancel = () =>
    stop(new SolverStopped('cancelled', 'The proof was cancelled. Request the publication again.'))
  if (signal?.aborted === true) cancel()
  signal?.addEventListener('abort', cancel, { once: true })

  const acquire = (): Promise<Thread> => {
    if (stopped !== undefined) return Promise.reject(stopped)
    const thread = idle.pop()
    if (thread !== undefined) return Promise.resolve(thread)
    return new Promise((take, fail) => waiting.push({ take, fail }))
  }
  const release = (thread: Thread) => {
    const next = waiting.shift()
    if (next === undefined) idle.push(thread)
    else next.take(thread)
  }
  return {
    solve: async (model: LinearModel): Promise<Solver> => {
      const thread = await acquire()
      await thread.send({ open: model })
      return {
        ask: async (question) => {
          const answer = await thread.send({ question })
          if (answer === null) throw new Error('the solver gave no answer')
          return answer
        },
        close: async () => {
          if (stopped !== undefined) return
          await thread.send({ close: true })
          release(thread)
        },
      }
    },
    close: async () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', cancel)
      stopped ??= new SolverStopped('cancelled', 'The solver was closed.')
      const why = stopped
      await Promise.all(all.map((thread) => thread.end(why)))
    },
  }
}

function openThread(onFault: (fault: SolverStopped) => void): Thread {
  const worker = openWorker()
  let pending:
    | { readonly done: (answer: Answer | null) => void; readonly fail: (error: Error) => void }
    | undefined
  let ended: SolverStopped | undefined
  const fault = (message: string) => {
    const failed = ended ?? new SolverStopped('failed', `The solver's thread ended: ${message}. Try again.`)
    ended = failed
    pending?.fail(failed)
    pending = undefined
    onFault(failed)
  }
  worker.on('message', (reply: Reply) => {
    const current = pending
    pending = undefined
    if ('fault' in reply) current?.fail(new SolverStopped('failed', `The solver failed: ${reply.fault}.`))
    else current?.done(reply.answer)
  })
  worker.on('error', (error) => fault(error instanceof Error ? error.message : 'unknown error'))
  worker.on('exit', (code) => {
    if (ended === undefined) fault(`exit code ${code}`)
  })
  return {
    send: (message) =>
      new Promise((done, fail) => {
        if (ended !== undefined) {
          fail(ended)
          return
        }
        pending = { done, fail }
        worker.postMessage(message)
      }),
    end: async (why) => {
      ended ??= why
      pending?.fail(ended)
      pending = undefined
      await worker.terminate()
    },
  }
}

/** The thread's entry: a build output of the compiled service, or the source through its loader. */
function openWorker(): Worker {
  const source = join(import.meta.dirname, 'solver-worker.ts')
  if (existsSync(source)) {
    // A thread does not inherit the loader of its process on Node 20, so it loads the source by a call.
    const loader = import.meta.resolve('tsx/esm/api')
    const [api, entry] = [loader, pathToFileURL(source).href].map((url) => JSON.stringify(url))
    return new Worker(`import(${api}).then(({ tsImport }) => tsImport(${entry}, ${entry}))`, { eval: true })
  }
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, 'publication', 'control', 'solver-worker.js')
    if (existsSync(file)) return new Worker(file)
  }
  throw new Error('The entry of the solver is missing. Run: npm run build')
}
