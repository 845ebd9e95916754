/**
 * A naive oracle of aggregates over the lines of a published CSV, in BigInt units of the last digit, so that
 * the test compares digits instead of floats. It shares no code with the implementation.
 */

/** A record of the CSV; an empty cell is null. */
export type PublishedRecord = Readonly<Record<string, string>>

export interface NaiveMeasure {
  readonly operation: 'sum' | 'mean' | 'min' | 'max'
  readonly field: string
  readonly scale: number
  readonly weight?: string
  /** Whether disclosure control may empty the field or its weight. */
  readonly withheld: boolean
}

const unitsOf = (text: string, scale: number): bigint => {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  const units = BigInt(whole + fraction.padEnd(scale, '0'))
  return text.startsWith('-') ? -units : units
}

const textOf = (units: bigint, scale: number): string => {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0')
  const point = scale === 0 ? '' : `.${digits.slice(digits.length - scale)}`
  return `${units < 0n ? '-' : ''}${digits.slice(0, digits.length - scale)}${point}`
}

/** The quotient in units, rounded half away from zero. */
const rounded = (dividend: bigint, divisor: bigint): bigint => {
  const positive = dividend < 0n ? -dividend : dividend
  const units = (2n * positive + divisor) / (2n * divisor)
  return dividend < 0n ? -units : units
}

/** The expected CSV lines, one per group, ordered by key bytes, nulls last. */
export function naiveGroups(
  records: readonly PublishedRecord[],
  groupBy: readonly string[],
  measures: readonly NaiveMeasure[],
): readonly (readonly string[])[] {
  const groups = new Map<string, PublishedRecord[]>()
  if (groupBy.length === 0) groups.set('[]', [])
  for (const record of records) {
    const key = JSON.stringify(groupBy.map((name) => record[name] ?? ''))
    groups.set(key, [...(groups.get(key) ?? []), record])
  }
  return [...groups]
    .map(([key, of]) => ({ key: JSON.parse(key) as string[], of }))
    .sort((a, b) => compareKeys(a.key, b.key))
    .map(({ key, of }) => {
      const results = measures.map((measure) => naiveMeasure(of, measure))
      const suppressed = results.flatMap(({ name, suppressed }) => (suppressed ? [name] : []))
      return [...key, String(of.length), ...results.flatMap(({ cells }) => cells), suppressed.join(';')]
    })
}

function compareKeys(a: readonly string[], b: readonly string[]): number {
  for (const [index, one] of a.entries()) {
    const other = b[index] ?? ''
    if (one === other) continue
    if (one === '') return 1
    return other === '' ? -1 : Buffer.compare(Buffer.from(one), Buffer.from(other))
  }
  return 0
}

function naiveMeasure(records: readonly PublishedRecord[], measure: NaiveMeasure) {
  const { operation, field, scale, weight, withheld } = measure
  const name = `${operation}_${field}`
  const free = records.filter((record) => !withheld || record['status'] === 'F')
  const suppressed = free.length < records.length
  const full = free.filter(
    (record) => record[field] !== '' && (weight === undefined || record[weight] !== ''),
  )
  const missing = String(free.length - full.length)
  const values = full.map((record) => unitsOf(record[field] ?? '', scale))
  if (weight !== undefined) {
    const weights = full.map((record) => BigInt(record[weight] ?? ''))
    const total = weights.reduce((sum, one) => sum + one, 0n)
    const products = values.reduce((sum, value, index) => sum + value * (weights[index] ?? 0n), 0n)
    const mean = total === 0n ? '' : textOf(rounded(products * 100n, total), scale + 2)
    const cells = suppressed ? ['', '', missing] : [mean, full.length === 0 ? '' : String(total), missing]
    return { name, suppressed, cells }
  }
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const units = {
    sum: values.reduce((sum, value) => sum + value, 0n),
    min: sorted[0] ?? 0n,
    max: sorted.at(-1) ?? 0n,
    mean: 0n,
  }[operation]
  return { name, suppressed, cells: [suppressed || full.length === 0 ? '' : textOf(units, scale), missing] }
}
