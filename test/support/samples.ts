/**
 * Writes the synthetic sample files of every dataset from one seed. `npm run samples` renews the committed
 * ones; `--rows 1000000 --out <folder>` writes as many venues as a trial needs, as a stream. Two runs with
 * the same options give the same bytes. Refuses unknown options.
 */
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { calendarParts, centreParts } from './samples/directories.ts'
import { fitnessParts, schoolParts } from './samples/fitness.ts'
import { listParts } from './samples/lists.ts'
import { csvPieces, type SamplePart } from './samples/part.ts'
import { venueParts } from './samples/venues.ts'

/** The seed of the committed samples. */
export const sampleSeed = 20260901

export interface SampleOptions {
  /** Where `<slug>/sample/<edition>/<provider>.csv` is written. */
  readonly out: string
  readonly seed?: number
  /** Multiplies the schools that have venues. */
  readonly scale?: number
  /** Rows of venues in each edition, instead of a scale. */
  readonly rows?: number
}

/** Writes every sample file and returns the paths in the order of writing. */
export async function writeSamples(options: SampleOptions): Promise<readonly string[]> {
  const files: string[] = []
  for (const part of sampleParts(options)) {
    const file = join(options.out, part.dataset, 'sample', part.edition, `${part.provider}.csv`)
    await mkdir(dirname(file), { recursive: true })
    await pipeline(Readable.from(csvPieces(part)), createWriteStream(file))
    files.push(file)
  }
  return files
}

function sampleParts({ seed = sampleSeed, scale = 1, rows }: SampleOptions): readonly SamplePart[] {
  const years = ['2025', '2026']
  return [
    ...listParts(years),
    ...calendarParts(),
    ...centreParts(seed, years),
    ...schoolParts(seed, ['2023-2024', '2024-2025']),
    ...fitnessParts(seed, ['2023-2024', '2024-2025']),
    ...venueParts(seed, years, { scale, ...(rows === undefined ? {} : { rows }) }),
  ]
}

/** A whole number from an option's text. Throws a plain Error that names the option. */
function numberOf(option: string, text: string, most: number): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > most)
    throw new Error(`--${option} must be a whole number to ${most}`)
  return Number(text)
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(sampleSeed) },
      scale: { type: 'string', default: '1' },
      rows: { type: 'string' },
      out: { type: 'string', default: fileURLToPath(new URL('../../datasets', import.meta.url)) },
    },
  })
  const files = await writeSamples({
    out: values.out,
    seed: numberOf('seed', values.seed, 2 ** 32 - 1),
    scale: numberOf('scale', values.scale, 10_000),
    // Venue codes have seven digits for the school of a district.
    ...(values.rows === undefined ? {} : { rows: numberOf('rows', values.rows, 100_000_000) }),
  })
  process.stdout.write(`${files.length} synthetic sample files written under ${resolve(values.out)}\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
