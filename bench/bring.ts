/**
 * A process that ingests a CSV as a bag of its own and optionally publishes it, by the API of the commands.
 * It reports how long the steps after receipt took, and ends with an error if anything is refused.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openServiceKey, withBag } from '../src/cli/bundles/loose-files.ts'
import { progressLine } from '../src/cli/display/progress.ts'
import { withContext } from '../src/cli/with-context.ts'
import { receive, takeBundle } from '../src/ingest/index.ts'
import { publishEdition, requestPublication } from '../src/publication/index.ts'
import { benchContract, benchDataset } from './dataset.ts'
import { peakOf, residentOf } from './processes.ts'

/** What the process writes on standard output, as JSON. */
export interface Brought {
  readonly rows: number
  /** From received to staged: reading it back from disc, every check, and the rows in the database. */
  readonly stagedSeconds: number
  /** From staged to published; null if it was not to be published. */
  readonly publishedSeconds: number | null
  /** Memory of the idle process with the context open; NaN if the system does not report it. */
  readonly idleBytes: number
  /** The peak memory. */
  readonly peakBytes: number
}

const { values } = parseArgs({
  options: {
    csv: { type: 'string', default: '' },
    /** Alternative to one file: a folder of files. */
    folder: { type: 'string', default: '' },
    edition: { type: 'string', default: '' },
    publish: { type: 'boolean', default: false },
  },
})
process.stdout.write(JSON.stringify(await bring(values.edition, values.publish)))

async function sources() {
  if (values.folder === '') return [{ name: 'rows.csv', source: values.csv }]
  const names = await readdir(values.folder)
  return names.map((name) => ({ name, source: join(values.folder, name) }))
}

async function bring(edition: string, publishToo: boolean): Promise<Brought> {
  const about = {
    dataset: benchDataset,
    edition,
    provider: benchContract.providers[0] ?? '',
    contractVersion: benchContract.contractVersion,
    synthetic: true,
    files: await sources(),
    clock: () => new Date(),
  }
  return withContext(async (context) => {
    const idleBytes = await residentOf(process.pid)
    const bag = { ...about, signWith: await openServiceKey(context) }
    const received = await withBag(bag, (path) => receive(context, { path, broughtBy: 'cli:bench' }))
    const began = performance.now()
    const receipt = await takeBundle(context, received.id, progressLine('bench'))
    const staged = performance.now()
    if (receipt.state !== 'staged') throw new Error(`the bundle was ${receipt.state}`)
    const rows = receipt.files?.reduce((sum, file) => sum + file.rowsTaken, 0) ?? 0
    const stagedSeconds = (staged - began) / 1000
    const memory = async () => ({ idleBytes, peakBytes: await peakOf(process.pid) })
    if (!publishToo) return { rows, stagedSeconds, publishedSeconds: null, ...(await memory()) }
    const asked = await requestPublication(context, { dataset: benchDataset, edition, askedBy: 'cli:bench' })
    const publication = await publishEdition(context, asked.id)
    if (publication.state !== 'done') throw new Error(`the publication is ${publication.state}`)
    const publishedSeconds = (performance.now() - staged) / 1000
    return { rows, stagedSeconds, publishedSeconds, ...(await memory()) }
  })
}
