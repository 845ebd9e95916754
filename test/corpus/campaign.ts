/**
 * Runs the corpus: many cases from a seed, each with a time limit, and a tally by layer, by the step
 * reached and by the rejecting check. A case that crashes or hangs counts as wrong, and the run continues.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeDatasets } from '../support/open-test-context.ts'
import { program } from '../support/program.ts'
import type { Answer } from './runner.ts'
import { corpusContract } from './trial.ts'

export interface Tally {
  readonly cases: number
  readonly redigested: number
  /** By layer, then by step. */
  readonly steps: ReadonlyMap<string, ReadonlyMap<string, number>>
  readonly checks: ReadonlyMap<string, number>
  readonly damage: ReadonlyMap<string, number>
  readonly rowsTaken: number
  readonly repairs: number
  readonly wrong: readonly string[]
}

/** Far above the slowest case, which takes some tenths of a second. */
const secondsMax = 20

/** On a machine that is overloaded a process may wait so long, so a case without an answer is asked once more. */
const secondsMaxAgain = 180

/** A bundle of a few kilobytes must not need more memory. */
const heapMegabytes = 512

/** Runs `count` cases from a seed, beginning with `first`. */
export async function runCorpus(options: {
  readonly count: number
  readonly seed: number
  readonly first?: number
  readonly log?: (text: string) => void
}): Promise<Tally> {
  const { count, seed, first = 0, log = () => {} } = options
  const folder = await mkdtemp(join(tmpdir(), 'qingdan-corpus-'))
  const counts = { cases: 0, redigested: 0, rowsTaken: 0, repairs: 0 }
  const steps = new Map<string, Map<string, number>>()
  const [checks, damage] = [new Map<string, number>(), new Map<string, number>()]
  const wrong: string[] = []
  let child: ChildProcess | undefined
  try {
    await writeDatasets(join(folder, 'datasets'), [corpusContract])
    for (let number = first; number < first + count; number += 1) {
      child ??= await startRunner(folder, seed)
      let answer = await ask(child, number)
      if (answer === noAnswer) {
        child.kill('SIGKILL')
        child = await startRunner(folder, seed)
        answer = await ask(child, number, secondsMaxAgain)
      }
      counts.cases += 1
      if (typeof answer === 'string') {
        wrong.push(`case ${number}: ${answer}`)
        log(`wrong: ${wrong.at(-1)}`)
        child.kill('SIGKILL')
        child = undefined
        continue
      }
      if (answer.wrong !== undefined) {
        wrong.push(`case ${number} (${answer.layer}: ${answer.damage.join(', ')}): ${answer.wrong}`)
        log(`wrong: ${wrong.at(-1)}`)
      }
      counts.redigested += Number(answer.redigested)
      counts.rowsTaken += answer.rows
      counts.repairs += answer.repairs
      const ofLayer = steps.get(answer.layer) ?? new Map<string, number>()
      steps.set(answer.layer, ofLayer)
      grow(ofLayer, answer.step ?? 'crashed')
      for (const check of answer.checks) grow(checks, check)
      for (const kind of new Set(answer.damage)) grow(damage, `${answer.layer}: ${kind}`)
      if (counts.cases % 1_000 === 0) log(`${counts.cases} of ${count}, ${wrong.length} wrong`)
    }
  } finally {
    child?.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
  return { ...counts, steps, checks, damage, wrong }
}

function grow(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

async function startRunner(folder: string, seed: number): Promise<ChildProcess> {
  const { NODE_OPTIONS: _hooks, ...environment } = process.env
  const args = program('test/corpus/runner.ts')
  const child = fork(args.at(-1) ?? '', {
    execArgv: [...args.slice(0, -1), `--max-old-space-size=${heapMegabytes}`],
    env: { ...environment, CORPUS_FOLDER: folder, CORPUS_SEED: String(seed) },
  })
  await once(child, 'message')
  return child
}

const noAnswer = 'no answer in time'

/** The answer to a case, or how the process failed to give one. */
async function ask(child: ChildProcess, number: number, seconds = secondsMax): Promise<Answer | string> {
  return new Promise((resolve) => {
    const end = (answer: Answer | string) => {
      clearTimeout(timer)
      child.off('message', onAnswer).off('exit', onExit)
      resolve(answer)
    }
    const onAnswer = (answer: Answer) => end(answer)
    const onExit = (code: number | null, signal: string | null) => end(`the process ended: ${code ?? signal}`)
    const timer = setTimeout(() => end(noAnswer), seconds * 1_000)
    child.on('message', onAnswer).on('exit', onExit)
    child.send(number)
  })
}

/** The tally as lines of text. */
export function formatTally(tally: Tally): readonly string[] {
  const stepNames = ['opened', 'verified', 'validated', 'taken', 'crashed']
  const titles = ['rejected on opening', 'on verifying', 'on validating', 'taken', 'crashed']
  const width = 20
  const line = (name: string, cells: readonly (string | number)[]) =>
    `${name.padEnd(14)}${cells.map((cell) => String(cell).padStart(width)).join('')}`
  const layers = [...tally.steps].sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    line('damage', titles),
    ...layers.map(([layer, steps]) =>
      line(
        layer,
        stepNames.map((step) => steps.get(step) ?? 0),
      ),
    ),
    '',
    'cases by check (a case may have several):',
    ...[...tally.checks]
      .sort(([, a], [, b]) => b - a)
      .map(([check, n]) => `  ${check.padEnd(24)}${String(n).padStart(7)}`),
    '',
    `${tally.cases} cases; digests corrected in ${tally.redigested}; ` +
      `${tally.rowsTaken} rows accepted with ${tally.repairs} repairs, all as the oracle`,
  ]
}
