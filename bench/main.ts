/**
 * `npm run bench`: measures every row of the table beside its reference in one run, prints ratios with their
 * spread and floor, and writes them as JSON on request. It is no gate: it fails only if it can't measure.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { type Scale, withContext } from './context.ts'
import { compared, spreadOf } from './measure.ts'
import { type Result, reportOf } from './report.ts'
import { LeftOut, type Row, rows } from './rows/index.ts'
import { printTable } from './table.ts'
import { findTools, type ToolName, tools } from './tools.ts'

const full: Scale = { quick: false, records: 1_000_000, pairs: 9, seconds: 3 }
/** At most a tenth of everything: shows whether the bench works, not what the figures are. */
const quick: Scale = { quick: true, records: 20_000, pairs: 3, seconds: 0.5 }

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    print(help())
    return 0
  }
  const wanted = values.only === undefined ? rows : rows.filter(({ name }) => values.only?.includes(name))
  const unknown = (values.only ?? []).find((name) => !rows.some((row) => row.name === name))
  if (unknown !== undefined) {
    log(`There is no row ${unknown}. Rows: ${rows.map(({ name }) => name).join(', ')}.`)
    return 2
  }
  const found = await findTools()
  const results = await withContext(values.quick ? quick : full, found, log, async (context) => {
    const taken: Result[] = []
    for (const row of wanted) taken.push(await take(row, context, found))
    return taken
  })
  const report = await reportOf(values.quick ? quick : full, results, found)
  print(printTable(report))
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`)
  return 0
}

async function take(
  row: Row,
  context: Parameters<Row['measure']>[0],
  found: ReadonlyMap<ToolName, string>,
): Promise<Result> {
  const missing = row.needs.find((name) => !found.has(name))
  if (missing !== undefined) {
    return { row, leftOut: `${tools[missing].about}, is missing: ${tools[missing].install}` }
  }
  log(`measuring ${row.name}`)
  try {
    const pairs = await row.measure(context)
    return { row, pairs, spread: spreadOf(compared(row, pairs)) }
  } catch (error) {
    if (!(error instanceof LeftOut)) throw error
    return { row, leftOut: error.message }
  }
}

function help(): string {
  return [
    'npm run bench -- [--quick] [--only <row>]… [--json <file>]',
    '',
    `Measures on ${full.records} records, ${full.pairs} interleaved pairs a row; --quick on ${quick.records}, ${quick.pairs} pairs.`,
    'Everything is made in a temporary folder and removed at the end.',
    '',
    'Rows:',
    ...rows.map((row) => `  ${row.name.padEnd(20)}${row.figure}, beside ${row.reference}`),
    '',
    'Needed for some rows:',
    ...Object.values(tools).map(({ about, install }) => `  ${about}: ${install}`),
  ].join('\n')
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function log(text: string): void {
  process.stderr.write(`  ${text}\n`)
}
