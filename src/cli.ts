/**
 * The side door: what an officer does at the machine itself. It opens the database directly, so holding the data
 * folder or the URL is the authority; the audit records what was done. It works beside a running service.
 */
import { stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { basename, extname } from 'node:path'
import { Command, CommanderError, Option } from 'commander'
import { pino } from 'pino'
import { createKey, listKeys, revokeKey, writeAudit } from './access/index.ts'
import { ConfigError, loadConfig } from './base/config.ts'
import { Problem, problems } from './base/problem.ts'
import { anonymous, scopes } from './base/reader.ts'
import { latestOf, listVersions } from './catalogue/index.ts'
import { checkBundle } from './check.ts'
import { print, progressLine, table } from './cli-output.ts'
import { ContractError, partsOf } from './contract/index.ts'
import { loadHouseContracts, type OpenHouse, openHouse } from './house.ts'
import {
  askPublication,
  listFindings,
  listReceipts,
  publishEdition,
  type Receipt,
  receive,
  takeBundle,
  withdraw,
} from './ingest/index.ts'
import { findList, listYears } from './lists/index.ts'
import { withBag } from './loose-files.ts'
import { withoutValues } from './store/index.ts'

/** What an exit code says. A script can tell bad input from a bad machine. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, refused: 3, problem: 4 } as const

interface Common {
  readonly json?: boolean
}

/** Runs a command line and gives the exit code. Results go to standard output, progress and refusals to standard error. */
export async function run(argv: readonly string[]): Promise<number> {
  quietOnClosedPipe()
  let code: number = exitCodes.ok
  const program = buildProgram((result) => {
    code = result
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    return explain(error)
  }
}

/** `qingdan list | head` closes the pipe early: that is how pipes end, and what the command does goes on to its end. */
function quietOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) {
    // Commander has told its own refusals already, and not those that a command of ours throws.
    if (!error.code.startsWith('commander.')) print.refusal(error.message)
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  }
  if (error instanceof Problem) {
    const { title, hint } = problems[error.code]
    const { detail, ...facts } = error.detail
    print.refusal(`${title}${detail === undefined ? '' : `: ${detail}`} (${error.code})`)
    for (const [name, value] of Object.entries(facts)) print.refusal(`  ${name}: ${JSON.stringify(value)}`)
    print.refusal(`  ${hint}`)
    return exitCodes.problem
  }
  const told = withoutValues(error)
  print.refusal(told instanceof Error ? told.message : String(told))
  return error instanceof ConfigError || error instanceof ContractError ? exitCodes.usage : exitCodes.failed
}

function buildProgram(end: (code: number) => void): Command {
  const program = new Command('qingdan')
    .description('Qingdan 清单: the open-data service of an education authority.')
    .exitOverride()
    .showHelpAfterError('(qingdan --help, or qingdan <command> --help)')
    .addHelpText(
      'after',
      '\nSettings come from the environment: see .env.example. The data folder is ./var unless QINGDAN_DATA says ' +
        'otherwise.\nExit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 the data were refused, 4 not possible now.',
    )
  const add = (name: string, about: string) =>
    program.command(name).description(about).option('--json', 'print the result as JSON')
  serveCommands(program, end)
  add('check', 'check contracts, or bundles, without a database')
    .argument('[path...]', 'bag folders or ZIPs; without any, the contracts are checked')
    .action(async (paths: string[], options: Common) => end(await check(paths, options)))
  ingestCommand(add('ingest', 'bring bundles: verify, validate and stage them'), end)
  add('publish', 'make an edition public from the parts in hand')
    .argument('<dataset>')
    .argument('<edition>', 'such as 2025 or 2025-2026')
    .option('--reason <text>', 'why this version is made; needed for a correction, and published')
    .option('--waive <provider=reason...>', 'publish without this part; the reason is published')
    .action(async (dataset: string, edition: string, options: PublishOptions) =>
      end(await publish(dataset, edition, options)),
    )
  add('withdraw', 'take a published version back; its address answers 410 from then on')
    .argument('<dataset>')
    .argument('<edition>')
    .argument('<version>', 'number of the version')
    .requiredOption('--reason <text>', 'why; it is published')
    .action(async (dataset: string, edition: string, version: string, options: Common & { reason: string }) =>
      end(await withdrawVersion(dataset, edition, version, options)),
    )
  keyCommands(program, end)
  add('list', 'list datasets with their editions, the items of an annual list, or bundles')
    .argument('[what]', 'datasets, items or bundles', 'datasets')
    .option('--year <year>', 'year of the annual list; by default the newest')
    .action((what: string, options: Common & { year?: string }) => list(what, options))
  return program
}

function serveCommands(program: Command, end: (code: number) => void): void {
  program
    .command('serve')
    .description('start the service and serve until SIGTERM or Ctrl+C')
    .action(async () => {
      // Only this command needs the HTTP service, whose modules take longest to load.
      const { serve } = await import('./serve.ts')
      end(await serve(process.env))
    })
  program
    .command('migrate')
    .description('bring the database to the newest form, and do nothing else')
    .action(async () => withHouse(async () => print.line('The database has the newest form.')))
}

/** Opens the house for one command and closes it whatever happens. Log lines stay quiet below `error`. */
async function withHouse<T>(work: (house: OpenHouse) => Promise<T>): Promise<T> {
  const level = process.env['QINGDAN_LOG_LEVEL'] ?? 'error'
  const config = loadConfig(process.env)
  const house = await openHouse(
    config,
    pino({ level, base: null }, pino.destination({ dest: 2, sync: true })),
  )
  try {
    return await work(house)
  } finally {
    await house.close()
  }
}

const actor = () => `cli:${userInfo().username}`

async function check(paths: readonly string[], options: Common): Promise<number> {
  const config = loadConfig(process.env)
  const contracts = await loadHouseContracts(config)
  if (paths.length === 0) {
    const loaded = contracts.list().map(({ contract, digest, file }) => ({
      dataset: contract.dataset,
      contractVersion: contract.contractVersion,
      sha256: digest,
      file,
    }))
    print.result(options, loaded, () => table(loaded, ['dataset', 'contractVersion', 'file']))
    return exitCodes.ok
  }
  let code: number = exitCodes.ok
  for (const path of paths) {
    const report = await checkBundle(path, contracts, config, progressLine(path))
    print.result(options, { path, ...report }, () => print.findings(path, report))
    if (report.errors > report.tolerance) code = exitCodes.refused
  }
  return code
}

interface IngestOptions extends Common {
  readonly dataset?: string
  readonly edition?: string
  readonly provider?: string
  readonly synthetic?: boolean
}

function ingestCommand(command: Command, end: (code: number) => void): void {
  command
    .argument('<path...>', 'bag folders or ZIPs; or loose CSV files, with the options below')
    .addOption(new Option('--dataset <slug>', 'for loose CSV files: the dataset they are for'))
    .addOption(new Option('--edition <name>', 'for loose CSV files: the edition'))
    .addOption(
      new Option('--provider <code>', 'for loose CSV files: who provides them; by default the only one'),
    )
    .addOption(new Option('--synthetic', 'for loose CSV files: the data are made up'))
    .action(async (paths: string[], options: IngestOptions) => end(await ingest(paths, options)))
}

async function ingest(paths: readonly string[], options: IngestOptions): Promise<number> {
  for (const path of paths) await stat(path)
  return withHouse(async (house) => {
    const loose = paths.filter((path) => extname(path).toLowerCase() === '.csv')
    const bags = paths.filter((path) => !loose.includes(path))
    // Before anything is taken: a command line that is refused has done nothing.
    const purpose = loose.length === 0 ? undefined : purposeOf(house, options)
    let code: number = exitCodes.ok
    const take = async (path: string, name: string) => {
      const received = await receive(house, { path, broughtBy: actor() })
      const receipt = await takeBundle(house, received.id, progressLine(name))
      await printReceipt(house, receipt, options)
      if (receipt.state === 'refused') code = exitCodes.refused
    }
    for (const path of bags) await take(path, path)
    if (purpose === undefined) return code
    const files = loose.map((path) => ({ name: basename(path), source: path }))
    const bag = { ...purpose, files, clock: house.clock }
    await withBag(bag, (folder) => take(folder, loose.join(', ')))
    return code
  })
}

/** What a bag needs to know and a loose file does not say. */
function purposeOf(house: OpenHouse, options: IngestOptions) {
  const { dataset, edition } = options
  if (dataset === undefined || edition === undefined) {
    throw new CommanderError(exitCodes.usage, 'usage', 'A loose CSV needs --dataset and --edition.')
  }
  const { contract } = house.contracts.get(dataset)
  const providers = partsOf(contract).map((part) => part.provider)
  const provider = options.provider ?? (providers.length === 1 ? providers[0] : undefined)
  if (provider === undefined) {
    throw new CommanderError(exitCodes.usage, 'usage', `--provider must be one of ${providers.join(', ')}.`)
  }
  const { contractVersion } = contract
  return { dataset, edition, provider, contractVersion, synthetic: options.synthetic === true }
}

/** Findings shown in a terminal; all that are kept are in the JSON. */
const findingsShown = 20

async function printReceipt(house: OpenHouse, receipt: Receipt, options: Common): Promise<void> {
  const limit = options.json ? house.config.QINGDAN_FINDINGS_MAX : findingsShown
  const findings = await listFindings(house.database.work, receipt.id, { after: 0, limit })
  print.result(options, { ...receipt, findings }, () => print.receipt(receipt, findings))
}

interface PublishOptions extends Common {
  readonly reason?: string
  readonly waive?: readonly string[]
}

async function publish(dataset: string, edition: string, options: PublishOptions): Promise<number> {
  const waivers = (options.waive ?? []).map((text) => {
    const [provider = '', ...reason] = text.split('=')
    if (reason.join('=').trim() === '') {
      throw new CommanderError(
        exitCodes.usage,
        'usage',
        '--waive takes provider=reason: the reason is published.',
      )
    }
    return { provider, reason: reason.join('=').trim() }
  })
  return withHouse(async (house) => {
    const reason = options.reason === undefined ? {} : { reason: options.reason }
    const asked = await askPublication(house, { dataset, edition, waivers, askedBy: actor(), ...reason })
    await writeAudit(house.database.work, {
      at: house.clock(),
      actor: actor(),
      action: 'publish',
      subject: `${dataset}/${edition}/v${asked.version}`,
      detail: { waived: waivers.map(({ provider }) => provider), ...reason },
    })
    const publication = await publishEdition(house, asked.id, progressLine(`${dataset} ${edition}`))
    print.result(options, publication, () => print.publication(publication))
    return publication.state === 'refused' ? exitCodes.refused : exitCodes.ok
  })
}

async function withdrawVersion(
  dataset: string,
  edition: string,
  version: string,
  options: Common & { readonly reason: string },
): Promise<number> {
  if (!/^[1-9]\d{0,5}$/.test(version)) {
    throw new CommanderError(exitCodes.usage, 'usage', 'The version is a number such as 1.')
  }
  return withHouse(async (house) => {
    const asked = { dataset, edition, version: Number(version), reason: options.reason, actor: actor() }
    const first = await withdraw(house, asked)
    print.result(options, { ...asked, withdrawn: true, already: !first }, () =>
      print.line(first ? `${dataset} ${edition} v${version} is withdrawn.` : 'It had been withdrawn before.'),
    )
    return exitCodes.ok
  })
}

function keyCommands(program: Command, end: (code: number) => void): void {
  const key = program.command('key').description('make, list and revoke keys')
  key
    .command('create')
    .description('make a key; it is shown this once and only its digest is kept')
    .requiredOption('--label <text>', 'who or what the key is for')
    .requiredOption('--scope <scope...>', `any of ${scopes.join(', ')}`)
    .option('--provider <code>', 'the only provider that the key speaks for')
    .option('--dataset <slug...>', 'the only datasets that the key is for')
    .option('--expires <instant>', 'such as 2027-01-01T00:00:00+08:00')
    .option('--json', 'print the result as JSON')
    .action(async (options: KeyOptions) => createKeyCommand(options))
  key
    .command('list')
    .description('all keys, without their secrets')
    .option('--json', 'print the result as JSON')
    .action((options: Common) =>
      withHouse(async (house) => {
        const keys = await listKeys(house.database)
        print.result(options, keys, () =>
          table(keys, ['id', 'label', 'scopes', 'provider', 'expiresAt', 'revokedAt']),
        )
      }),
    )
  key
    .command('revoke')
    .description('revoke a key for good')
    .argument('<id>')
    .action((id: string) =>
      withHouse(async (house) => {
        const revoked = await revokeKey(house.database, id, { clock: house.clock, actor: actor() })
        if (revoked) return print.line(`The key ${id} is revoked.`)
        print.refusal(`There is no key ${id}; qingdan key list names them all.`)
        end(exitCodes.problem)
      }),
    )
}

interface KeyOptions extends Common {
  readonly label: string
  readonly scope: readonly string[]
  readonly provider?: string
  readonly dataset?: readonly string[]
  readonly expires?: string
}

async function createKeyCommand(options: KeyOptions): Promise<void> {
  const wanted = scopes.filter((scope) => options.scope.includes(scope))
  if (wanted.length !== new Set(options.scope).size) {
    throw new CommanderError(exitCodes.usage, 'usage', `--scope takes any of ${scopes.join(', ')}.`)
  }
  const expiresAt = options.expires === undefined ? undefined : new Date(options.expires)
  if (expiresAt !== undefined && Number.isNaN(expiresAt.getTime())) {
    throw new CommanderError(
      exitCodes.usage,
      'usage',
      '--expires takes an instant such as 2027-01-01T00:00:00+08:00.',
    )
  }
  await withHouse(async (house) => {
    const made = await createKey(
      house.database,
      {
        label: options.label,
        scopes: wanted,
        ...(options.provider === undefined ? {} : { provider: options.provider }),
        ...(options.dataset === undefined ? {} : { datasets: options.dataset }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      },
      { clock: house.clock, actor: actor() },
    )
    print.result(options, made, () =>
      print.line(`${made.secret}\n(shown this once; only its digest is kept)`),
    )
  })
}

async function list(what: string, options: Common & { readonly year?: string }): Promise<void> {
  if (what === 'datasets') return withHouse((house) => listDatasets(house, options))
  if (what === 'items') return withHouse((house) => listItems(house, options))
  if (what === 'bundles') return withHouse((house) => listBundles(house, options))
  throw new CommanderError(exitCodes.usage, 'usage', 'List datasets, items or bundles.')
}

async function listDatasets(house: OpenHouse, options: Common): Promise<void> {
  const versions = await listVersions(house.database)
  const rows = house.contracts.list().map(({ contract }) => {
    const own = versions.filter((version) => version.dataset === contract.dataset)
    const latest = latestOf(own)
    return {
      dataset: contract.dataset,
      title: contract.title.zh,
      editions: new Set(own.map((version) => version.edition)).size,
      latest: latest === undefined ? '' : `${latest.edition} v${latest.number}`,
      records: latest?.records ?? 0,
      published: latest?.publishedAt.toISOString() ?? '',
    }
  })
  print.result(options, rows, () =>
    table(rows, ['dataset', 'editions', 'latest', 'records', 'published', 'title']),
  )
}

async function listItems(house: OpenHouse, options: Common & { readonly year?: string }): Promise<void> {
  const reader = { ...anonymous, scopes: ['read-restricted'] as const }
  const year = options.year ?? (await listYears(house, reader))[0]
  const found = year === undefined ? undefined : await findList(house, reader, year)
  const rows = (found?.items ?? []).map(({ record: _record, ...item }) => item)
  print.result(options, { year, rates: found?.rates, items: rows }, () =>
    table(rows, ['number', 'state', 'due', 'firstPublished', 'dataset', 'name']),
  )
}

async function listBundles(house: OpenHouse, options: Common): Promise<void> {
  const rows = await listReceipts(house.database.work)
  const shown = rows.map((row) => ({ ...row, id: row.id.slice(0, 12) }))
  print.result(options, rows, () =>
    table(shown, ['id', 'state', 'dataset', 'edition', 'provider', 'errors', 'warnings', 'receivedAt']),
  )
}
