/** Closures in bulk as CSV: `venue,kind,from,until,reason`, one a line. Refuses unknown columns and too many lines. */
import { parse } from 'csv-parse/sync'
import { problem } from '../../platform/problem.ts'
import { type ClosureRequest, closuresMax } from './change-closures.ts'

const columns = ['venue', 'kind', 'from', 'until', 'reason'] as const
const required: readonly string[] = ['venue', 'reason']

/** The requests of a CSV text. Throws `closure-invalid`. */
export function parseClosures(text: string): readonly ClosureRequest[] {
  const [header = [], ...rows] = recordsOf(text)
  const unknown = header.find((name) => !columns.some((column) => column === name))
  if (unknown !== undefined) throw invalid(`Unknown column; expected ${columns.join(',')}.`)
  const missing = required.find((name) => !header.includes(name))
  if (missing !== undefined) throw invalid(`The column ${missing} is missing; expected ${columns.join(',')}.`)
  if (new Set(header).size < header.length) throw invalid('A column occurs twice.')
  if (rows.length === 0) throw invalid('There is no line below the header.')
  if (rows.length > closuresMax) throw invalid(`At most ${closuresMax} lines.`)
  return rows.map((row) => {
    const cells = header.map((name, index) => [name, (row[index] ?? '').trim()] as const)
    const given = Object.fromEntries(cells.filter(([, cell]) => cell !== ''))
    return { venue: '', reason: '', ...given } as ClosureRequest
  })
}

function recordsOf(text: string): readonly string[][] {
  try {
    return parse(text, { bom: true, skip_empty_lines: true, max_record_size: 10_000 }) as string[][]
  } catch {
    throw invalid('This is no CSV with equally many cells in each line.')
  }
}

function invalid(detail: string) {
  return problem('closure-invalid', { path: 'body', detail })
}
