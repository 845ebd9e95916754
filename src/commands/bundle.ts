/** `qingdan bundle`: packs loose files into a bundle for whoever receives it, and looks at one. No database, no network. */
import { cp, rename, rm, stat } from 'node:fs/promises'
import { basename, extname, resolve } from 'node:path'
import { loadConfig } from '../base/config.ts'
import { packBag } from '../bundle/index.ts'
import { loadHouseContracts } from '../house.ts'
import { bagName, withBag } from '../loose-files.ts'
import { type CheckOptions, checkPaths } from './check.ts'
import { checkBundle } from './check-bundle.ts'
import {
  type AddCommand,
  type Common,
  command,
  exitCodes,
  type FindingsOption,
  findingsOption,
  requirePaths,
  UsageError,
} from './command.ts'
import { keysOption, openKeyFile } from './key-files.ts'
import { print, progressLine, writeFindings } from './output.ts'
import { askPurpose, type PurposeOptions, purposeOf } from './purpose.ts'

interface CreateOptions extends Common, FindingsOption, PurposeOptions {
  readonly sequence?: string
  readonly sign?: string
  readonly passphraseFile?: string
  readonly out?: string
}

export const bundleCommand: AddCommand = (program, end) => {
  const bundle = program.command('bundle').description('pack bundles and look at them, without a database')
  command(bundle, 'create', 'check CSV files as their receiver would, and pack them')
    .argument('<file...>', 'CSV files: their headers are the names, titles or aliases of the contract')
    .option('--dataset <slug>', 'the dataset they are for; asked for where it is not given')
    .option('--edition <name>', 'the edition')
    .option('--provider <code>', 'who provides them; by default the only one')
    .option('--sequence <number>', 'the running number of what this provider sends for the dataset')
    .option('--synthetic', 'the data are made up')
    .option('--sign <key.asc>', 'your private OpenPGP key; its passphrase is asked for')
    .option('--passphrase-file <file>', 'where the passphrase of the key stands, for a script')
    .option('--out <path>', 'a ZIP, or a folder; by default a ZIP named like dataset, edition and provider')
    .option(...findingsOption)
    .addHelpText(
      'after',
      `
What would be refused there is told here, cell by cell, and then nothing is written. Nothing is written over, either.`,
    )
    .action(async (files: string[], options: CreateOptions) => end(await create(files, options)))
  command(bundle, 'verify', 'look whether bundles are whole and would be taken')
    .argument('<path...>', 'bag folders or ZIPs')
    .option(...findingsOption)
    .option(...keysOption)
    .action(async (paths: string[], options: CheckOptions) => end(await checkPaths(paths, options)))
}

async function create(files: readonly string[], options: CreateOptions): Promise<number> {
  await requirePaths(files)
  for (const file of files) {
    if (extname(file).toLowerCase() !== '.csv') throw new UsageError(`${file} is no CSV file.`)
  }
  const sequence = sequenceOf(options)
  const config = loadConfig(process.env)
  const contracts = await loadHouseContracts(config)
  const purpose = purposeOf(contracts, await askPurpose(contracts, options))
  const out = resolve(options.out ?? `${bagName(purpose)}.zip`)
  if (await isThere(out)) throw new UsageError(`${out} is there already; name another by --out.`)
  const signWith = options.sign === undefined ? {} : { signWith: await openKeyFile(options.sign, options) }
  const sources = files.map((path) => ({ name: basename(path), source: path }))
  const bag = { ...purpose, ...sequence, files: sources, clock: () => new Date(), ...signWith }
  return withBag(bag, async (folder) => {
    const report = await checkBundle(folder, contracts, config, progressLine(bagName(purpose)))
    const isRefused = !report.isInOrder
    await writeFindings(options, [report.findings])
    if (!isRefused) await writeBundle(folder, out)
    const signer = signWith.signWith?.fingerprint ?? null
    print.result(
      options,
      { ...purpose, ...sequence, path: isRefused ? null : out, signer, ...report },
      () => {
        print.report(isRefused ? files.join(', ') : out, report)
        if (!isRefused) print.line(signer === null ? `  ${unsignedHint}` : `  signed by ${signer}`)
      },
    )
    return isRefused ? exitCodes.refused : exitCodes.ok
  })
}

const unsignedHint = 'Not signed: its receiver may refuse it. --sign <key.asc> signs.'

/** It appears whole, or not at all. What a killed run has left of it is no part of this one. */
export async function writeBundle(folder: string, out: string): Promise<void> {
  const part = `${out}.part`
  await rm(part, { recursive: true, force: true })
  if (extname(out).toLowerCase() === '.zip') await packBag(folder, part)
  else await cp(folder, part, { recursive: true, errorOnExist: true, force: false })
  await rename(part, out)
}

function sequenceOf({ sequence }: CreateOptions): { readonly sequence?: number } {
  if (sequence === undefined) return {}
  if (!/^[1-9]\d{0,8}$/.test(sequence)) throw new UsageError('--sequence takes a whole number from 1 on.')
  return { sequence: Number(sequence) }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
