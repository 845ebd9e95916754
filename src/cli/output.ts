/** Output of the CLI: results on standard output, progress and errors on standard error. */
import { writeFile } from 'node:fs/promises'
import { findingsCsv, missingNumbers } from '../bundle/index.ts'
import type { Exceeded } from '../contract/index.ts'
import type { Receipt } from '../ingest/index.ts'
import type { Finding } from '../platform/finding.ts'
import type { PendingReason, Publication } from '../publication/index.ts'
import type { CheckReport } from './check-bundle.ts'
import type { FindingsOption } from './command.ts'
import { widthOf } from './display/width.ts'
import { heading, languageInUse, localised, phrase } from './phrases.ts'
import { clearProgress, writeData, writeLine, writeRefusal } from './terminal.ts'

export const print = {
  line: writeLine,
  data: writeData,
  refusal: writeRefusal,
  /** Prints a result as one line of JSON with `json`, else as text. */
  result: (options: { readonly json?: boolean }, value: unknown, text: () => void) => {
    clearProgress()
    if (options.json === true) process.stdout.write(`${JSON.stringify(value)}\n`)
    else text()
  },
  receipt: (receipt: Receipt, findings: readonly Finding[]) => {
    const { changes, against } = receipt
    print.line(`${stateText(receipt)}  ${subjectOf(receipt)}`)
    print.line(`  receipt ${receipt.id}`)
    for (const file of receipt.files) {
      print.line(
        `  ${file.file}: ${counted(file.rowsRead, 'row')} read, ${file.rowsTaken} taken, ${file.rowsRefused} refused${repairsText(file.repairs)}`,
      )
    }
    if (changes !== null) {
      const { added, changed, deleted, unchanged } = changes
      print.line(
        `  compared with version ${against}: ${counted(added, 'row')} added, ${changed} changed, ${deleted} deleted, ${unchanged} unchanged`,
      )
    }
    printPart(receipt)
    printExceeded(receipt.exceeded)
    printFindings(findings, receipt.errors, receipt.warnings)
  },
  report: (path: string, report: CheckReport) => {
    print.line(`${report.isInOrder ? 'valid' : 'invalid'}  ${path}`)
    printExceeded(report.exceeded)
    printFindings(report.findings, report.errors, report.warnings)
  },
  /** Prints the findings that reject a whole bag. */
  findings: (path: string, findings: readonly Finding[]) => {
    print.line(`refused  ${path}`)
    printFindings(findings, findings.length, 0)
  },
  publication: (publication: Publication, waits: readonly PendingReason[] = []) => {
    const { dataset, edition, version, state, digest, releaseAt } = publication
    print.line(`${state === 'done' ? 'published' : state}  ${dataset} ${edition} v${version}`)
    if (state === 'prepared') print.line(`  sha256 ${digest}`)
    for (const wait of waits) print.line(`  ${waitTexts[wait](publication)}`)
    if (state === 'prepared' && waits.length === 0) print.line('  The running service releases it now.')
    if (state === 'prepared' && releaseAt !== null && !waits.includes('moment'))
      print.line('  Its release time has passed.')
    for (const finding of publication.findings) {
      const expected = finding.expected === undefined ? '' : ` (${finding.expected})`
      print.data(`  ${finding.check}: ${messageOf(finding)}${expected}`)
    }
  },
}

/** What was corrected, behind the numbers of rows: `, repaired: 4 date, 1 width`. */
export function repairsText(repairs: Readonly<Record<string, number>>): string {
  const entries = Object.entries(repairs)
  if (entries.length === 0) return ''
  if (languageInUse() === 'en')
    return `, repaired: ${entries.map(([name, count]) => `${count} ${name}`).join(', ')}`
  return `，已更正：${entries.map(([name, count]) => `${phrase(`(${name})`)} ${count}`).join('、')}`
}

/** What a receipt is about, as far as its manifest could be verified; else who brought it. */
export function subjectOf({ dataset, edition, provider, broughtBy, packing }: Receipt): string {
  const known = [dataset, edition, provider].filter((one) => one !== null)
  const kind = packing === 'zip' ? 'a ZIP' : 'a folder'
  return known.length > 0 ? known.join(' ') : `${kind} from ${broughtBy}, whose manifest is not verified`
}

/** The state of a receipt in words; an erased one is not called dropped. For a group also how many bags have arrived and which are missing. */
export function stateText({ state, group, decision }: Receipt): string {
  if (state === 'dropped' && decision?.act === 'erase') return 'erased'
  if (state !== 'waiting' || group === null) return state
  const missing = missingNumbers(group.count, group.here)
  return `waiting: ${group.here.length} of ${group.count} bags received, missing ${shorten(missing)}`
}

/** Missing numbers that are shown; there may be a thousand. */
const missingShown = 10

function shorten(numbers: readonly number[]): string {
  const shown = numbers.slice(0, missingShown).join(', ')
  return numbers.length > missingShown ? `${shown} …` : shown
}

/** What a publication waits for, and what or who ends the wait. */
const waitTexts: Readonly<Record<PendingReason, (publication: Publication) => string>> = {
  moment: ({ releaseAt }) =>
    `The running service releases it at ${releaseAt?.toISOString()}; this command need not keep running.`,
  approval: ({ dataset, edition, askedBy, findings }) =>
    findings.length === 0
      ? `Needs the approval of someone other than ${askedBy}: qingdan approve ${dataset} ${edition}`
      : `It has warnings. Release it by qingdan approve ${dataset} ${edition}, or cancel it by qingdan drop.`,
}

function printPart({ state, inHand, replaces, decision, id }: Receipt): void {
  if (replaces !== null) print.line(`  replaced the part of receipt ${replaces}`)
  else if (state === 'staged' && !inHand)
    print.line('  a part received later is current; this one replaced none')
  if (decision !== null) print.line(`  ${decision.act}, ${decision.at}: ${decision.reason}`)
  if (state === 'quarantined') {
    print.line(`  In quarantine; the last accepted part stays current. Send a corrected bundle, or decide:`)
    print.line(`  qingdan quarantine release ${id.slice(0, 12)} --reason …   (or drop)`)
  }
}

const boundTexts = {
  errors: (found) => counted(found, 'error'),
  warnings: (found) => counted(found, 'warning'),
  errorShare: (found) => `${percent(found)} of the rows with an error`,
} as const satisfies Readonly<Record<Exceeded['bound'], (found: number) => string>>

const percent = (share: number) => `${(share * 100).toFixed(2)} %`

function printExceeded(exceeded: readonly Exceeded[]): void {
  for (const { bound, allowed, found } of exceeded) {
    const limit = bound === 'errorShare' ? percent(allowed) : allowed
    print.line(`  ${boundTexts[bound](found)}; the contract allows ${limit}`)
  }
}

function messageOf({ message, messageZh }: Finding): string {
  return languageInUse() === 'zh' ? messageZh : message
}

/** A finding on a line: its severity, place, check and message in the language in use. */
export function findingLine(finding: Finding): string {
  const { severity, file, cell, row, header, field, check, expected } = finding
  const place = [file, cell ?? (row === undefined ? undefined : phrase`row ${row}`), header ?? field]
  const more = expected === undefined ? '' : ` (${expected})`
  return `${severity}  ${place.filter(Boolean).join(' ')}  ${check}: ${messageOf(finding)}${more}`
}

function printFindings(findings: readonly Finding[], errors: number, warnings: number): void {
  if (errors + warnings === 0) return
  print.line(`  ${counted(errors, 'error')}, ${counted(warnings, 'warning')}`)
  for (const finding of findings) print.line(`  ${findingLine(finding)}`)
  if (findings.length < errors + warnings)
    print.line(`  … ${errors + warnings - findings.length} more; --json prints all that are stored`)
}

/** Writes findings as CSV if a file is given; an existing file is replaced. */
export async function writeFindings(
  { findings: path }: FindingsOption,
  batches: AsyncIterable<readonly Finding[]> | Iterable<readonly Finding[]>,
): Promise<void> {
  if (path !== undefined) await writeFile(path, findingsCsv(batches))
}

/** A finding with its file name prefixed by its bundle, for lists with several bundles. */
export function within(bundle: string, finding: Finding): Finding {
  return { ...finding, file: finding.file === undefined ? bundle : `${bundle}/${finding.file}` }
}

/** Columns whose values are words of the command line and not data. */
const wordColumns: ReadonlySet<string> = new Set(['state', 'waitsFor'])

/** Prints rows as columns. A list is shown with commas, an empty value as a dash. */
export function table<T extends object>(rows: readonly T[], columns: readonly (keyof T & string)[]): void {
  const cell = (value: unknown, column: string) => {
    if (value === null || value === undefined || value === '') return '-'
    const text = value instanceof Date ? value.toISOString() : String(value)
    return wordColumns.has(column) ? localised(text) : text
  }
  const lines = [
    columns.map(heading),
    ...rows.map((row) => columns.map((column) => cell(row[column], column))),
  ]
  const widths = columns.map((_column, index) => Math.max(...lines.map((line) => widthOf(line[index] ?? ''))))
  for (const line of lines) {
    print.data(
      line
        .map((text, index) => text + ' '.repeat((widths[index] ?? 0) - widthOf(text)))
        .join('  ')
        .trimEnd(),
    )
  }
}

/** A number with its noun: `1 row`, `2 rows`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`
}
