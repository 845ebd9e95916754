/** `qingdan erase`: erases versions and bundles, and verifies that a text is gone. */
import { getReceiptLike } from '../../ingest/index.ts'
import { type Erasure, eraseBundleAct, eraseVersionAct, verifyErasure } from '../../operations/index.ts'
import { actor, type Common, exitCodes, UsageError } from '../command.ts'
import { progressLine } from '../display/progress.ts'
import { counted, print, stateText, subjectOf } from '../output.ts'
import { withService } from '../with-context.ts'
import { confirm } from './confirm.ts'

export interface ErasureOptions extends Common {
  readonly reason: string
  readonly yes?: boolean
  readonly backups?: string
}

export async function eraseVersion(
  dataset: string,
  edition: string,
  number: string,
  options: ErasureOptions,
): Promise<number> {
  if (!/^[1-9]\d{0,5}$/.test(number)) throw new UsageError('The version is a number such as 1.')
  const name = `${dataset} ${edition} v${number}`
  const question = `Erase ${name}, its files, and the bundles that only it has rows of?`
  if (!(await confirm(question, options.yes))) return cancel()
  return withService(async (context) => {
    const of = { dataset, edition, version: Number(number) }
    const erasure = await eraseVersionAct(context, of, { ...options, actor: actor() })
    print.result(options, { ...of, ...erasure }, () => printErasure(name, erasure))
    return exitCodes.ok
  })
}

export async function eraseBundle(id: string, options: ErasureOptions): Promise<number> {
  return withService(async (context) => {
    const receipt = await getReceiptLike(context.database.work, id)
    const name = `bundle ${receipt.id.slice(0, 12)}`
    const question = `Erase the ${stateText(receipt)} ${name} (${subjectOf(receipt)})?`
    if (!(await confirm(question, options.yes))) return cancel()
    const erasure = await eraseBundleAct(context, receipt.id, { ...options, actor: actor() })
    print.result(options, { bundle: receipt.id, ...erasure }, () => {
      // The others of its group.
      const bundles = erasure.bundles.filter((id) => id !== receipt.id)
      printErasure(name, { ...erasure, bundles })
    })
    return exitCodes.ok
  })
}

function cancel(): number {
  print.refusal('Nothing was erased.')
  return exitCodes.refused
}

function printErasure(name: string, { at, already, wasPublished, bundles, remaining, sets }: Erasure): void {
  print.line(already ? `${name} was erased at ${at}; nothing of it is left.` : `${name} is erased.`)
  if (wasPublished) print.line('  Its address answers 410, and followers learn of it from the change log.')
  for (const bundle of bundles) print.line(`  bundle ${bundle} is erased`)
  for (const { bundle, versions } of remaining)
    print.line(`  bundle ${bundle} stays: ${versions.join(', ')} has rows of it`)
  if (sets === undefined)
    print.line('  Not recorded for restores. If there are backups, repeat this with --backups <folder>.')
  else if (sets.length > 0) {
    print.line('  These backup sets may still hold the bytes; a restore from them applies the erasure again:')
    for (const set of sets) print.line(`    ${set}`)
    print.line('  They hold them until qingdan backup --keep removes the sets, or you do.')
  }
  print.line('  What remains until when: docs/erasure.md. To force it out: qingdan erase --verify <marker>')
}

export interface VerifyOptions extends Common {
  readonly verify?: string
}

/** Shorter texts occur by chance. */
const markerLengthMin = 4
const markerLengthMax = 200

export async function verify({ verify: marker, ...options }: VerifyOptions): Promise<number> {
  if (marker === undefined)
    throw new UsageError('Name what to erase, or use --verify: see qingdan erase --help.')
  const { length } = [...marker]
  // SQL shows a row with its quotes and backslashes escaped.
  if (length < markerLengthMin || length > markerLengthMax || /["\\\p{Cc}]/u.test(marker)) {
    throw new UsageError(
      `--verify takes ${markerLengthMin} to ${markerLengthMax} characters without quotes, backslashes and line breaks.`,
    )
  }
  return withService(async (context) => {
    const check = await verifyErasure(context, marker, progressLine('erase'))
    const isFound = check.tables.length + check.files.length > 0
    print.result(options, { isFound, ...check }, () => {
      for (const { table, rows } of check.tables)
        print.line(`found in table ${table}, ${counted(rows, 'row')}`)
      for (const path of check.files) print.line(`found in file ${path}`)
      for (const { path, reason } of check.unsearched) print.line(`not searched: ${path} (${reason})`)
      for (const { step, sql } of check.refused)
        print.line(`not done: ${step}. An administrator of the database can run: ${sql}`)
      if (!check.isEmbedded)
        print.line(
          'not searched: files and write-ahead log of the server at DATABASE_URL; see docs/erasure.md',
        )
      if (!isFound) print.line(`Not found in any table, nor in ${counted(check.filesSearched, 'file')}.`)
    })
    return isFound ? exitCodes.refused : exitCodes.ok
  })
}
