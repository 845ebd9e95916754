/**
 * Maps columns to fields by name, title or alias. Reports, with their cells, headers that are missing,
 * duplicate, unknown, or of fields that no provider may bring.
 */
import { type Contract, type Field, intakeFields, intakeKey, isPersonal } from '../../../contract/index.ts'
import { columnLetters, type Finding } from '../../../platform/finding.ts'
import { nearestByMeaning, nearestText } from '../../../platform/texts/nearest.ts'
import { type FindingPosition, faultAt } from '../findings/checks.ts'

/** What a table is read by. */
export type TableContract = Pick<Contract, 'fields' | 'primaryKey' | 'intake' | 'ignoredHeaders' | 'formulas'>

/** What a column holds: the index of a field, or nothing that is read. */
type Column = number | 'ignored' | 'unnamed'

export interface HeaderMap {
  readonly columns: readonly Column[]
  /** By the index of the field: its column, or undefined if an optional field has none. */
  readonly columnOf: readonly (number | undefined)[]
  /** The headers as a finding may show them. */
  readonly headers: readonly string[]
}

/** The header of a file as it is in the file. */
export interface HeaderRow {
  readonly cells: readonly string[]
  /** By column, in a workbook: the texts of the groups above, joined. */
  readonly groups?: readonly string[]
  /** The text above all columns, if there is one. */
  readonly title?: string
  /** The last row of the header; data rows follow. */
  readonly rows: number
  readonly placeOf: (column: number) => { readonly row: number; readonly cell: string }
  /** Byte offset of a cell, if known. */
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
const shownCharactersMax = 100

interface Mapping {
  /** Absent if there is an error. */
  readonly map?: HeaderMap
  readonly findings: readonly Finding[]
  /** Headers that differ from the contract's spelling. */
  readonly repairs: number
}

/** Maps the header. There is a map unless there are errors; it may come with warnings. */
export function mapHeaders(header: HeaderRow, contract: TableContract, file: string): Mapping {
  const { cells, groups } = header
  const fields = intakeFields(contract)
  const { meanings: lexicon, spellings } = lexiconOf(contract)
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
  const showsHeaders = !isPersonal(contract)
  const headers = cells.map((text) => (showsHeaders ? text.trim().slice(0, shownCharactersMax) : ''))
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

/** Whether a text is a known header of a field of the contract. */
export function buildHeaderTest(contract: TableContract): (text: string) => boolean {
  const { meanings } = lexiconOf(contract)
  return (text) => isField(meanings.get(foldHeader(text)))
}

interface HeaderReader {
  /** The index of the field that a header means, if it means one. */
  readonly fieldOf: (text: string) => number | undefined
  /** The headers of a field as the contract spells them. */
  readonly spellings: (field: number) => readonly string[]
}

/** Builds a reader of single headers of a contract. */
export function buildHeaderReader(contract: Contract): HeaderReader {
  const { meanings, spellings } = lexiconOf(contract)
  const fieldOf = (text: string) => {
    const meaning = meanings.get(foldHeader(text))
    return typeof meaning === 'number' ? meaning : undefined
  }
  return { fieldOf, spellings: (field) => [...spellings].filter((text) => fieldOf(text) === field) }
}

/** The field that an unknown header may mean: by a mistyped letter, or by its meaning. */
function nearest(folded: string, lexicon: ReadonlyMap<string, Meaning>, fields: readonly Field[]) {
  // A long text is not a mistyped header, and comparing it would take long.
  if (folded.length > shownCharactersMax) return {}
  const known = [...lexicon].flatMap(([text, meaning]) => {
    const field = typeof meaning === 'number' ? fields[meaning] : undefined
    return field === undefined ? [] : [{ text, value: field }]
  })
  const best = nearestText(folded, known) ?? nearestByMeaning(folded, known)
  return best === undefined ? {} : { expected: `${best.title.zh} / ${best.name}` }
}

/** Whether a header is a known field, allowed or not: either one marks the row as a header row. */
function isField(meaning: Meaning | undefined): boolean {
  return typeof meaning === 'number' || meaning === 'forbidden'
}

/**
 * If no header is known, the first row is a title, a data row, or uses another separator. It is reported once
 * and not quoted; one finding per missing field would mislead.
 */
function unknownRow(contract: TableContract, file: string, { offsetOf }: HeaderRow): Finding {
  const expected = intakeFields(contract)
    .filter((field) => isNeeded(contract, field))
    .map(({ title, name }) => `${title.zh} / ${name}`)
    .join(', ')
  return faultAt('header-row', { file, row: 1, cell: 'A1', ...atOffset(offsetOf(0)), expected })
}

function isNeeded(contract: TableContract, field: Field): boolean {
  return field.constraints?.required === true || intakeKey(contract).includes(field.name)
}

function missingFaults(
  contract: TableContract,
  columnOf: readonly (number | undefined)[],
  file: string,
  row: number,
) {
  return intakeFields(contract).flatMap((field, index) => {
    if (columnOf[index] !== undefined) return []
    if (contract.intake?.variantFields?.includes(field.name) === true) return []
    const place = { file, row, field: field.name, expected: `${field.title.zh} / ${field.name}` }
    return [faultAt(isNeeded(contract, field) ? 'header-missing' : 'header-absent', place)]
  })
}

/** The index of an accepted field, or why a known header is not accepted. */
type Meaning = Column | 'forbidden'

interface Lexicon {
  /** By the folded header. */
  readonly meanings: ReadonlyMap<string, Meaning>
  /** Headers as the contract spells them. */
  readonly spellings: ReadonlySet<string>
}

/** The headers of each contract, folded once. */
const lexicons = new WeakMap<TableContract, Lexicon>()

function lexiconOf(contract: TableContract): Lexicon {
  const known = lexicons.get(contract) ?? buildLexicon(contract)
  lexicons.set(contract, known)
  return known
}

/** All headers of a contract. A name takes precedence over a title, and a title over an alias. */
function buildLexicon(contract: TableContract): Lexicon {
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
    ({ renamedFrom }) => (renamedFrom === undefined ? [] : [renamedFrom]),
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
 * Folds a header: ignores width, case, spaces, line breaks, invisible characters and quote style. Quotes come
 * first: NFKC would split the double prime of "50米跑(″)" into two single ones.
 */
function foldHeader(text: string): string {
  return text
    .replace(/[\u201c\u201d\u2033\u301d\u301e\uff02]/g, '"')
    .replace(/[\u2018\u2019\u2032\uff07]/g, "'")
    .normalize('NFKC')
    .replace(/[\s\u00ad\u200b-\u200f\u2060]+/g, '')
    .toLowerCase()
}
