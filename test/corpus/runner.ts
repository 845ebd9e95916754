/**
 * Runs cases of the corpus in a separate process, one per message, so that crashes and hangs can be detected.
 * A message `{number, keep}` is answered with the outcome of the case.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { limitsOf } from '../../src/bundle/index.ts'
import { loadAllContracts } from '../../src/context.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { type Case, type Layer, makeCase } from './cases.ts'
import { judge } from './judge.ts'
import { type Step, walkBundle } from './walk.ts'

export interface Answer {
  readonly number: number
  readonly layer: Layer
  readonly damage: readonly string[]
  readonly redigested: boolean
  /** Absent if the walk threw. */
  readonly step?: Step
  readonly checks: readonly string[]
  readonly rows: number
  readonly repairs: number
  readonly wrong?: string
}

const folder = process.env['CORPUS_FOLDER'] ?? ''
const seed = Number(process.env['CORPUS_SEED'])
const config = loadConfig({ QINGDAN_DATASETS: join(folder, 'datasets'), QINGDAN_DATA: join(folder, 'var') })
const contracts = await loadAllContracts(config)
const limits = limitsOf(config)

// The parent process has ended.
process.on('disconnect', () => process.exit())
process.on('message', (number: number) => {
  void run(number).then((answer) => process.send?.(answer))
})
process.send?.('ready')

async function run(number: number): Promise<Answer> {
  const trial = await makeCase(seed, number)
  const path = join(folder, `${number}${trial.folder === undefined ? '.zip' : ''}`)
  const { layer, damage, redigested } = trial
  const about = { number, layer, damage, redigested }
  await write(trial, path)
  try {
    const outcome = await walkBundle(path, contracts, limits)
    const checks = [...new Set(outcome.findings.map(({ check }) => check))]
    const repairs = outcome.files
      .flatMap((file) => Object.values(file.repairs))
      .reduce((sum, n) => sum + n, 0)
    const facts = { ...about, step: outcome.step, checks, rows: outcome.rows.length, repairs }
    const wrong = await judge(trial, outcome)
    return wrong === undefined ? facts : { ...facts, wrong }
  } catch (error) {
    const wrong = `crashed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
    return { ...about, checks: [], rows: 0, repairs: 0, wrong }
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

async function write(trial: Case, path: string): Promise<void> {
  if (trial.folder === undefined) return writeFile(path, trial.zip)
  for (const [name, bytes] of trial.folder) {
    await mkdir(dirname(join(path, name)), { recursive: true })
    await writeFile(join(path, name), bytes)
  }
}
