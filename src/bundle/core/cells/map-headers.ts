/**
 * Finds which column holds which field, by name, title or alias. Refuses, as findings with their cells, headers that
 * are missing, doubled, unknown, or of fields that nobody brings.
 */
import { distance } from 'fastest-levenshtein'
import { type Contract, type Field, intakeFields, intakeKey } from '../../../contract/index.ts'
import { columnLetters, type Finding } from '../../../platform/finding.ts'
import { type FindingPosition, faultAt } from '../findings/checks.ts'

/** What a column holds: the index of a field, or nothing that is taken. */
export type Column = number | 'ignored' | 'unnamed'

export interface HeaderMap {
  readonly columns: readonly Column[]
  /** By the index of the field: its column, or undefined where an optional field has none. */
  readonly columnOf: readonly (number | undefined)[]
  /** The headers as a finding may show them. */
  readonly headers: readonly string[]
}

/** The header of a file as it stands there. */
export interface HeaderRow {
  readonly cells: readonly string[]
  /** By column, in a workbook: the texts of the groups above, joined. */
  readonly groups?: readonly string[]
  /** The row that it ends with; rows of data follow. */
  readonly rows: number
  readonly placeOf: (column: number) => { readonly row: number; readonly cell: string }
  /** Byte offset of a cell, where there is one. */
  readonly offsetOf: (column: number) => number | undefined
}

/** The header of a text file, which is its first row. */
export function firstRow(cells: readonly string[], offsetOf: HeaderRow['offsetOf']): HeaderRow {
  return {
    cells,
    rows: 1,
    placeOf: (column) => ({ row: 1, cell: `${columnLetters(column)}1` }),
    offsetOf,
  }
}

/** A byte offset as part of a finding's place. */
export function atOffset(byteOffset: number | undefined): Pick<FindingPosition, 'byteOffset'> {
  return byteOffset === undefined ? {} : { byteOffset }
}

/** Longest header that a finding shows. */
const shownMax = 100

export interface Mapping {
  /** Absent where there is an error. */
  readonly map?: HeaderMap
  readonly findings: readonly Finding[]
  /** Headers that the contract does not spell like this. */
  readonly repairs: number
}

/** Maps the header. Without errors there is a map; warnings may stand beside it. */
export function mapHeaders(header: HeaderRow, contract: Contract, file: string): Mapping {
  const { cells, groups } = header
  const fields = intakeFields(contract)
  const { meanings: lexicon, spellings } = buildLexicon(contract)
  const findings: Finding[] = []
  let repairs = 0
  const texts = cells.map((text, column) => {
    const grouped = `${groups?.[column] ?? ''}${text}`
    return text !== '' && lexicon.has(foldHeader(grouped)) ? grouped : text
  })
  if (!texts.some((text) => isField(lexicon.get(foldHeader(text))))) {
    return { findings: [unknownRow(contract, file, header)], repairs }
  }
  const columns: Column[] = []
  const columnOf: (number | undefined)[] = fields.map(() => undefined)
  const seen = new Map<string, number>()
  const shows = contract.intake?.personal !== true
  const headers = cells.map((text) => (shows ? text.trim().slice(0, shownMax) : ''))
  const place = (column: number): FindingPosition => ({
    file,
    ...header.placeOf(column),
    ...(headers[column] === '' ? {} : { header: headers[column] ?? '' }),
    ...atOffset(header.offsetOf(column)),
  })
  for (const [column, text] of texts.entries()) {
    const folded = foldHeader(text)
    const meaning: Meaning | undefined = folded === '' ? 'unnamed' : lexicon.get(folded)
    const field = typeof meaning === 'number' ? fields[meaning] : undefined
    columns.push(meaning === undefined || meaning === 'forbidden' ? 'ignored' : meaning)
    if (field !== undefined && !spellings.has(text)) repairs += 1
    if (folded !== '' && seen.has(folded)) findings.push(faultAt('header-doubled', place(column)))
    else if (meaning === undefined)
      findings.push(faultAt('header-unknown', { ...place(column), ...nearest(folded, lexicon, fields) }))
    else if (meaning === 'forbidden') findings.push(faultAt('header-forbidden', place(column)))
    else if (field !== undefined && typeof meaning === 'number') {
      const former = columnOf[meaning]
      if (former === undefined) columnOf[meaning] = column
      else findings.push(faultAt('header-conflict', { ...place(column), field: field.name }))
    }
    seen.set(folded, column)
  }
  findings.push(...missingFaults(contract, columnOf, file, header.rows))
  const refused = findings.some(({ severity }) => severity === 'error')
  return refused ? { findings, repairs } : { map: { columns, columnOf, headers }, findings, repairs }
}

/** Tells whether a contract knows a header as one of a field. */
export function headerKnower(contract: Contract): (text: string) => boolean {
  const { meanings } = buildLexicon(contract)
  return (text) => isField(meanings.get(foldHeader(text)))
}

/** Slips that a header may be away from the nearest one, as a share of its length: one in a short one. */
const slipsPerSign = 1 / 3

/** The field whose header is nearest to an unknown one, where one is near. */
function nearest(folded: string, lexicon: ReadonlyMap<string, Meaning>, fields: readonly Field[]) {
  // A long text is no header with a slip, and comparing it would take long.
  if (folded.length > shownMax) return {}
  let best: Field | undefined
  let slips = Math.max(1, Math.floor(folded.length * slipsPerSign)) + 1
  for (const [known, meaning] of lexicon) {
    const field = typeof meaning === 'number' ? fields[meaning] : undefined
    // Of two signs one slip would leave one.
    if (field === undefined || known.length < 2) continue
    const away = distance(folded, known)
    if (away < slips && away < known.length) [best, slips] = [field, away]
  }
  return best === undefined ? {} : { expected: `${best.title.zh} / ${best.name}` }
}

/** A field that is brought, or one that never is: either way, the row is a row of headers. */
function isField(meaning: Meaning | undefined): boolean {
  return typeof meaning === 'number' || meaning === 'forbidden'
}

/**
 * Where not one header is known, the first row is a title, a row of data, or separated by another sign. It is told
 * once, and not shown; a complaint about each field would send its reader to the wrong place.
 */
function unknownRow(contract: Contract, file: string, { offsetOf }: HeaderRow): Finding {
  const expected = intakeFields(contract)
    .filter((field) => isNeeded(contract, field))
    .map(({ title, name }) => `${title.zh} / ${name}`)
    .join(', ')
  return faultAt('header-row', { file, row: 1, cell: 'A1', ...atOffset(offsetOf(0)), expected })
}

function isNeeded(contract: Contract, field: Field): boolean {
  return field.constraints?.required === true || intakeKey(contract).includes(field.name)
}

function missingFaults(
  contract: Contract,
  columnOf: readonly (number | undefined)[],
  file: string,
  row: number,
) {
  return intakeFields(contract).flatMap((field, index) => {
    if (columnOf[index] !== undefined) return []
    const place = { file, row, field: field.name, expected: `${field.title.zh} / ${field.name}` }
    return [faultAt(isNeeded(contract, field) ? 'header-missing' : 'header-absent', place)]
  })
}

/** The index of a field that is brought, or why a known header is none. */
type Meaning = Column | 'forbidden'

interface Lexicon {
  /** By the folded header. */
  readonly meanings: ReadonlyMap<string, Meaning>
  /** Headers as the contract spells them. */
  readonly spellings: ReadonlySet<string>
}

/** All headers that a contract knows. A name goes before a title, and a title before an alias. */
function buildLexicon(contract: Contract): Lexicon {
  const lexicon = new Map<string, Meaning>()
  const spellings = new Set<string>()
  const learn = (text: string, meaning: Meaning) => {
    const folded = foldHeader(text)
    spellings.add(text)
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
  return { meanings: lexicon, spellings }
}

/**
 * Headers are compared without regard to width, case, spaces, line breaks, invisible signs and the form of quotes. Quotes go first:
 * NFKC would take the double prime of "50米跑(″)" apart into two single ones.
 */
function foldHeader(text: string): string {
  return text
    .replace(/[\u201c\u201d\u2033\u301d\u301e\uff02]/g, '"')
    .replace(/[\u2018\u2019\u2032\uff07]/g, "'")
    .normalize('NFKC')
    .replace(/[\s\u00ad\u200b-\u200f\u2060]+/g, '')
    .toLowerCase()
}
