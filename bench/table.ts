/** The report as a table for people: per row the ratio first, then its spread, the floor, and both sides. */
import type { Line, Report } from './report.ts'

/** The table as text. */
export function printTable({ scale, machine, lines }: Report): string {
  const head = ['row', 'median', 'min–max', 'to reach', '', 'ours', 'reference', 'beside']
  const cells = [head, ...lines.filter((line) => line.leftOut === undefined).map(cellsOf)]
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const table = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const left = lines.filter((line) => line.leftOut !== undefined)
  return [
    `${scale.records} records, medians of ${scale.pairs} interleaved pairs; ${machine['processors']} processors, ` +
      `Node ${machine['node']}, load ${Number(machine['loadOfLastMinute']).toFixed(1)} at the end`,
    ...(scale.quick ? ['A quick run shows that the bench works; its figures are not results.'] : []),
    '',
    ...table,
    ...left.map(({ name, leftOut }) => `${name}  left out: ${leftOut}`),
  ].join('\n')
}

function cellsOf(line: Line): readonly string[] {
  const { median = 0, min = 0, max = 0 } = line
  const show = line.compare === 'ratio' ? ratio : (value: number) => amount(value, line.unit)
  const sign = line.direction === 'at least' ? '≥' : '≤'
  return [
    line.name,
    show(median),
    `${show(min)}–${show(max)}`,
    line.floor === null ? '–' : `${sign} ${show(line.floor)}`,
    line.isMet === undefined ? '' : line.isMet ? 'met' : 'MISSED',
    amount(line.ours ?? 0, line.unit),
    amount(line.theirs ?? 0, line.unit),
    line.reference,
  ]
}

function ratio(value: number): string {
  return value.toFixed(2)
}

function amount(value: number, unit: string): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return `${value.toFixed(digits)} ${unit}`
}
