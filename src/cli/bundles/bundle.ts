/** `qingdan bundle`: packs loose files into a bundle, and inspects one. Needs no database and no network. */

import { cp, rename, rm } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { type BagGroup, isTableFile, limitsOf, packBag } from '../../bundle/index.ts'
import { isPersonal } from '../../contract/index.ts'
import { fileExists } from '../../platform/file-exists.ts'
import type { CheckContext, CheckReport } from '../check-bundle.ts'
import { checkBundles } from '../check-bundles.ts'
import { type Common, exitCodes, type FindingsOption, requirePaths, UsageError } from '../command.ts'
import { progressLine } from '../display/progress.ts'
import { loadCurrentContracts } from '../load-contracts.ts'
import { loadSettings } from '../load-settings.ts'
import { print, writeFindings } from '../output.ts'
import { type FileOptions, filesOf, spreadFiles } from './bundle-files.ts'
import { readDirectoryFiles } from './directories.ts'
import { openKeyFile, readPublicKeyFile } from './key-files.ts'
import { bagName, looseSources, withBags } from './loose-files.ts'
import { type PurposeOptions, promptPurpose, purposeOf } from './purpose.ts'

export interface CreateOptions extends Common, FindingsOption, PurposeOptions, FileOptions {
  readonly sequence?: string
  readonly sheet?: string
  readonly sign?: string
  readonly passphraseFile?: string
  readonly encryptTo?: string
  readonly directory?: readonly string[]
  readonly out?: string
}

export async function create(paths: readonly string[], options: CreateOptions): Promise<number> {
  const { files, ...kind } = filesOf(paths, options)
  const named = files.map(({ source }) => source)
  await requirePaths(named)
  for (const file of named) {
    if (!isTableFile(file)) throw new UsageError(`${file} is not a CSV or XLSX file.`)
  }
  const sequence = sequenceOf(options)
  const config = loadSettings(process.env)
  const contracts = await loadCurrentContracts(config)
  const purpose = purposeOf(contracts, await promptPurpose(contracts, options))
  const name = bagName(purpose)
  const out = resolve(options.out ?? `${name}.zip`)
  const { contract } = contracts.get(purpose.dataset)
  const sources = await looseSources(files, { contract, limits: limitsOf(config), sheet: options.sheet })
  const spread = await spreadFiles(sources, options, {
    name,
    purpose: { ...purpose, ...sequence, ...kind },
    bagsMax: config.QINGDAN_GROUP_BAGS_MAX,
  })
  const outs = spread.map(({ group }) => outOf(out, group))
  for (const each of outs)
    if (await fileExists(each))
      throw new UsageError(`${each} already exists; choose another path with --out.`)
  const signWith = options.sign === undefined ? {} : { signWith: await openKeyFile(options.sign, options) }
  const encryptTo = options.encryptTo === undefined ? undefined : await readPublicKeyFile(options.encryptTo)
  if (isPersonal(contract) && encryptTo === undefined) {
    throw new UsageError(
      `Rows of ${purpose.dataset} are personal data and must be encrypted: add --encrypt-to <key.asc>.`,
    )
  }
  const progress = progressLine(name)
  const directories = await readDirectoryFiles(options.directory ?? [], purpose, {
    contracts,
    config,
    progress,
  })
  const common = { ...purpose, ...sequence, ...kind, clock: () => new Date(), ...signWith }
  const bags = spread.map((share) => ({ ...common, ...share }))
  // Rows are checked before they are encrypted, so the bags that are sent differ from the bags checked.
  const checked = encryptTo === undefined ? bags : bags.map((bag) => ({ ...bag, signWith: undefined }))
  return withBags(checked, async (folders) => {
    const checkContext = { contracts, config, progress, directories, signature: 'none' as const }
    const report = await checkCreated(folders, checkContext)
    const isRefused = !report.isInOrder
    await writeFindings(options, [report.findings])
    if (!isRefused && encryptTo === undefined) await writeBundles(folders, outs)
    if (!isRefused && encryptTo !== undefined) {
      const sealed = bags.map((bag, index) => ({
        ...bag,
        // Packs the bytes that were checked, even if the source files have changed since.
        files: bag.files.map((file) => ({ ...file, source: join(folders[index] ?? '', 'data', file.name) })),
        encryptTo,
      }))
      await withBags(sealed, (encrypted) => writeBundles(encrypted, outs))
    }
    const signer = signWith.signWith?.fingerprint ?? null
    const unread = Object.keys(contract.derivation?.directories ?? {}).filter((one) => !(one in directories))
    const path = isRefused ? null : (outs[0] ?? null)
    const more = outs.length === 1 || isRefused ? {} : { paths: outs }
    print.result(options, { ...purpose, ...sequence, ...kind, path, ...more, signer, ...report }, () => {
      print.report(isRefused ? named.join(', ') : outs.join(', '), report)
      for (const directory of unread)
        print.line(
          `  Not looked up: ${directory}. Download its CSV from the receiver, and add --directory ${directory}=<file>.`,
        )
      if (!isRefused) print.line(signer === null ? `  ${unsignedHint}` : `  signed by ${signer}`)
    })
    return isRefused ? exitCodes.refused : exitCodes.ok
  })
}

/** The bags form one bundle, so there is one report. */
async function checkCreated(folders: readonly string[], checkContext: CheckContext): Promise<CheckReport> {
  for await (const { report } of checkBundles(folders, checkContext)) return report
  throw new Error('at least one bag was created')
}

/** The output path of a bag: one of several gets its number before the extension. */
function outOf(out: string, group: BagGroup | undefined): string {
  if (group === undefined) return out
  const extension = extname(out).toLowerCase() === '.zip' ? extname(out) : ''
  const stem = out.slice(0, out.length - extension.length)
  return `${stem}-${group.number}-of-${group.count}${extension}`
}

const unsignedHint = 'Not signed; the receiver may refuse it. Sign with --sign <key.asc>.'

/** Writes the bundle completely or not at all. Overwrites what an interrupted run left behind. */
export async function writeBundle(folder: string, out: string): Promise<void> {
  await writeBundles([folder], [out])
}

/** Each bundle appears complete or not at all, and none appears before all are written. */
async function writeBundles(folders: readonly string[], outs: readonly string[]): Promise<void> {
  for (const [index, folder] of folders.entries()) {
    const part = `${outs[index] ?? ''}.part`
    await rm(part, { recursive: true, force: true })
    if (extname(part.slice(0, -'.part'.length)).toLowerCase() === '.zip') await packBag(folder, part)
    else await cp(folder, part, { recursive: true, errorOnExist: true, force: false })
  }
  for (const out of outs) await rename(`${out}.part`, out)
}

function sequenceOf({ sequence }: CreateOptions): { readonly sequence?: number } {
  if (sequence === undefined) return {}
  if (!/^[1-9]\d{0,8}$/.test(sequence))
    throw new UsageError('--sequence must be a whole number of at least 1.')
  return { sequence: Number(sequence) }
}
