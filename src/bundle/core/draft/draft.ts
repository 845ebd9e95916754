/**
 * Drafts the contract of a dataset from a table. What follows from the file is inferred; what only a person knows
 * is marked to be filled in.
 */
import {
  type Contract,
  type Contracts,
  type Field,
  fillInMarker,
  normaliseHeader,
} from '../../../contract/index.ts'
import { defined } from '../../../platform/defined.ts'
import type { Bilingual } from '../../../platform/language.ts'
import { isBesideRecords } from '../cells/notes.ts'
import { isTotal } from '../cells/totals.ts'
import { type ColumnShape, inferColumn, periodHeader, splitUnit } from './column.ts'
import { type KeyProposal, proposeKey } from './key.ts'
import { type FieldName, knownFields, type NameOptions, nameColumns } from './names.ts'

export interface DraftOptions extends Pick<NameOptions, 'given' | 'reserved' | 'spell'> {
  readonly dataset: string
  readonly headers: readonly string[]
  /** Number of the first row, from 1. */
  readonly firstRow: number
  readonly rows: readonly (readonly string[])[]
  /** What the table is called in the file. */
  readonly title: string
  readonly contracts: Contracts
  readonly provider: string
  /** Names of the columns that identify a record, if a person has chosen them. */
  readonly key?: readonly string[]
  /** The day, `YYYY-MM-DD`, on which codes must be valid. */
  readonly day: string
}

/** Something inferred that a person should look at. */
export interface DraftNote {
  /** The header that it is about; absent for the whole. */
  readonly header?: string
  readonly message: string
}

export interface Draft {
  readonly contract: Contract
  readonly notes: readonly DraftNote[]
}

/** The stand-in for an empty cell of a key: SDMX "not applicable". */
const standIn = '_Z'

/** Drafts a contract. Throws a plain Error if the table has no named column. */
export function draftContract(options: DraftOptions): Draft {
  const { headers, contracts, day } = options
  const notes: DraftNote[] = []
  const named = headers.flatMap((header, index) => (header === '' ? [] : [index]))
  if (named.length === 0) throw new Error('The table has no header.')
  checkNames(options)
  const rows = recordsOf(options.rows, named.length)
  if (rows.length < options.rows.length) notes.push({ message: notRecords(options, rows.length) })
  const numbering = named.find((index) => isNumbering(headers[index] ?? '', rows, index))
  const used = named.filter((index) => index !== numbering || named.length === 1)
  if (numbering !== undefined)
    notes.push({ header: headers[numbering] ?? '', message: 'only numbers the rows, and is ignored' })
  const loaded = contracts.list().map(({ contract }) => contract)
  const lists = listsOf(loaded, contracts)
  const known = knownFields(loaded)
  const columns = used.map((index) => {
    const cells = rows.map((row) => row[index] ?? '')
    const header = headers[index] ?? ''
    const { codes, codesBy } = known.get(normaliseHeader(header)) ?? {}
    const usual = codes === undefined || codesBy !== undefined ? undefined : contracts.codes(codes)
    return {
      header,
      cells,
      shape: inferColumn(header, cells, {
        ...{ contracts, lists, usual, day, firstRow: options.firstRow },
        isCoded: codes !== undefined,
      }),
    }
  })
  const labels = columns.map(({ shape }) => shape.label)
  const given = new Map([...options.given].map(([header, name]) => [splitUnit(header).label, name]))
  const names = nameColumns(labels, { ...options, given, known })
  const marks = missingMarksOf(columns)
  const key = chosenKey(options.key, names, columns) ?? proposeKey(columns)
  const fields = columns.map(({ header, cells, shape: inferred }, index) => {
    const hasTotal = key.columns.includes(index) && cells.some(isTotal)
    const shape = { ...inferred, hasTotal }
    const { borrowed } = names[index] as FieldName
    if (borrowed !== undefined)
      notes.push({ header, message: `takes the title ${borrowed} from another dataset` })
    if (hasTotal)
      notes.push({ header, message: 'has totals, which are records here because its role is dimension' })
    for (const message of shape.notes) notes.push({ header, message })
    const isKey = key.columns.includes(index)
    const final = shape.marks.every((mark) => marks.includes(mark)) ? shape : asText(shape)
    if (isKey && shape.codes !== undefined && shape.emptyCells > 0) {
      const message = `some are empty, so it has no code list; add ${standIn} to ${shape.codes} to use that`
      notes.push({ header, message })
      return fieldOf(header, asText(shape), names[index] as FieldName, isKey)
    }
    return fieldOf(header, final, names[index] as FieldName, isKey)
  })
  notes.push(
    ...keyNotes(
      key,
      columns.map(({ header }) => header),
      options.firstRow,
    ),
  )
  const contract = contractOf(options, fields, { key, marks, model: loaded[0] })
  notes.push({ message: periodNote(contract) })
  const ignored = numbering === undefined ? {} : { ignoredHeaders: [headers[numbering] ?? ''] }
  return { contract: { ...contract, ...ignored }, notes }
}

/** Refuses names chosen for columns that do not exist, and names that a field can't have. */
function checkNames({ given, headers, reserved }: DraftOptions): void {
  for (const [header, name] of given) {
    if (!headers.some((one) => one === header || splitUnit(one).label === header))
      throw new Error(`There is no column "${header}" to name.`)
    if (reserved.has(name) || !/^[a-z][a-z0-9_]{0,49}$/.test(name))
      throw new Error(`A field can't be named "${name}"; use other lower-case letters, digits and _.`)
  }
}

/** Of the columns, a record fills at least this share; a total or a signature below the table fills fewer. */
const recordShareMin = 0.6

/** The rows without totals, notes and signatures at the end of the table. */
function recordsOf(rows: readonly (readonly string[])[], columns: number): readonly (readonly string[])[] {
  const isRecord = (row: readonly string[]) => {
    const filled = row.filter((text) => text !== '')
    const isBeside = filled.some(isTotal) || filled.every(isBesideRecords) || filled.length === 1
    return columns < 3 || filled.length >= recordShareMin * columns || !isBeside
  }
  return rows.slice(0, rows.findLastIndex(isRecord) + 1)
}

function notRecords({ rows, firstRow }: DraftOptions, records: number): string {
  const [from, to] = [firstRow + records, firstRow + rows.length - 1]
  return from === to
    ? `row ${from} is no record but a total, note or signature: remove it before you send the file`
    : `rows ${from} to ${to} are no records but totals, notes or signatures: remove them before you send the file`
}

/** Whether a column only numbers the rows from 1, which a person added for the eye. */
function isNumbering(header: string, rows: readonly (readonly string[])[], index: number): boolean {
  const isNumber = /^(序号|行号|no\.?|#)$/i.test(header.trim())
  return isNumber && rows.length > 1 && rows.every((row, n) => Number(row[index]) === n + 1)
}

/** The code lists of fields of other contracts. */
function listsOf(loaded: readonly Contract[], contracts: Contracts) {
  const names = loaded.flatMap(({ fields }) => fields.flatMap(({ codes }) => codes ?? []))
  return [...new Set(names)].map((name) => contracts.codes(name))
}

interface Column {
  readonly header: string
  readonly cells: readonly string[]
  readonly shape: ColumnShape
}

/** Marks for "nothing" of the whole contract: those that are no value of a text column. */
function missingMarksOf(columns: readonly Column[]): readonly string[] {
  const marks = new Set(columns.flatMap(({ shape }) => shape.marks))
  for (const { shape, cells } of columns) {
    if (shape.type === 'string' || shape.type === 'list') for (const text of cells) marks.delete(text)
  }
  return ['', ...marks]
}

/** A column that keeps its marks, because elsewhere in the table they are values. */
function asText({
  label,
  isIdentifier,
  emptyCells,
  distinct,
  notes,
  marks,
  ...shape
}: ColumnShape): ColumnShape {
  const { example, hasTotal } = shape
  const text = { label, isIdentifier, emptyCells, distinct, notes, marks, ...defined({ example, hasTotal }) }
  return { ...text, type: 'string' }
}

function chosenKey(
  chosen: readonly string[] | undefined,
  names: readonly FieldName[],
  columns: readonly Column[],
): KeyProposal | undefined {
  if (chosen === undefined) return undefined
  const found = chosen.map((text) => {
    const index = columns.findIndex(({ header }, at) => header === text || names[at]?.name === text)
    if (index < 0) throw new Error(`There is no column "${text}" for the key.`)
    return index
  })
  return {
    columns: found,
    hasEmpty: found.some((at) => (columns[at]?.shape.emptyCells ?? 0) > 0),
    others: [],
  }
}

function keyNotes(key: KeyProposal, headers: readonly string[], firstRow: number): readonly DraftNote[] {
  const nameOf = (index: number) => headers[index] ?? ''
  const notes: DraftNote[] = []
  if (key.equalRows !== undefined) {
    const [one, other] = key.equalRows.map((row) => row + firstRow)
    const message = `no columns identify a record: rows ${one} and ${other} are equal in all that could; add a number to the file or choose columns with --key`
    notes.push({ message })
  } else {
    const [names, others] = [key.columns, key.others].map((columns) => columns.map(nameOf).join(', '))
    const message =
      others === ''
        ? `a record is identified by ${names}`
        : `a record is identified by ${names}; so could ${others}`
    notes.push({ message })
  }
  if (key.hasEmpty) {
    notes.push({
      message: `some are empty in the key and become ${standIn}; leave out keyMissing to refuse them`,
    })
  }
  return notes
}

function periodNote({ period }: Contract): string {
  return period === 'year'
    ? 'an edition is a year, such as 2025; if it is a school year, set period to school-year in the contract'
    : 'an edition is a school year, such as 2025-2026; if it is a year, set period to year in the contract'
}

function fieldOf(header: string, shape: ColumnShape, { name, title }: FieldName, isKey: boolean): Field {
  const { type, codes, scale, separators, unit, example, label } = shape
  const complete = filled(title, label)
  const isTitle = [name, complete.zh, complete.en].some(
    (text) => normaliseHeader(text) === normaliseHeader(header),
  )
  const isWithUnit =
    unit !== undefined && normaliseHeader(header) === normaliseHeader(`${complete.zh}(${unit})`)
  return {
    name,
    type,
    // A member of a dimension may be called a total, other rows with that name are no records.
    role: isKey ? (shape.hasTotal === true ? 'dimension' : 'key') : roleOf(shape),
    title: complete,
    description: { zh: `文件中的“${header}”列。`, en: `The column "${header}" of the file.` },
    ...defined({ unit, codes, scale, separators }),
    ...(isTitle || isWithUnit ? {} : { aliases: [header] }),
    ...constraintsOf(shape, isKey),
    ...defined({ example }),
  }
}

function constraintsOf({ constraints, emptyCells }: ColumnShape, isKey: boolean): Pick<Field, 'constraints'> {
  if (!isKey) return constraints === undefined ? {} : { constraints }
  const { pattern, enum: values, ...others } = constraints ?? {}
  // The stand-in is a value of the field, so it must meet its constraints.
  const withStandIn =
    emptyCells === 0
      ? { pattern, enum: values }
      : {
          pattern: pattern === undefined ? undefined : `^(${pattern.slice(1, -1)}|${standIn})$`,
          enum: values === undefined ? undefined : [...values, standIn],
        }
  return { constraints: { required: true, ...others, ...defined(withStandIn) } }
}

function roleOf({ type, isIdentifier, codes, constraints, unit, label }: ColumnShape): Field['role'] {
  if (
    type === 'integer' &&
    (unit === '人' || /(人数|数量|次数|count|number of|pupils|students)/i.test(label))
  )
    return 'count'
  if (type === 'integer' || type === 'number') return isIdentifier ? 'attribute' : 'measure'
  return codes !== undefined || constraints?.enum !== undefined ? 'dimension' : 'attribute'
}

/** A text in both languages; the missing one is marked. */
function filled({ zh, en }: Partial<Bilingual>, source: string): Bilingual {
  return { zh: zh ?? `${fillInMarker}${source}`, en: en ?? `${fillInMarker}${source}` }
}

interface ContractParts {
  readonly key: KeyProposal
  readonly marks: readonly string[]
  /** A contract of the service, whose licence and classes the new one takes over. */
  readonly model: Contract | undefined
}

function contractOf(
  options: DraftOptions,
  fields: readonly Field[],
  { key, marks, model }: ContractParts,
): Contract {
  const { dataset, title, provider, rows, headers } = options
  const isChinese = /\p{Script=Han}/u.test(title)
  const text = (zh: string, en: string) => ({ zh: `${fillInMarker}${zh}`, en: `${fillInMarker}${en}` })
  return {
    dataset,
    contractVersion: 1,
    title: filled(isChinese ? { zh: title } : { en: title }, title),
    description: text(
      '内容、产生方式、不适用的用途',
      'what it holds, how it came about, what it is not fit for',
    ),
    themes: model?.themes ?? ['education'],
    keywords: [],
    providers: [provider],
    licence: model?.licence ?? {
      name: 'CC-BY-4.0',
      title: { zh: '署名 4.0 国际', en: 'Attribution 4.0 International' },
    },
    source: text('数据来源', 'where the data come from'),
    period: isSchoolYear(title, headers, rows) ? 'school-year' : 'year',
    updateFrequency: 'yearly',
    shareClass: model?.shareClass ?? 'general',
    openClass: model?.openClass ?? 'unconditional',
    shareMethods: model?.shareMethods ?? ['interface', 'file'],
    fields,
    primaryKey: key.columns.map((index) => fields[index]?.name ?? ''),
    ...(key.hasEmpty ? { keyMissing: standIn } : {}),
    missingValues: marks,
    formats: model?.formats ?? ['csv'],
    ...coordinatesOf(fields),
  }
}

/** Cells that are looked at for the period. */
const periodRows = 100

/** Whether an edition is a school year: the table says so, or its periods are like 2025-2026 or 202526. */
function isSchoolYear(title: string, headers: readonly string[], rows: DraftOptions['rows']): boolean {
  const texts = [title, ...headers].map((text) => ({ text, isPeriod: true }))
  for (const row of rows.slice(0, periodRows))
    for (const [at, text] of row.entries())
      texts.push({ text, isPeriod: periodHeader.test((headers[at] ?? '').replaceAll('_', ' ')) })
  return texts.some(({ text, isPeriod }) => {
    if (text.includes('学年') || /academic year|school year/i.test(text)) return true
    const [, one, sign = '', other = ''] = schoolYear.exec(text) ?? []
    if (one === undefined || Number(other) % 100 !== (Number(one) + 1) % 100) return false
    // Elsewhere 200001 may be a postcode, and 2011-12 a month.
    return isPeriod ? sign !== '' || text.length === 6 : sign !== '' && other.length === 4
  })
}

const schoolYear = /(?<!\d)(20\d\d)\s*([-–—/]?)\s*((?:20)?\d\d)(?!\d)/

/** Coordinates in degrees; the system must be checked, since maps in China use others. */
function coordinatesOf(fields: readonly Field[]): Pick<Contract, 'coordinates'> {
  const find = (bound: number) =>
    fields.find(
      ({ type, constraints }) =>
        type === 'number' && constraints?.maximum === bound && constraints.minimum === -bound,
    )
  const [longitude, latitude] = [find(180)?.name, find(90)?.name]
  if (longitude === undefined || latitude === undefined) return {}
  return { coordinates: { system: 'WGS-84', longitude, latitude } }
}
