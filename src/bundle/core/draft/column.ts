/**
 * Infers what a column holds from its texts: type, scale, bounds, unit, allowed values, marks for "nothing". Texts are
 * read with the rules of ingestion, so that a file fits the contract drafted from it.
 */
import { type CodeList, type Contracts, type Field, listSeparator } from '../../../contract/index.ts'
import { buildCellReader, type CellReader } from '../cells/read-cell.ts'
import { buildCodeReader } from '../cells/read-code.ts'

/** What a column holds, as properties of a field. */
export interface ColumnShape
  extends Pick<Field, 'type' | 'codes' | 'scale' | 'separators' | 'unit' | 'constraints' | 'example'> {
  /** The header without its unit. */
  readonly label: string
  /** Whether the values name something and are not quantities: codes, numbers of documents, phones. */
  readonly isIdentifier: boolean
  /** Whether the values are decimal numbers with more digits than a number may have. */
  readonly isLongNumber?: boolean
  /** Whether records have a word for a total in this column of the key. */
  readonly hasTotal?: boolean
  /** Marks for "nothing" in this column. */
  readonly marks: readonly string[]
  readonly emptyCells: number
  /** Distinct values; without empty cells and marks. */
  readonly distinct: number
  /** What a person should look at. */
  readonly notes: readonly string[]
}

interface ColumnContext {
  readonly contracts: Pick<Contracts, 'codes'>
  /** Number of the row of the first cell, from 1. */
  readonly firstRow: number
  /** Code lists whose codes or labels the values may be. */
  readonly lists: readonly CodeList[]
  /** The code list that other contracts use under this header. */
  readonly usual?: CodeList | undefined
  /** Whether other contracts use codes under this header. */
  readonly isCoded?: boolean
  /** The day on which codes must be valid. */
  readonly day: string
}

/** Texts by which offices and statisticians mean "no value"; England's files use x, z, c, low and k. */
const missingMarks = new Set(
  [
    '-',
    '–',
    '—',
    '--',
    '——',
    '/',
    '\\',
    '.',
    '..',
    '...',
    '…',
    ':',
    '*',
    'x',
    'z',
    'c',
    'k',
    'u',
    'low',
    'n/a',
    'na',
  ].concat(['null', '#n/a', 'nan', 'none', '无', '暂无', '不详', '未知', '缺失']),
)

const identifierHeader =
  /(编号|编码|代码|标识码|号码|电话|手机|邮编|邮政|证号|序号|学号|学籍|传真|\b(id|code|urn|ukprn|laestab|phone|tel|telephone|postcode|zip|fax|number|no)\b)/i
/** A telephone number may be a mobile one next year. */
const phoneHeader = /(电话|手机|传真|\b(phone|tel|telephone|fax)\b)/i
const quantityHeader = /(人数|数量|总数|\bnumber of\b)/i
/** Headers of periods. */
export const periodHeader = /(年度|年份|学年|^年$|\b(year|period)\b)/i

/** Names and addresses: next year there are others. */
const openHeader = /(名称|姓名|地址|学校|单位|机构|\bname\b|\baddress\b|^school$)/i

const noRepair = () => {}

/** Infers the shape of a column from its header and its texts. */
export function inferColumn(header: string, cells: readonly string[], context: ColumnContext): ColumnShape {
  const { label, unit: headerUnit } = splitUnit(header)
  const words = label.replaceAll('_', ' ')
  const isQuantity = quantityHeader.test(words)
  const isNamedSo = !isQuantity && (identifierHeader.test(words) || periodHeader.test(words))
  const isIdentifier = context.isCoded === true || isNamedSo
  const counts = new Map<string, number>()
  for (const cell of cells) if (cell !== '') counts.set(cell, (counts.get(cell) ?? 0) + 1)
  const all = [...counts.keys()]
  const base = { label, isIdentifier, emptyCells: cells.filter((cell) => cell === '').length }
  const none = { ...base, type: 'string' as const, marks: [], distinct: 0, notes: ['is empty in every row'] }
  if (all.length === 0) return none
  const list = matchingList(all, words, context)
  const marks = all.filter((text) => missingMarks.has(text.toLowerCase()))
  const values = all.filter((text) => !marks.includes(text))
  const found = (
    shape: Omit<ColumnShape, keyof typeof base | 'distinct' | 'notes'>,
    notes: readonly string[] = [],
  ) => {
    const distinct = all.filter((text) => !shape.marks.includes(text)).length
    return { ...base, ...shape, distinct, notes }
  }
  if (list !== undefined) {
    const read = buildCodeReader(list, context.day)
    const code = read(all[0] ?? '', undefined, noRepair)
    const notes = [`its values are codes or labels of the code list ${list.name}`]
    return found({ type: 'string', codes: list.name, marks: [], ...exampleOf(code) }, notes)
  }
  const typed =
    values.length === 0 ? undefined : typedShape(values, { isIdentifier, headerUnit, words }, context)
  if (typed !== undefined) {
    const remarks = marks.length === 0 ? [] : [`${marks.join(' ')} mean "no value" here`]
    return found({ ...typed, marks }, remarks)
  }
  const isLongNumber = holdsLongNumbers(all)
  const isOpen = isNamedSo || openHeader.test(words)
  const nearly = isIdentifier || isLongNumber ? undefined : nearlyTyped(values, cells, context)
  const notes = isLongNumber
    ? ['its numbers have more than 15 digits and stay text; round them in the file']
    : nearly === undefined
      ? []
      : [nearly]
  const shape = textShape(all, counts, { isIdentifier, isOpen, words }, context)
  const { pattern } = shape.constraints ?? {}
  const form =
    pattern === undefined
      ? []
      : [`its values have the form ${pattern}, others are refused; remove the pattern if there may be others`]
  return found({ ...shape, isLongNumber, marks: [] }, [...notes, ...form])
}

/** Of the values of a text column, this share of dates or numbers makes the others look like mistakes. */
const nearlyShareMin = 0.6

/** What keeps a column from being of dates or numbers, if most of its values are; with the first row that does. */
function nearlyTyped(
  values: readonly string[],
  cells: readonly string[],
  context: ColumnContext,
): string | undefined {
  for (const type of ['date', 'number'] as const) {
    const read = plainReader({ type }, context)
    const others = values.filter((text) => typeof read(text, undefined, noRepair) !== 'string')
    const count = values.length - others.length
    if (count < 2 || count < nearlyShareMin * values.length) continue
    const row = context.firstRow + cells.indexOf(others[0] ?? '')
    return type === 'date'
      ? `${count} of ${values.length} values are dates, but not that of row ${row}: correct the file and draft again, or it stays text`
      : `${count} of ${values.length} values are numbers, but not that of row ${row}: correct the file and draft again, or it stays text`
  }
  return undefined
}

/** Splits `身高（cm）` into label and unit. */
export function splitUnit(header: string): { readonly label: string; readonly unit?: string } {
  const [, label, unit] = /^(.+?)\s*[(（]\s*([^\s()（）]{1,20})\s*[)）]$/.exec(header) ?? []
  if (label === undefined || unit === undefined || !unitText.test(unit)) return { label: header }
  return { label, unit }
}

const unitText =
  /^(人|人次|个|所|家|间|名|元|万元|亿元|千元|米|平方米|㎡|m²|m2|公里|千米|km|m|cm|mm|kg|g|公斤|克|次|年|岁|天|日|月|小时|h|分|分钟|秒|s|min|ms|%|％|‰|册|台|套|件|条|辆|度|°|℃|ml|mL|L|£|€|\$|GBP|RMB)$/

interface Hints {
  readonly isIdentifier: boolean
  readonly headerUnit: string | undefined
  readonly words: string
}

type Typed = Pick<ColumnShape, 'type' | 'scale' | 'unit' | 'constraints' | 'example'>

/** The shape of numbers, days, times and truth values; undefined if some value is none. */
function typedShape(values: readonly string[], hints: Hints, context: ColumnContext): Typed | undefined {
  const { isIdentifier, headerUnit, words } = hints
  const isPercent = values.some((text) => /[%％]$/.test(text))
  const unit = isPercent ? '%' : headerUnit?.replace('％', '%')
  const readAs = (type: Field['type']): readonly string[] | undefined => {
    const read = plainReader({ type, ...(unit === undefined ? {} : { unit }) }, context)
    const canonical = values.map((text) => read(text, undefined, noRepair))
    return canonical.every((value) => typeof value === 'string') ? canonical : undefined
  }
  for (const type of ['boolean', 'date', 'time', 'datetime'] as const) {
    const canonical = readAs(type)
    if (canonical !== undefined) return { type, ...exampleOf(canonical[0]) }
  }
  if (isIdentifier || values.some((text) => /^0\d/.test(text))) return undefined
  const whole = readAs('integer')
  const canonical = whole ?? readAs('number')
  if (canonical === undefined) return undefined
  const numbers = canonical.map(Number)
  const scale = Math.max(...canonical.map((text) => text.split('.')[1]?.length ?? 0))
  const bounds = boundsOf(
    Math.min(...numbers.slice(0, spreadMax)),
    Math.max(...numbers.slice(0, spreadMax)),
    unit,
    words,
  )
  return {
    type: whole === undefined ? 'number' : 'integer',
    ...(whole === undefined && scale <= scaleMax ? { scale } : {}),
    ...(unit === undefined ? {} : { unit }),
    ...(bounds === undefined ? {} : { constraints: bounds }),
    ...exampleOf(padded(canonical[0] ?? '', whole === undefined && scale <= scaleMax ? scale : 0)),
  }
}

/** Scale that a contract may state. */
const scaleMax = 10
/** Arguments that a call may have without exhausting the stack. */
const spreadMax = 50_000

/** A number with the digits that its field keeps. */
function padded(text: string, scale: number): string {
  if (scale === 0) return text
  const [whole = '', fraction = ''] = text.split('.')
  return `${whole}.${fraction.padEnd(scale, '0')}`
}

/** Bounds that follow from the meaning of a column; never the smallest and largest value of one file. */
function boundsOf(
  low: number,
  high: number,
  unit: string | undefined,
  words: string,
): Field['constraints'] | undefined {
  if (/(经度|\blongitude\b|\blng\b|\blon\b)/i.test(words) && low >= -180 && high <= 180)
    return { minimum: -180, maximum: 180 }
  if (/(纬度|\blatitude\b|\blat\b)/i.test(words) && low >= -90 && high <= 90)
    return { minimum: -90, maximum: 90 }
  if (low < 0) return undefined
  return unit === '%' && high <= 100 ? { minimum: 0, maximum: 100 } : { minimum: 0 }
}

/** Values of a closed set: at most so many, each so short, and repeated so often on average. */
const closedValuesMax = 20
const closedCharactersMax = 40
const closedRepetitionsMin = 5

function textShape(
  values: readonly string[],
  counts: ReadonlyMap<string, number>,
  {
    isIdentifier,
    isOpen,
    words,
  }: { readonly isIdentifier: boolean; readonly isOpen: boolean; readonly words: string },
  context: ColumnContext,
): Pick<ColumnShape, 'type' | 'separators' | 'constraints' | 'example'> {
  const separator = isIdentifier ? undefined : listSeparatorOf(counts, context)
  if (separator !== undefined) {
    const example = values[0]?.split(separator).map((text) => text.trim())
    const separators = separator === listSeparator ? {} : { separators: [separator] }
    return { type: 'list', ...separators, ...exampleOf(example?.join(listSeparator)) }
  }
  const example = exampleOf(values.find((text) => text.length <= exampleCharactersMax))
  const pattern = isIdentifier && !phoneHeader.test(words) ? patternOf(values) : undefined
  if (pattern !== undefined) return { type: 'string', constraints: { pattern }, ...example }
  let filled = 0
  for (const count of counts.values()) filled += count
  const isClosed =
    !isOpen &&
    values.length >= 2 &&
    values.length <= closedValuesMax &&
    filled >= closedRepetitionsMin * values.length &&
    values.every((text) => text.length <= closedCharactersMax)
  if (isClosed) return { type: 'string', constraints: { enum: [...values] }, ...example }
  const longest = values.reduce((most, text) => Math.max(most, [...text].length), 0)
  const maxLength = lengths.find((length) => length >= longest * lengthReserve) ?? longest * lengthReserve
  return { type: 'string', constraints: { maxLength }, ...example }
}

const exampleCharactersMax = 200
/** Next year's longest text is longer than this year's. */
const lengthReserve = 2
const lengths = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]

function holdsLongNumbers(values: readonly string[]): boolean {
  return values.every((text) => /^[+-]?\d+\.\d+$/.test(text)) && values.some((text) => text.length > 16)
}

/** Share of the cells that have several elements, and how often an element is repeated, in a column of lists. */
const severalShareMin = 0.2
const elementRepetitionsMin = 2
const elementCharactersMax = 20

/**
 * The separator of a column of lists; undefined if it holds single texts. A semicolon separates nothing else, so it
 * counts in every row; other separators also occur within texts, so their elements must recur in different texts.
 */
function listSeparatorOf(counts: ReadonlyMap<string, number>, context: ColumnContext): string | undefined {
  return [listSeparator, '；', '、', '|', '，'].find((separator) => {
    const isSemicolon = separator === listSeparator || separator === '；'
    const split = [...counts].map(([text, count]) => ({
      elements: text.split(separator).map((element) => element.trim()),
      weight: isSemicolon ? count : 1,
    }))
    const sum = (each: (one: (typeof split)[number]) => number) =>
      split.reduce((total, one) => total + each(one), 0)
    const several = sum(({ elements, weight }) => (elements.length > 1 ? weight : 0))
    if (several < 2 || several < sum(({ weight }) => weight) * severalShareMin) return false
    const elements = split.flatMap((one) => one.elements)
    if (elements.some((element) => element === '' || element.length > elementCharactersMax)) return false
    const repeated = sum(({ elements, weight }) => elements.length * weight)
    if (new Set(elements).size * elementRepetitionsMin > repeated) return false
    const read = plainReader({ type: 'list', separators: [separator] }, context)
    return [...counts.keys()].every((text) => typeof read(text, undefined, noRepair) === 'string')
  })
}

/** Fewest values from which the form of an identifier is inferred. */
const patternValuesMin = 2
/** Shorter identifiers are numbers within a group, which grow. */
const patternCharactersMin = 3

/** The form of identifiers that are all alike: `^\d{6}$`, `^[A-Z]\d{8}$`. */
function patternOf(values: readonly string[]): string | undefined {
  if (values.length < patternValuesMin) return undefined
  const formOf = (text: string) => text.replace(/\d/g, '9').replace(/[a-z]/g, 'a').replace(/[A-Z]/g, 'A')
  const form = formOf(values[0] ?? '')
  if (form.length < patternCharactersMin) return undefined
  if (!/^[9aA-]+$/.test(form) || values.some((text) => formOf(text) !== form)) return undefined
  const runs = form.match(/9+|a+|A+|-+/g) ?? []
  const classes: Readonly<Record<string, string>> = { '9': '\\d', a: '[a-z]', A: '[A-Z]', '-': '-' }
  const pattern = runs.map((run) => `${classes[run.charAt(0)]}${run.length === 1 ? '' : `{${run.length}}`}`)
  return `^${pattern.join('')}$`
}

/** Digits of a code that is unlikely to be a quantity. */
const numericCodeDigitsMin = 4

/** The shared code list that all values belong to; the one with the fewest other codes. */
function matchingList(
  values: readonly string[],
  words: string,
  context: ColumnContext,
): CodeList | undefined {
  const { lists, usual, day } = context
  const fits = (list: CodeList) => {
    const read = buildCodeReader(list, day)
    return values.every((text) => typeof read(text, undefined, noRepair) === 'string')
  }
  if (usual !== undefined && fits(usual)) return usual
  if (values.length < 2 || quantityHeader.test(words)) return undefined
  if (values.every((text) => /^[\d.]+$/.test(text) && text.length < numericCodeDigitsMin)) return undefined
  const fitting = lists.filter((list) => {
    const isDependent = list.codes.some(({ under }) => under !== undefined)
    return values.length <= list.codes.length && !isDependent && fits(list)
  })
  return fitting.sort((a, b) => a.codes.length - b.codes.length)[0]
}

function plainReader(
  field: Pick<Field, 'type' | 'unit' | 'separators'>,
  { contracts, day }: ColumnContext,
): CellReader {
  const whole: Field = { name: 'value', role: 'attribute', title: noText, description: noText, ...field }
  return buildCellReader(whole, { missingValues: [''] }, contracts, day)
}

const noText = { zh: '', en: '' }

function exampleOf(value: unknown): { readonly example?: string } {
  return typeof value === 'string' && value !== '' ? { example: value } : {}
}
