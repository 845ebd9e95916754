/**
 * Records of every field type for the tests of formats: some written by hand, and any number from fast-check,
 * with all values that some format has ever altered.
 */
import fc from 'fast-check'
import { shippedDatasets } from '../../src/context.ts'
import { type Contract, type Contracts, type Field, loadContracts } from '../../src/contract/index.ts'
import {
  type Format,
  formats,
  getFormat,
  type RecordValues,
  type RenderContext,
  repeatable,
  type SourceFile,
} from '../../src/formats/index.ts'
import { digestOf } from '../../src/platform/digest.ts'
import { contractOf, field } from './fields.ts'
import { contractsOf } from './unconnected-context.ts'

export const trialFields: readonly Field[] = [
  field('code', 'string', { role: 'key', constraints: { required: true, maxLength: 20 } }),
  field('district', 'string', { role: 'dimension', codes: 'districts' }),
  field('name', 'string'),
  field('pupils', 'integer', { role: 'count', unit: '人' }),
  field('mean', 'number', { scale: 2, unit: 'cm' }),
  field('longitude', 'number', { scale: 6, unit: '°', constraints: { minimum: -180, maximum: 180 } }),
  field('wide', 'number', { scale: 6 }),
  field('free', 'number'),
  field('open', 'boolean'),
  field('day', 'date'),
  field('from', 'time'),
  field('at', 'datetime'),
  field('activities', 'list', { codes: 'venue-activities' }),
]

export const trialContract: Contract = contractOf(trialFields, ['code'], {
  title: { zh: '试验数据“集”', en: 'Trial "records" & more' },
  themes: ['education'],
  keywords: [{ zh: '试验', en: 'trial' }],
  licence: {
    name: 'CC-BY-4.0',
    title: { zh: '署名 4.0 国际', en: 'Attribution 4.0 International' },
    url: 'https://creativecommons.org/licenses/by/4.0/',
  },
  formats: [...formats.keys()],
  // The second field is no latitude: a format writes what it gets.
  coordinates: { system: 'WGS-84', longitude: 'longitude', latitude: 'wide' },
})

const context = await loadContracts({ folders: [shippedDatasets] })
const loaded = {
  ...{ contract: trialContract, document: { ...trialContract }, formerKeywords: [] },
  ...{ digest: digestOf('trial'), file: '' },
}

/** The contract above, with the shipped code lists. */
export const trialContracts: Contracts = contractsOf([loaded], context.codes)

export const trialRows: readonly RecordValues[] = [
  [
    ...['001', '310115', '浦东, "新区"', '12', '85.40', '121.478500', '0.000001', '0.1'],
    ...['true', '2025-09-01', '08:30', '2025-09-01T00:00:00Z', 'fitness;running'],
  ],
  [
    ...['002', '310101', '两行\n文本', null, '-0.50', '-179.999999', null, '-123456789.123456'],
    ...['false', null, '24:00', null, null],
  ],
  [
    ...['003', null, '回车\r表情😀', '9007199254740991', null, '0.000000', '999999999999999.000000'],
    ...['999999999999999', null, '2024-02-29', null, '2024-02-29T23:59:59Z', 'fitness'],
  ],
  [
    ...['=1+1', '310151', '=HYPERLINK("x")', '-9007199254740991', '9999999999999.99', '180.000000'],
    ...['-0.000001', '0.000000000000001', 'true', '1850-01-01', '00:00', '1899-12-31T00:00:00Z', 'running'],
  ],
  [
    ...['_x000D_', null, '<a>&amp;\t制表\u0001', '0', '0.00', null, null, '-100', null, '9999-12-31'],
    ...[null, '9999-12-31T23:59:59Z', null],
  ],
]

const digits = (least: number, most: number) =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: least, maxLength: most })
    .map((each) => each.join('').replace(/^0+(?=.)/, ''))

/** Any number of at most fifteen significant digits, as the contract's type writes it. */
function anyNumber(scale: number | undefined) {
  const wholeNumber = digits(1, 15 - (scale ?? 4))
  const fraction = digits(scale ?? 0, scale ?? 4)
  return fc.tuple(fc.boolean(), wholeNumber, fraction).map(([negative, before, after]) => {
    const behind = scale === undefined ? after.replace(/0+$/, '') : after.padStart(scale, '0')
    const text = behind === '' ? before : `${before}.${behind}`
    return negative && /[1-9]/.test(text) ? `-${text}` : text
  })
}

/** Texts that are not empty and have no blanks at their ends, because the service trims them. */
const anyText = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
    fc.string({ unit: fc.constantFrom(...'=+-@"\',;\n\t\\_x0D 浦东😀�'), minLength: 1, maxLength: 12 }),
    fc.constantFrom(
      '007',
      '=1+1',
      '1E5',
      '310115',
      'TRUE',
      '2025-09-01',
      "'",
      '_x0041_',
      '_xD_',
      'NULL',
      '\\N',
      '00:00',
    ),
  )
  .map((text) => text.replaceAll('\0', '').trim())
  .filter((text) => text !== '')

const anyDay = fc
  .date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((day) => day.toISOString().slice(0, 10))
const codesIn = (list: string) => context.codes(list).codes.map(({ code }) => code)

const maybe = (text: fc.Arbitrary<string>): fc.Arbitrary<string | null> => fc.option(text)

const anyRow: fc.Arbitrary<RecordValues> = fc.tuple(
  anyText,
  maybe(fc.constantFrom(...codesIn('districts'))),
  maybe(anyText),
  maybe(fc.maxSafeInteger().map(String)),
  maybe(anyNumber(2)),
  maybe(
    fc
      .integer({ min: -180e6, max: 180e6 })
      .map((millionths) => (millionths / 1e6).toFixed(6).replace(/^-(?=0\.0+$)/, '')),
  ),
  maybe(anyNumber(6)),
  maybe(anyNumber(undefined)),
  maybe(fc.constantFrom('true', 'false')),
  maybe(anyDay),
  maybe(fc.constantFrom('00:00', '08:30', '24:00')),
  maybe(
    fc
      .tuple(anyDay, fc.constantFrom('00:00:00', '12:34:56', '23:59:59'))
      .map(([day, time]) => `${day}T${time}Z`),
  ),
  maybe(
    fc
      .uniqueArray(fc.constantFrom(...codesIn('venue-activities')), { minLength: 1 })
      .map((list) => list.join(';')),
  ),
)

/** Any records, their keys all different. */
export const anyRows = (lengths: { minLength?: number; maxLength: number }) =>
  fc
    .array(anyRow, lengths)
    .map((rows) => rows.map(([code, ...others], n): RecordValues => [`${n} ${code}`, ...others]))

/** The context for rendering rows of the trial contract; other properties as passed. */
export function trialContext(records: number, more: Partial<RenderContext> = {}): RenderContext {
  return {
    contract: trialContract,
    contracts: trialContracts,
    fields: trialFields,
    version: { dataset: 'trial', edition: '2025', number: 1, records, synthetic: true },
    ...more,
  }
}

/** The bytes of rows in a format. */
export async function bytesOf(
  name: string,
  rows: readonly RecordValues[],
  renderContext: RenderContext = trialContext(rows.length),
): Promise<Buffer> {
  const format = getFormat(name)
  const chunks: Buffer[] = []
  for await (const chunk of await sourceOf(format, rows, renderContext))
    chunks.push(Buffer.from(chunk as Uint8Array))
  return Buffer.concat(chunks)
}

async function sourceOf(format: Format, rows: readonly RecordValues[], renderContext: RenderContext) {
  if ('render' in format)
    return format.render(
      repeatable(() => inBatches(rows)),
      renderContext,
    )
  const bytes = await bytesOf(format.from, rows, renderContext)
  const source: SourceFile = {
    name: `trial-2025-v1.${format.from}`,
    format: format.from,
    mediaType: getFormat(format.from).mediaType,
    bytes: bytes.length,
    digest: digestOf(bytes),
    read: () => one(bytes),
  }
  return format.recode(source, renderContext)
}

/** Batches of one, then of two, then of three …: the bytes must not depend on them. */
export async function* inBatches<T>(all: readonly T[]): AsyncGenerator<T[]> {
  for (let at = 0, size = 1; at < all.length; at += size, size += 1) yield all.slice(at, at + size)
}

async function* one<T>(value: T): AsyncGenerator<T> {
  yield value
}
