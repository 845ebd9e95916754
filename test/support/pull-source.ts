/**
 * A source for pulls: a context that publishes, a service process that serves readers, and what a copy of it
 * must contain, found by requesting that service as any reader would and with none of the puller's own code.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { buildContext, loadAllContracts, type OpenContext } from '../../src/context.ts'
import type { Contract } from '../../src/contract/index.ts'
import { listFindings, receive, takeBundle } from '../../src/ingest/index.ts'
import { publishEdition, requestPublication, withdraw } from '../../src/publication/index.ts'
import {
  openFolderSink,
  openPostgresSink,
  type PullOrder,
  type PullReport,
  pull,
} from '../../src/pull/index.ts'
import { openTestContext, type TestContext, writeBag } from './open-test-context.ts'
import { type CliRun, callCli } from './run-cli.ts'
import { type Service, spawnService } from './spawn-service.ts'

interface Test {
  readonly teardown: (work: () => Promise<void>) => unknown
}

export interface PullSource {
  readonly testContext: TestContext
  /** The current address of the service. */
  readonly base: () => string
  readonly service: () => Service
  /**
   * Brings rows and publishes the edition; a second time it is a correction. Uses the newest contract by
   * default.
   */
  readonly publish: (
    dataset: string,
    edition: string,
    rows: string,
    contractVersion?: number,
  ) => Promise<void>
  readonly withdraw: (dataset: string, edition: string, version: number, reason: string) => Promise<void>
  /** Adds contracts: the context and the service restart with them. */
  readonly grow: (contracts: readonly Contract[]) => Promise<void>
  /** Ends the service and starts it again on another port. */
  readonly restart: () => Promise<void>
  readonly pull: (args: readonly string[], environment?: Readonly<Record<string, string>>) => Promise<CliRun>
}

/** Opens a source of contracts. */
export async function openPullSource(
  t: Test,
  contracts: readonly Contract[],
  settings: Readonly<Record<string, string>> = {},
): Promise<PullSource> {
  const testContext = await openTestContext(t, { contracts, settings })
  let context: OpenContext = testContext.context
  let service = await spawnService(t, testContext.environment)
  const restart = async () => {
    await service.stop()
    service = await spawnService(t, testContext.environment)
  }
  return {
    testContext,
    restart,
    base: () => service.base,
    service: () => service,
    publish: async (dataset, edition, rows, contractVersion) => {
      const newest = context.contracts.get(dataset).contract.contractVersion
      const input = { dataset, edition, rows, contractVersion: contractVersion ?? newest }
      const path = await writeBag(testContext.folder, input)
      const { id } = await receive(context, { path, broughtBy: 'cli:test' })
      const { state } = await takeBundle(context, id)
      if (state !== 'staged') {
        const findings = await listFindings(context.database.work, id, { after: 0, limit: 5 })
        throw new Error(`${state}: ${findings.map(({ check, cell }) => `${check} ${cell}`).join(', ')}`)
      }
      const publication = await requestPublication(context, {
        dataset,
        edition,
        askedBy: 'cli:test',
        reason: `by ${path.slice(-6)}`,
      })
      await publishEdition(context, publication.id)
    },
    withdraw: (dataset, edition, version, reason) =>
      withdraw(context, { dataset, edition, version, reason, actor: 'cli:test' }).then(() => undefined),
    grow: async (added) => {
      for (const contract of added) {
        const folder = join(testContext.folder, 'var', 'contracts', contract.dataset)
        await mkdir(folder, { recursive: true })
        await writeFile(join(folder, `contract.v${contract.contractVersion}.json`), JSON.stringify(contract))
      }
      const grown = await buildContext({ ...context, contracts: await loadAllContracts(context.config) })
      t.teardown(() => grown.jobs.stop({ seconds: 5 }))
      context = grown
      await restart()
    },
    pull: (args, environment = {}) => callCli(['pull', service.base, ...args], environment),
  }
}

/** A version that a copy must contain, with its records as in its plain file. */
export interface LiveVersion {
  readonly dataset: string
  readonly edition: string
  readonly version: number
  readonly contractVersion: number
  /** The first contract of its line. */
  readonly lineage: number
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly files: readonly { readonly name: string; readonly sha256: string; readonly href: string }[]
}

interface Listed {
  readonly version: number
  readonly state: string
  readonly contractVersion: number
}

/**
 * All versions that a copy must contain: with its history, or the newest of each edition and contract
 * lineage.
 */
export async function liveVersions(
  base: string,
  { history = false, authorization }: { readonly history?: boolean; readonly authorization?: string } = {},
): Promise<readonly LiveVersion[]> {
  const headers = authorization === undefined ? {} : { authorization }
  const json = async (path: string) => (await fetch(`${base}${path}`, { headers })).json()
  const found: LiveVersion[] = []
  const { data: datasets } = (await json('/v1/datasets?limit=100')) as { data: { slug: string }[] }
  for (const { slug } of datasets) {
    const { contracts, editions } = (await json(`/v1/datasets/${slug}`)) as {
      contracts: { contractVersion: number; verdict: string | null }[]
      editions: { edition: string }[]
    }
    const begins = contracts.filter(({ verdict }) => verdict === null || verdict === 'breaking')
    const lineage = (number: number) =>
      Math.max(...begins.map((one) => one.contractVersion).filter((one) => one <= number))
    for (const { edition } of editions) {
      const at = `/v1/datasets/${slug}/editions/${edition}/versions`
      const { data } = (await json(at)) as { data: Listed[] }
      const served = data.filter(({ state }) => state !== 'withdrawn')
      for (const { version, contractVersion } of served) {
        const line = lineage(contractVersion)
        const later = served.some((one) => one.version > version && lineage(one.contractVersion) === line)
        if (later && !history) continue
        const { distributions } = (await json(`${at}/${version}`)) as { distributions: LiveVersion['files'] }
        const csv = distributions.find(({ name }) => name.endsWith('.csv'))
        const text = await (await fetch(`${base}${csv?.href}`, { headers })).text()
        const [header = [], ...rows] = parse(text) as string[][]
        found.push({
          ...{ dataset: slug, edition, version, contractVersion, lineage: line, header, rows },
          files: distributions,
        })
      }
    }
  }
  return found
}

export interface PullOptions extends Partial<Omit<PullOrder, 'source' | 'sink'>> {
  /** A folder, or the address of a database. */
  readonly into: string
  readonly scratch?: string
  readonly onPoint?: (point: string) => void
}

/**
 * Pulls in this process, still over HTTP: a test with many pulls would mostly wait for processes to start.
 */
export async function pullFrom(base: string, options: PullOptions): Promise<PullReport> {
  const { into, scratch, onPoint = () => undefined, ...order } = options
  const sink = into.startsWith('postgres')
    ? await openPostgresSink({ url: into, schema: 'qingdan_copy', scratch, onPoint })
    : await openFolderSink(into, onPoint)
  try {
    return await pull({
      ...{ datasets: undefined, formats: undefined, history: false, key: undefined, trust: undefined },
      ...{ follow: false, retriesMax: 3, signal: new AbortController().signal },
      observe: (_event, facts) => onPoint(String(facts?.['point'])),
      progress: () => undefined,
      ...order,
      ...{ source: base, sink },
    })
  } finally {
    await sink.close()
  }
}
