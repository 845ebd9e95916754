/**
 * The golden bytes of every format, in test/golden/formats. `npm run golden` writes them again; read the diff
 * before committing it. Packed files are stored unpacked, so that a diff is readable.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { parquetMetadata } from 'hyparquet'
import { bytesOf, trialRows } from './trial-records.ts'
import { zipEntries } from './zip-entries.ts'

export const goldenFolder = fileURLToPath(new URL('../golden/formats', import.meta.url))

/** Every golden file by its name, with today's content. */
export async function goldenFiles(): Promise<ReadonlyMap<string, Buffer>> {
  const parquet = await bytesOf('parquet', trialRows)
  return new Map([
    ['trial.csv', await bytesOf('csv', trialRows)],
    // Deflate output depends on the version of zlib, so packed files are compared unpacked.
    ['trial.csv.gz.txt', gunzipSync(await bytesOf('csv.gz', trialRows))],
    ['trial.ndjson', await bytesOf('ndjson', trialRows)],
    ['trial.geojson', await bytesOf('geojson', trialRows)],
    ['trial.json', await bytesOf('json', trialRows)],
    ['trial.sdmx.csv', await bytesOf('sdmx.csv', trialRows)],
    ['trial.xlsx.txt', await unpacked(await bytesOf('xlsx', trialRows))],
    ['trial.zip.txt', await unpacked(await bytesOf('zip', trialRows))],
    ['trial.parquet', parquet],
    ['trial.parquet.txt', footer(parquet)],
  ])
}

/** The entries of a ZIP one after another; each tag begins a line, because XML output has no line breaks. */
async function unpacked(zip: Buffer): Promise<Buffer> {
  const entries = [...(await zipEntries(zip))].map(([path, bytes]) => {
    const text = path.endsWith('.xml') || path.endsWith('.rels') ? lines(String(bytes)) : String(bytes)
    return `===== ${path}\n${text}\n`
  })
  return Buffer.from(entries.join(''))
}

const lines = (xml: string) => xml.replaceAll(/(?<=>)(?=<(?!\/|t[ >]|is>|v>))/g, '\n')

/** The content of a Parquet file's footer. */
function footer(parquet: Buffer): Buffer {
  const metadata = parquetMetadata(new Uint8Array(parquet).buffer)
  const text = JSON.stringify(metadata, (_, value) => (typeof value === 'bigint' ? `${value}n` : value), 1)
  return Buffer.from(`${text}\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await mkdir(goldenFolder, { recursive: true })
  for (const [name, bytes] of await goldenFiles()) await writeFile(join(goldenFolder, name), bytes)
}
