/**
 * Judges the outcome of a case: there is always a report, and the accepted rows are those that the oracle accepts
 * from the same bytes, row by row, with the same repairs. The oracle must reject rejected rows too.
 */
import { bundleChecks } from '../../src/bundle/index.ts'
import type { BagFiles } from '../support/bag-files.ts'
import type { Case } from './cases.ts'
import { type OracleBag, readOracleBag, unpack } from './oracle-bag.ts'
import { hasDuplicateKey, type OracleFile, OracleRefusal, readCsv, readTable } from './oracle-csv.ts'
import { readSheet } from './oracle-xlsx.ts'
import { corpusContract } from './trial.ts'
import type { Outcome } from './walk.ts'

const knownChecks = new Set([
  ...Object.keys(bundleChecks),
  ...(corpusContract.checks ?? []).map(({ check }) => check),
])

/** What is wrong with an outcome, or undefined. */
export async function judge(trial: Case, outcome: Outcome): Promise<string | undefined> {
  const errors = outcome.findings.filter(({ severity }) => severity === 'error')
  const strange = outcome.findings.find(({ check }) => !knownChecks.has(check))
  if (strange !== undefined) return `a finding of an unknown check ${strange.check}`
  if (outcome.step !== 'taken' && errors.length === 0) return `rejected as ${outcome.step} without a finding`
  if (trial.layer === 'none' && outcome.step !== 'taken')
    return `a good bundle was rejected: ${errors[0]?.check}`
  if (outcome.step === 'opened' || outcome.step === 'verified') return undefined
  const oracle = await readByOracle(trial)
  if (outcome.step === 'taken')
    return typeof oracle === 'string' ? `accepted, but ${oracle}` : compare(outcome, oracle)
  // Workbooks are rejected more often than by another reader, which guesses or ignores parts.
  if (trial.layer.startsWith('xlsx')) return undefined
  // Whether a text in GB18030 is Chinese is a matter of likelihood; the oracle only knows the certain cases.
  if (errors.every(({ check }) => likely.has(check))) return undefined
  return typeof oracle === 'string' ? undefined : `rejected by ${errors[0]?.check}, but the oracle accepts it`
}

const likely = new Set(['encoding-mixed', 'encoding-foreign', 'encoding-claim'])

interface OracleResult {
  readonly bag: OracleBag
  readonly files: readonly OracleFile[]
}

/** The oracle's result, or why it rejects. */
async function readByOracle({ zip, folder }: Case): Promise<OracleResult | string> {
  try {
    const held: BagFiles | ReadonlyMap<string, Buffer> = folder ?? unpack(zip)
    const bag = readOracleBag(held)
    const files: OracleFile[] = []
    for (const { path, bytes, delimiter, encoding } of bag.files) {
      files.push(isSheet(path) ? readTable(await readSheet(bytes)) : readCsv(bytes, delimiter, encoding))
    }
    return hasDuplicateKey(files) ? 'duplicate key' : { bag, files }
  } catch (error) {
    if (error instanceof OracleRefusal || error instanceof SyntaxError || error instanceof TypeError) {
      return `the oracle rejects: ${error.message}`
    }
    return `the oracle can't read it: ${String(error)}`
  }
}

function isSheet(path: string): boolean {
  return /\.xlsx$/i.test(path)
}

function compare(outcome: Outcome, { bag, files }: OracleResult): string | undefined {
  const theirs = files.flatMap(({ rows }, file) => rows.map(({ row, values }) => ({ file, row, values })))
  // If damage added line breaks to a workbook, XML reads them as one LF (XML 1.0, 2.11); hucre does not.
  const hasSheets = bag.files.some(({ path }) => isSheet(path))
  const breaks = (_: string, value: unknown) =>
    hasSheets && typeof value === 'string' ? value.replace(/[\r\n]+/g, '\n') : value
  const [ours, other] = [outcome.rows, theirs].map((rows) => rows.map((row) => JSON.stringify(row, breaks)))
  const differing = ours?.findIndex((row, n) => row !== other?.[n]) ?? -1
  if (differing >= 0) return `row ${ours?.[differing]} is ${other?.[differing]} to the oracle`
  if (ours?.length !== other?.length)
    return `${ours?.length} rows are accepted, ${other?.length} by the oracle`
  if ((bag.purpose['sequence'] ?? undefined) !== outcome.sequence) return 'another sequence number'
  for (const [n, { file, repairs, rowsRead, rowsTaken }] of outcome.files.entries()) {
    if (file !== bag.files[n]?.path) return `file ${n} is ${file}`
    const [counted, expected] = [repairs, files[n]?.repairs ?? {}].map((counts) =>
      JSON.stringify(Object.entries(counts).sort()),
    )
    if (counted !== expected) return `repairs ${counted} are ${expected} to the oracle`
    if (rowsRead !== rowsTaken || rowsTaken !== files[n]?.rows.length)
      return `counts of ${file} do not add up`
  }
  return undefined
}
