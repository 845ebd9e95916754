/**
 * Finds which column holds which field, by name, title or alias. Refuses, as findings with their cells, headers that
 * are missing, doubled, unknown, or of fields that nobody brings.
 */
import { columnLetters, type Finding } from '../base/finding.ts'
import { type Contract, type Field, intakeFields, intakeKey } from '../contract/index.ts'
import { faultAt, type Place } from './faults.ts'

/** What a column holds: the index of a field, or nothing that is taken. */
export type Column = number | 'ignored' | 'unnamed'

export interface HeaderMap {
  readonly columns: readonly Column[]
  /** By the index of the field: its column, or undefined where an optional field has none. */
  readonly columnOf: readonly (number | undefined)[]
  /** The headers as a finding may show them. */
  readonly headers: readonly string[]
}

/** Longest header that a finding shows. */
const shownMax = 100

/** Maps the header row. Without errors there is a map; warnings may stand beside it. */
export function mapHeaders(
  cells: readonly string[],
  contract: Contract,
  file: string,
  offsetOf: (column: number) => number,
): { readonly map?: HeaderMap; readonly findings: readonly Finding[] } {
  const fields = intakeFields(contract)
  const lexicon = buildLexicon(contract)
  const findings: Finding[] = []
  if (!cells.some((text) => isField(lexicon.get(foldHeader(text))))) {
    return { findings: [unknownRow(contract, file, offsetOf)] }
  }
  const columns: Column[] = []
  const columnOf: (number | undefined)[] = fields.map(() => undefined)
  const seen = new Map<string, number>()
  const shows = contract.intake?.personal !== true
  const headers = cells.map((text) => (shows ? text.trim().slice(0, shownMax) : ''))
  const place = (column: number): Place => ({
    file,
    row: 1,
    cell: `${columnLetters(column)}1`,
    ...(headers[column] === '' ? {} : { header: headers[column] ?? '' }),
    byteOffset: offsetOf(column),
  })
  for (const [column, text] of cells.entries()) {
    const folded = foldHeader(text)
    const meaning: Meaning | undefined = folded === '' ? 'unnamed' : lexicon.get(folded)
    const field = typeof meaning === 'number' ? fields[meaning] : undefined
    columns.push(meaning === undefined || meaning === 'forbidden' ? 'ignored' : meaning)
    if (folded !== '' && seen.has(folded)) findings.push(faultAt('header-doubled', place(column)))
    else if (meaning === undefined) findings.push(faultAt('header-unknown', place(column)))
    else if (meaning === 'forbidden') findings.push(faultAt('header-forbidden', place(column)))
    else if (field !== undefined && typeof meaning === 'number') {
      const former = columnOf[meaning]
      if (former === undefined) columnOf[meaning] = column
      else findings.push(faultAt('header-conflict', { ...place(column), field: field.name }))
    }
    seen.set(folded, column)
  }
  findings.push(...missingFaults(contract, columnOf, file))
  const refused = findings.some(({ severity }) => severity === 'error')
  return refused ? { findings } : { map: { columns, columnOf, headers }, findings }
}

/** A field that is brought, or one that never is: either way, the row is a row of headers. */
function isField(meaning: Meaning | undefined): boolean {
  return typeof meaning === 'number' || meaning === 'forbidden'
}

/**
 * Where not one header is known, the first row is a title, a row of data, or separated by another sign. It is told
 * once, and not shown; a complaint about each field would send its reader to the wrong place.
 */
function unknownRow(contract: Contract, file: string, offsetOf: (column: number) => number): Finding {
  const expected = intakeFields(contract)
    .filter((field) => isNeeded(contract, field))
    .map(({ title, name }) => `${title.zh} / ${name}`)
    .join(', ')
  return faultAt('header-row', { file, row: 1, cell: 'A1', byteOffset: offsetOf(0), expected })
}

function isNeeded(contract: Contract, field: Field): boolean {
  return field.constraints?.required === true || intakeKey(contract).includes(field.name)
}

function missingFaults(contract: Contract, columnOf: readonly (number | undefined)[], file: string) {
  return intakeFields(contract).flatMap((field, index) => {
    if (columnOf[index] !== undefined) return []
    const place = { file, row: 1, field: field.name, expected: `${field.title.zh} / ${field.name}` }
    return [faultAt(isNeeded(contract, field) ? 'header-missing' : 'header-absent', place)]
  })
}

/** The index of a field that is brought, or why a known header is none. */
type Meaning = Column | 'forbidden'

/** All headers that a contract knows. A name goes before a title, and a title before an alias. */
function buildLexicon(contract: Contract): ReadonlyMap<string, Meaning> {
  const lexicon = new Map<string, Meaning>()
  const learn = (text: string, meaning: Meaning) => {
    const folded = foldHeader(text)
    if (folded !== '' && !lexicon.has(folded)) lexicon.set(folded, meaning)
  }
  const fields = intakeFields(contract)
  const rounds: readonly ((field: Field) => readonly string[])[] = [
    ({ name }) => [name],
    ({ title }) => [title.zh, title.en],
    ({ title, unit }) => (unit === undefined ? [] : [`${title.zh}(${unit})`, `${title.en} (${unit})`]),
    ({ aliases = [] }) => aliases,
  ]
  for (const texts of rounds) {
    for (const [index, field] of fields.entries()) for (const text of texts(field)) learn(text, index)
  }
  for (const text of contract.ignoredHeaders ?? []) learn(text, 'ignored')
  for (const texts of rounds) {
    for (const field of contract.fields) for (const text of texts(field)) learn(text, 'forbidden')
  }
  return lexicon
}

/**
 * Headers are compared without regard to width, case, spaces, line breaks and the form of quotes. Quotes go first:
 * NFKC would take the double prime of "50米跑(″)" apart into two single ones.
 */
function foldHeader(text: string): string {
  return text
    .replace(/[\u201c\u201d\u2033\u301d\u301e\uff02]/g, '"')
    .replace(/[\u2018\u2019\u2032\uff07]/g, "'")
    .normalize('NFKC')
    .replace(/\s+/g, '')
    .toLowerCase()
}
