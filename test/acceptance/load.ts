/**
 * Interruptions under load: twenty readers and a writer work on a service while its process or its database is
 * stopped, frozen or killed. A reader must get the right bytes, or be refused with a time to try again; every
 * edition of the writer must be published exactly once.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { digestOf } from '../../src/platform/digest.ts'
import { foreign } from '../support/run-cli.ts'
import { removeDataFolders, signalPostmasters, signalServers } from './faults.ts'
import { mulberry32 } from './random.ts'
import { runJourney } from './run-journey.ts'
import { trialDataset, trialRecords, writeTrialDatasets } from './trial.ts'
import { inspectPublished, verified, type Wrong, within } from './verdict.ts'

const readersAtOnce = 20
const frozenMilliseconds = 2_500

/** A reader waits longer than any answer may take, also on a busy machine. */
const answerMillisecondsMax = 60_000

/**
 * The service must be ready again by then. Two processors with a load of 15 need 4 s, of which a start takes 3; a machine
 * that gives this campaign a hundredth of its time needs a minute.
 */
const readySecondsMax = 120

/** How often the writer repeats an edition; interruptions come faster than it can write on a slow machine. */
const attemptsMax = 20

const kinds = [
  ...(['database stopped', 'database frozen', 'database killed'] as const),
  ...(['service stopped', 'service frozen', 'service killed'] as const),
] as const

type Kind = (typeof kinds)[number]

interface Stage {
  readonly environment: Readonly<Record<'QINGDAN_DATA' | 'QINGDAN_DATASETS' | 'STICK', string>>
  readonly port: number
  readonly base: string
}

/** Why requests were refused or failed, as the service logged it. */
const failures = new Map<string, number>()

const count = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1)

/** What readers got. */
interface Answers {
  right: number
  refused: number
  broken: number
  readonly wrong: Map<string, number>
}

/** Runs the campaign and prints its tally. Returns the numbers of interruptions that passed and failed. */
export async function loadCampaign({
  interruptions,
  seed,
}: {
  readonly interruptions: number
  readonly seed: number
}): Promise<{ passed: number; failed: number }> {
  if (interruptions === 0) return { passed: 0, failed: 0 }
  const folder = await mkdtemp(join(tmpdir(), 'qingdan-load-'))
  await chmod(folder, 0o755)
  const environment = {
    QINGDAN_DATA: join(folder, 'var'),
    QINGDAN_DATASETS: join(folder, 'datasets'),
    STICK: join(folder, 'stick'),
  }
  const port = await findPort()
  const stage: Stage = { environment, port, base: `http://127.0.0.1:${port}` }
  try {
    await writeTrialDatasets(environment.QINGDAN_DATASETS)
    return await interruptUnderLoad(stage, interruptions, mulberry32(seed))
  } finally {
    await removeDataFolders([environment.QINGDAN_DATA])
    await rm(folder, { recursive: true, force: true })
  }
}

async function interruptUnderLoad(stage: Stage, interruptions: number, random: () => number) {
  const first = await runJourney({ ...stage.environment, ACTS: '', EDITION: '2000' })
  if (first.code !== 0) throw new Error(`the first edition failed: ${first.errors}`)
  let service = await startService(stage)
  const published = ['2000']
  const answers: Answers = { right: 0, refused: 0, broken: 0, wrong: new Map() }
  const stopping = new AbortController()
  const digest = digestOf(await (await fetch(fileOf(stage, '2000'))).text())
  const reading = Array.from({ length: readersAtOnce }, () =>
    read(stage, { published, answers, digest, random, signal: stopping.signal }),
  )
  const writing = write(stage, published, stopping.signal)
  const recovered = new Map<Kind, number[]>(kinds.map((kind) => [kind, []]))
  let failed = 0
  for (let n = 0; n < interruptions; n += 1) {
    const kind = kinds[n % kinds.length] ?? 'database killed'
    await wait(200 + random() * 1_500)
    if (isOver(service)) service = await startService(stage)
    const began = performance.now()
    service = await interrupt(kind, service, stage)
    const seconds = await untilReady(stage, { service, began })
    if (seconds === undefined) failed += 1
    else recovered.get(kind)?.push(seconds)
    console.log(
      `${String(n + 1).padStart(3)} of ${interruptions}  ${kind}: ${seconds === undefined ? 'NOT READY' : `ready after ${seconds.toFixed(1)} s`}`,
    )
  }
  stopping.abort()
  await Promise.all(reading)
  const { attempts, unwritten } = await writing
  service.kill('SIGTERM')
  await once(service, 'exit')
  const wrong = await inspectAll(stage, published)
  for (const [kind, all] of recovered) {
    const sorted = [...all].sort((a, b) => a - b)
    const middle = sorted[Math.floor(sorted.length / 2)] ?? 0
    console.log(
      `${kind.padEnd(18)}${String(all.length).padStart(4)} times, ready after ${middle.toFixed(1)} s (median), ${(sorted.at(-1) ?? 0).toFixed(1)} s (most)`,
    )
  }
  console.log(
    `${readersAtOnce} readers: ${answers.right} right, ${answers.refused} refused, ${answers.broken} broken off`,
  )
  console.log(`1 writer: ${published.length - 1} editions in ${attempts} attempts`)
  for (const [what, times] of answers.wrong) console.log(`WRONG ${times} answers: ${what}`)
  if (answers.wrong.size > 0)
    for (const [message, times] of failures) console.log(`${times} requests failed by: ${message}`)
  for (const { class: ofClass, what } of [...wrong, ...unwritten]) console.log(`WRONG ${ofClass}: ${what}`)
  const isWrong = answers.wrong.size > 0 || wrong.length > 0 || unwritten.length > 0
  return { passed: isWrong ? 0 : interruptions - failed, failed: isWrong ? interruptions : failed }
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Starts the service and waits until it is ready. */
async function startService(stage: Stage): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['build/run.mjs', 'main'], {
    env: {
      ...foreign(),
      ...stage.environment,
      QINGDAN_PORT: String(stage.port),
      QINGDAN_SAMPLES: 'never',
      QINGDAN_UNSIGNED: 'allow',
      QINGDAN_LOG_LEVEL: 'error',
      QINGDAN_RATE_PER_MINUTE: '1000000',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { event, err } = JSON.parse(line) as { event?: string; err?: { message: string } }
    if (event === 'request-failed') count(failures, err?.message ?? '')
  })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  if ((await untilReady(stage, { service: child })) === undefined) {
    const { exitCode } = child
    child.kill('SIGKILL')
    await once(child, 'close')
    throw new Error(`the service did not start, exit code ${exitCode}: ${errors}`)
  }
  errors = ''
  // Nobody but this campaign may end it.
  child.once('exit', (code) => {
    if (code !== 0 && code !== null) console.log(`the service ended with ${code}: ${errors}`)
  })
  return child
}

/** Seconds until the service is ready; undefined if it is not in time. */
async function untilReady(
  { base }: Stage,
  { service, began = performance.now() }: { readonly service: ChildProcess; readonly began?: number },
): Promise<number | undefined> {
  for (;;) {
    const status = await fetch(`${base}/ready`, { signal: AbortSignal.timeout(5_000) }).then(
      async (answer) => {
        await answer.arrayBuffer()
        return answer.status
      },
      () => 0,
    )
    const seconds = (performance.now() - began) / 1_000
    if (status === 200) return seconds
    if (seconds > readySecondsMax || isOver(service)) return undefined
    await wait(100)
  }
}

const isOver = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null

/** Interrupts the service or its database. Returns the process of the service that runs then. */
async function interrupt(kind: Kind, service: ChildProcess, stage: Stage): Promise<ChildProcess> {
  const data = [stage.environment.QINGDAN_DATA]
  switch (kind) {
    case 'database stopped':
      // A fast shutdown: sessions end, as an administrator would do it.
      signalPostmasters(data, 'SIGINT')
      return service
    case 'database killed':
      signalPostmasters(data, 'SIGKILL')
      return service
    case 'database frozen':
      signalServers(data, 'SIGSTOP')
      await wait(frozenMilliseconds)
      signalServers(data, 'SIGCONT')
      return service
    case 'service frozen':
      service.kill('SIGSTOP')
      await wait(frozenMilliseconds)
      service.kill('SIGCONT')
      return service
    case 'service stopped':
    case 'service killed': {
      const ended = once(service, 'exit')
      service.kill(kind === 'service killed' ? 'SIGKILL' : 'SIGTERM')
      await ended
      return startService(stage)
    }
  }
}

const fileOf = ({ base }: Stage, edition: string) =>
  `${base}/v1/datasets/${trialDataset}/editions/${edition}/versions/1/files/${trialDataset}-${edition}-v1.csv`

interface Reading {
  readonly published: readonly string[]
  readonly answers: Answers
  /** Of the CSV of every edition: all have the same rows. */
  readonly digest: string
  readonly random: () => number
  readonly signal: AbortSignal
}

/** Asks for files, records and changes by turns, and judges each answer. */
async function read(stage: Stage, { published, answers, digest, random, signal }: Reading): Promise<void> {
  const wrong = (what: string) => count(answers.wrong, what)
  for (let turn = Math.floor(random() * 3); !signal.aborted; turn += 1) {
    const edition = published[Math.floor(random() * published.length)] ?? ''
    const [name, address, judge] = (
      [
        ['file', fileOf(stage, edition), (text: string) => digestOf(text) === digest],
        [
          'records',
          `${stage.base}/v1/datasets/${trialDataset}/records.csv?edition=${edition}`,
          (text: string) => text.split('\n').length === trialRecords + 2,
        ],
        ['changes', `${stage.base}/v1/changes?limit=100`, isOrdered],
      ] as const
    )[turn % 3] as [string, string, (text: string) => boolean]
    const answer = await fetch(address, { signal: AbortSignal.timeout(answerMillisecondsMax) }).catch(
      (error: Error) => error,
    )
    const text = answer instanceof Error ? answer : await answer.text().catch((error: Error) => error)
    if (answer instanceof Error || text instanceof Error) {
      if (text instanceof Error && text.name === 'TimeoutError') wrong(`${name}: no answer`)
      answers.broken += 1
      // Nobody listens for the moment.
      await wait(50)
    } else if (answer.status === 200) {
      if (judge(text)) answers.right += 1
      else wrong(`${name}: other bytes`)
    } else if (answer.status === 503 && answer.headers.has('retry-after')) {
      answers.refused += 1
      await wait(100)
    } else wrong(`${name}: ${answer.status}`)
  }
}

/** Whether a page of the feed has each version once. */
function isOrdered(text: string): boolean {
  const { data: changes } = JSON.parse(text) as { data: { type: string; edition?: string }[] }
  const editions = changes.filter(({ type }) => type === 'version-published').map(({ edition }) => edition)
  return editions.length > 0 && new Set(editions).size === editions.length
}

/** Publishes one edition after another; one that failed is repeated until it is published. */
async function write({ environment }: Stage, published: string[], signal: AbortSignal) {
  const unwritten: Wrong[] = []
  let attempts = 0
  for (let edition = 2001; !signal.aborted; edition += 1) {
    let errors: string | undefined
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      attempts += 1
      const run = await runJourney({ ...environment, ACTS: '', EDITION: String(edition) })
      errors = run.code === 0 ? undefined : run.errors
      if (errors === undefined) break
    }
    if (errors === undefined) published.push(String(edition))
    else unwritten.push({ class: 'lost', what: `${edition} could not be published: ${errors}` })
  }
  return { attempts, unwritten }
}

/** Every edition of the writer, and everything that `verify` compares. */
async function inspectAll({ environment }: Stage, published: readonly string[]): Promise<readonly Wrong[]> {
  return within(environment, async (context) => {
    const wrong: Wrong[] = [...(await verified(context))]
    for (const edition of published) wrong.push(...(await inspectPublished(context, edition)).wrong)
    return wrong
  })
}
