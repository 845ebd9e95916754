/** The entry of a solver's thread: one model at a time, asked by messages. It reads nothing but its messages. */
import { parentPort } from 'node:worker_threads'
import type { Answer, LinearModel, Question } from '../../disclosure/index.ts'
import { loadSolver, type OpenModel } from './highs-solver.ts'

export type Message =
  | { readonly open: LinearModel }
  | { readonly question: Question }
  | { readonly close: true }

export type Reply = { readonly answer: Answer | null } | { readonly fault: string }

const port = parentPort
if (port === null) throw new Error('this file is the entry of a thread')
const solver = await loadSolver()
let model: OpenModel | undefined

port.on('message', (message: Message) => {
  try {
    port.postMessage({ answer: answerTo(message) } satisfies Reply)
  } catch (error) {
    // The message of the solver names no count: models have columns, not cells.
    port.postMessage({ fault: error instanceof Error ? error.message : 'unknown' } satisfies Reply)
  }
})

function answerTo(message: Message): Answer | null {
  if ('open' in message) {
    model = solver.open(message.open)
    return null
  }
  if ('close' in message) {
    model?.close()
    model = undefined
    return null
  }
  if (model === undefined) throw new Error('no model is open')
  return model.ask(message.question)
}
