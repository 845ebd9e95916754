/** `qingdan hours parse`: reads phrases of opening hours from standard input as the intake of venues reads them. */
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type HoursCell, parseHours, printHours, type Session } from '../../derivations/index.ts'
import { type Common, exitCodes } from '../command.ts'

interface Result {
  readonly id: string | number | null
  readonly sessions: readonly Session[]
  readonly finding: string | null
}

/** Reads standard input line by line and writes a result for each, in order. */
export async function parse(options: Common): Promise<number> {
  let invalid = 0
  async function* results() {
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.trim() === '') continue
      const result = read(line)
      if (result === undefined) invalid += 1
      yield written(result ?? noSuchLine, options)
    }
  }
  await pipeline(Readable.from(results()), process.stdout, { end: false })
  return invalid === 0 ? exitCodes.ok : exitCodes.usage
}

const noSuchLine: Result = {
  id: null,
  sessions: [],
  finding: 'This line is not a JSON object with a text. Write {"id": "1", "text": "周一至周五18:30-20:30"}.',
}

/** The reading of one line; undefined if it is no object with a text. */
function read(line: string): Result | undefined {
  const cell = objectOf(line)
  if (cell === undefined || typeof cell['text'] !== 'string') return undefined
  const text = (name: string) => (typeof cell[name] === 'string' ? { [name]: cell[name] } : {})
  const { id } = cell
  return {
    id: typeof id === 'string' || typeof id === 'number' ? id : null,
    ...parseHours({
      text: cell['text'],
      ...text('column'),
      ...text('heading'),
      ...text('locale'),
    } as HoursCell),
  }
}

function objectOf(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function written(result: Result, options: Common): string {
  if (options.json === true) return `${JSON.stringify(result)}\n`
  const reading = result.finding ?? (result.sessions.length === 0 ? '-' : printHours(result.sessions))
  return `${result.id ?? ''}\t${reading}\n`
}
