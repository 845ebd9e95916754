/**
 * The entry of the thread that controls one edition: the rule and its solver, which both take long, apart from the thread
 * that answers readers. It reads nothing but its message.
 */
import { parentPort } from 'node:worker_threads'
import type { Contract } from '../../contract/index.ts'
import { getDerivation } from '../../derivations/index.ts'
import {
  type ControlledEdition,
  type EditionCells,
  getDisclosureRule,
  type Solve,
} from '../../disclosure/index.ts'
import { loadSolver, solverName } from './highs-solver.ts'

export type Task = {
  readonly kind: 'control'
  readonly contract: Contract
  readonly edition: Omit<EditionCells, 'bandsOf'>
}
export type Reply =
  | { readonly kind: 'step'; readonly block: string; readonly done: number; readonly all: number }
  | { readonly kind: 'controlled'; readonly controlled: ControlledEdition }
  | { readonly kind: 'fault'; readonly message: string }

const port = parentPort
if (port === null) throw new Error('this file is the entry of a thread')
const send = (reply: Reply) => port.postMessage(reply)

/** Milliseconds between reports of progress. */
const stepMilliseconds = 500

port.on('message', (task: Task) => {
  // The message of a fault of our own names no count: rules name cells in refusals only.
  run(task).then(
    (controlled) => send({ kind: 'controlled', controlled }),
    (error: unknown) => send({ kind: 'fault', message: error instanceof Error ? error.message : 'unknown' }),
  )
})

async function run({ contract, edition }: Task): Promise<ControlledEdition> {
  const { disclosure, derivation } = contract
  const rule = getDisclosureRule(disclosure?.rule ?? '')
  if (disclosure === undefined || !('controlEdition' in rule)) throw new Error('no rule for a whole edition')
  const bandsOf = derivation === undefined ? undefined : getDerivation(derivation.name).bandsOf?.(contract)
  let reported = 0
  return rule.controlEdition(
    bandsOf === undefined ? edition : { ...edition, bandsOf },
    contract,
    disclosure,
    {
      ...{ solve, solver: solverName },
      step: (block, done, all) => {
        if (performance.now() - reported < stepMilliseconds) return
        reported = performance.now()
        send({ kind: 'step', block, done, all })
      },
    },
  )
}

const solve: Solve = async (model) => {
  const opened = (await loadSolver()).open(model)
  return { ask: async (question) => opened.ask(question), close: async () => opened.close() }
}
