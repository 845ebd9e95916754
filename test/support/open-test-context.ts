/**
 * A whole service for the journey tests: a database of its own, a temporary data folder, real files and jobs,
 * a clock that the test sets, and a readable log. None of our own code is replaced.
 */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { InjectOptions } from 'fastify'
import pino from 'pino'
import { createKey, type KeyRequest, loadServiceKey } from '../../src/accounts/index.ts'
import { buildApp, datasetParts } from '../../src/app.ts'
import {
  createBag,
  type NewBag,
  type PrivateKeyFile,
  packBag,
  readPublicKey,
  signBag,
} from '../../src/bundle/index.ts'
import { listVersions } from '../../src/catalogue/index.ts'
import { openServiceKey } from '../../src/cli/bundles/loose-files.ts'
import { buildContext, loadAllContracts, type OpenContext, shippedDatasets } from '../../src/context.ts'
import {
  type Contract,
  type Contracts,
  intakeFields,
  isPersonal,
  listSamples,
  partsOf,
  type Sample,
} from '../../src/contract/index.ts'
import { buildOpenapi } from '../../src/http/index.ts'
import type { App } from '../../src/http/route-helpers.ts'
import { listFindings, type Receipt, receive, takeBundle } from '../../src/ingest/index.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { canonicalJson, digestOf } from '../../src/platform/digest.ts'
import type { Finding } from '../../src/platform/finding.ts'
import { buildEventLog } from '../../src/platform/log/events.ts'
import {
  approvePublication,
  type Publication,
  publishEdition,
  requestPublication,
} from '../../src/publication/index.ts'
import { databaseEnvironment, testDatabase } from './database.ts'
import { type CheckedDocument, conformanceTo } from './openapi-conformance.ts'

/** The members of a tap test that are used here. */
interface Test {
  readonly teardown: (work: () => Promise<void>) => unknown
}

export interface TestContextOptions {
  /** Datasets in a folder of their own, beside the shipped code lists; by default the shipped datasets. */
  readonly contracts?: readonly Contract[]
  /** Further files of that folder, by path, such as code lists. */
  readonly files?: Readonly<Record<string, string>>
  /** Shipped datasets to copy into that folder. */
  readonly shipped?: readonly string[]
  readonly settings?: Readonly<Record<string, string>>
  /** The time of the clock until the test sets it. */
  readonly at?: string
}

export interface BundleInput {
  readonly dataset: string
  readonly edition: string
  readonly provider?: string
  readonly contractVersion?: number
  readonly rows: string | Uint8Array
  readonly by?: string
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number | readonly string[] | undefined>>
  readonly text: string
  readonly bytes: Buffer
  /** The body as JSON, typed as the test expects it. */
  readonly json: <T>() => T
}

export interface TestContext {
  readonly context: OpenContext
  readonly app: App
  /** The owner's address of the database, for processes. */
  readonly url: string
  /** The environment that a process of ours needs to work on the same data. */
  readonly environment: Readonly<Record<string, string>>
  /** Every log line, as text. */
  readonly lines: readonly string[]
  /** A temporary folder that is removed when the test ends. */
  readonly folder: string
  readonly moveTo: (instant: string) => void
  /** Packs rows into a bag, brings the folder and processes it to its end. */
  readonly bring: (input: BundleInput) => Promise<Receipt>
  /** As `bring`, for a bundle that must be good. Throws with the checks that refused it. */
  readonly take: (input: BundleInput) => Promise<Receipt>
  readonly findingsOf: (receipt: Receipt) => Promise<readonly Finding[]>
  /** Requests the publication of an edition and processes it to its end. */
  readonly publish: (
    dataset: string,
    edition: string,
    options?: {
      readonly reason?: string
      readonly waivers?: readonly { provider: string; reason: string }[]
      readonly at?: Date
      readonly askedBy?: string
    },
  ) => Promise<Publication>
  readonly get: (url: string, headers?: Readonly<Record<string, string>>) => Promise<Answer>
  readonly post: (url: string, zip: Uint8Array, key: string) => Promise<Answer>
  /** Sends JSON, or nothing, with a key. */
  readonly send: (
    method: 'POST' | 'DELETE',
    url: string,
    authorization?: string,
    body?: object,
  ) => Promise<Answer>
  /** Creates a key and returns the value of its Authorization header. */
  readonly key: (request: Omit<KeyRequest, 'label'>) => Promise<{ id: string; authorization: string }>
}

/** Opens a context; it is closed and removed when the test ends. */
export async function openTestContext(t: Test, options: TestContextOptions = {}): Promise<TestContext> {
  const folder = await temporaryFolder(t)
  const datasets = join(folder, 'datasets')
  if (options.contracts !== undefined) await writeDatasets(datasets, options.contracts, options)
  const settings = {
    QINGDAN_DATA: join(folder, 'var'),
    QINGDAN_RATE_PER_MINUTE: '1000000',
    // Injected requests have sockets that never close.
    QINGDAN_CONNECTIONS_PER_CLIENT_MAX: '100000',
    // Most tests are not about signatures.
    QINGDAN_UNSIGNED: 'allow',
    ...(options.contracts === undefined ? {} : { QINGDAN_DATASETS: datasets }),
    ...options.settings,
  }
  const config = loadConfig(settings)
  const lines: string[] = []
  const log = pino({ level: 'trace', base: null }, { write: (line: string) => lines.push(line) })
  let now = new Date(options.at ?? '2026-03-01T04:00:00Z')
  const { url, database } = await testDatabase(t)
  const contracts = await loadAllContracts(config)
  const clock = () => now
  const context = await buildContext({ config, contracts, database, clock, ...buildEventLog(log) })
  const app = checkedAgainstOpenapi(await buildApp(context), contracts, {
    ...options.files,
    ...options.settings,
  })
  context.readiness.ready = true
  // Created now, with the clock of the test: if another process created it first, its date would be years
  // ahead.
  const serviceKey = await openServiceKey(context)
  t.teardown(async () => {
    await app.close()
    await context.close()
  })
  return {
    context,
    app,
    url,
    environment: { ...settings, ...databaseEnvironment(url) },
    lines,
    folder,
    moveTo: (instant) => {
      now = new Date(instant)
    },
    ...actsOn(context, folder, serviceKey),
    ...requestsTo(app),
    key: async (request) => {
      const made = await createKey(
        context.database,
        { label: 'test', ...request },
        { clock, actor: 'cli:test' },
      )
      return { id: made.id, authorization: `Bearer ${made.secret}` }
    },
  }
}

function actsOn(
  context: OpenContext,
  folder: string,
  key: PrivateKeyFile,
): Pick<TestContext, 'bring' | 'take' | 'findingsOf' | 'publish'> {
  const bring: TestContext['bring'] = async (input) => {
    const bag = await writeBag(folder, input, await encryptedIfPersonal(context, input))
    const broughtBy = input.by ?? 'cli:test'
    try {
      // On the command line the service packs and signs loose files itself; see loose-files.ts.
      if (broughtBy.startsWith('cli:')) await signBag(bag, key, { at: key.createdAt, isRepeatable: true })
      const { id } = await receive(context, { path: bag, broughtBy })
      return await takeBundle(context, id)
    } finally {
      await rm(bag, { recursive: true })
    }
  }
  const findingsOf: TestContext['findingsOf'] = ({ id }) =>
    listFindings(context.database.work, id, { after: 0, limit: 100_000 })
  return {
    bring,
    findingsOf,
    take: async (input) => {
      const receipt = await bring(input)
      if (receipt.state === 'staged') return receipt
      const found = (await findingsOf(receipt)).slice(0, 5)
      throw new Error(`${receipt.state}: ${found.map(({ check, cell }) => `${check} ${cell}`).join(', ')}`)
    },
    publish: async (dataset, edition, options = {}) => {
      const publication = await requestPublication(context, {
        dataset,
        edition,
        askedBy: 'cli:test',
        ...options,
      })
      return publishEdition(context, publication.id)
    },
  }
}

/** By contracts and settings: contexts of one file are often alike. */
const conformances = new Map<string, ReturnType<typeof conformanceTo>>()

const documentOf = (app: App, contracts: Contracts) =>
  buildOpenapi(app, contracts, { parts: datasetParts }) as unknown as CheckedDocument

/**
 * The app, which checks every injected response against the OpenAPI document of these contracts: the request
 * rejects with the fault.
 */
function checkedAgainstOpenapi(app: App, contracts: Contracts, more: object): App {
  const inject = app.inject.bind(app)
  const key = digestOf(canonicalJson([contracts.list().map(({ digest }) => digest), more]))
  const checkedInject = async (options: InjectOptions | string) => {
    const reply = await inject(options)
    const faultOf = conformances.get(key) ?? conformanceTo(documentOf(app, contracts))
    conformances.set(key, faultOf)
    const { method = 'GET', url = '/' } = typeof options === 'string' ? { url: options } : options
    const { statusCode: status, headers, body: text } = reply
    const fault = faultOf({ method, url: String(url) }, { status, headers, text })
    if (fault !== undefined) throw new Error(`Does not match the OpenAPI document: ${fault}`)
    return reply
  }
  return Object.assign(app, { inject: checkedInject as App['inject'] })
}

function requestsTo(app: App): Pick<TestContext, 'get' | 'post' | 'send'> {
  const answerOf = (reply: Awaited<ReturnType<App['inject']>>): Answer => ({
    status: reply.statusCode,
    headers: reply.headers,
    text: reply.body,
    bytes: reply.rawPayload,
    json: () => JSON.parse(reply.body),
  })
  return {
    get: async (url, headers = {}) => answerOf(await app.inject({ method: 'GET', url, headers })),
    send: async (method, url, authorization, body) =>
      answerOf(
        await app.inject({
          method,
          url,
          headers: { ...(authorization === undefined ? {} : { authorization }) },
          ...(body === undefined ? {} : { payload: body }),
        }),
      ),
    post: async (url, zip, authorization) =>
      answerOf(
        await app.inject({
          method: 'POST',
          url,
          headers: { authorization, 'content-type': 'application/zip' },
          payload: Buffer.from(zip),
        }),
      ),
  }
}

/** A temporary folder that is removed when the test ends. */
export async function temporaryFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'qingdan-journey-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Writes contracts as a folder of datasets, beside the shipped code lists. */
export async function writeDatasets(
  folder: string,
  contracts: readonly Contract[],
  { files = {}, shipped = [] }: Pick<TestContextOptions, 'files' | 'shipped'> = {},
): Promise<void> {
  for (const name of ['codes', ...shipped]) {
    await cp(join(shippedDatasets, name), join(folder, name), { recursive: true })
  }
  const written = contracts.map((contract) => [
    `${contract.dataset}/contract.v${contract.contractVersion}.json`,
    JSON.stringify(contract, null, 2),
  ])
  for (const [name, text] of [...written, ...Object.entries(files)] as [string, string][]) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
}

/** Rows about persons must be encrypted and synthetic. */
async function encryptedIfPersonal(context: OpenContext, input: BundleInput): Promise<Partial<NewBag>> {
  const { contract } = context.contracts.get(input.dataset, input.contractVersion ?? 1)
  if (!isPersonal(contract)) return {}
  return { synthetic: true, encryptTo: await readPublicKey((await loadServiceKey(context)).publicKey) }
}

/** Writes a bag of one file, `data/rows.csv`; equal rows give equal bags. */
export async function writeBag(
  inside: string,
  input: BundleInput,
  more: Partial<NewBag> = {},
): Promise<string> {
  const { dataset, edition, provider = 'edu-commission', contractVersion = 1, rows } = input
  const folder = await mkdtemp(join(inside, 'bag-'))
  await createBag({
    folder,
    dataset,
    edition,
    provider,
    contractVersion,
    files: [{ name: 'rows.csv', source: Buffer.from(rows) }],
    clock: () => new Date('2026-01-01T00:00:00Z'),
    ...more,
  })
  return folder
}

/** The bytes of a ZIP of a bag of one file. */
export async function zipOf(inside: string, input: BundleInput): Promise<Buffer> {
  const bag = await writeBag(inside, input)
  const target = `${bag}.zip`
  await packBag(bag, target)
  const bytes = await readFile(target)
  await rm(bag, { recursive: true })
  await rm(target)
  return bytes
}

/**
 * Publishes the shipped sample of an edition. `partsMax` leaves out the parts of further providers: each takes a
 * third of a second.
 */
export async function publishSample(
  testContext: Pick<TestContext, 'context' | 'take' | 'publish'>,
  dataset: string,
  edition: string,
  partsMax = Number.POSITIVE_INFINITY,
): Promise<void> {
  const { context, take } = testContext
  const { contract } = context.contracts.get(dataset)
  const { directories = {} } = contract.derivation ?? {}
  for (const directory of Object.values(directories))
    if ((await listVersions(context.database, { dataset: directory, edition })).length === 0)
      await publishSample(testContext, directory, edition)
  const samples = (await sampleRows(dataset, edition)).slice(0, partsMax)
  for (const { provider, rows, contractVersion } of samples)
    await take({ dataset, edition, provider, contractVersion, rows })
  const waivers = partsOf(contract)
    .filter((part) => !samples.some(({ provider }) => provider === part.provider))
    .map(({ provider }) => ({ provider, reason: 'Left out.' }))
  await publishApproved(testContext, dataset, edition, { waivers })
}

/** Publishes an edition; one that waits for an approval, as figures of samples may be implausible, is approved. */
export async function publishApproved(
  { context, publish }: Pick<TestContext, 'context' | 'publish'>,
  dataset: string,
  edition: string,
  options: Parameters<TestContext['publish']>[2],
): Promise<Publication> {
  const publication = await publish(dataset, edition, options)
  if (publication.state !== 'prepared') return publication
  await approvePublication(context, { id: publication.id, actor: 'cli:test' })
  return publishEdition(context, publication.id)
}

/** The shipped samples of a dataset and edition, limited to the first rows. */
export async function sampleRows(
  dataset: string,
  edition: string,
  rowsMax = Number.POSITIVE_INFINITY,
): Promise<readonly (Sample & { readonly rows: string; readonly contractVersion: number })[]> {
  const samples = (await listSamples(shippedDatasets)).filter(
    (sample) => sample.dataset === dataset && sample.edition === edition,
  )
  return Promise.all(
    samples.map(async (sample) => {
      const lines = (await readFile(sample.file, 'utf8')).trimEnd().split('\n')
      const contractVersion = await contractOf(dataset, lines[0] ?? '')
      return { ...sample, contractVersion, rows: `${lines.slice(0, rowsMax + 1).join('\n')}\n` }
    }),
  )
}

/** The number of the first contract of a dataset with the fields of a header, or else of its newest contract. */
async function contractOf(dataset: string, header: string): Promise<number> {
  const names = (await readdir(join(shippedDatasets, dataset))).filter((name) =>
    name.startsWith('contract.v'),
  )
  for (const [index, name] of names.sort().entries()) {
    const contract = JSON.parse(await readFile(join(shippedDatasets, dataset, name), 'utf8')) as Contract
    const fields = intakeFields(contract)
    if (fields.map((field) => field.name).join() === header) return index + 1
  }
  return names.length
}
