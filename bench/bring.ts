/**
 * A process that brings a CSV as a bag of its own and, where told so, publishes it, through the doors that the commands
 * use; and says how long what comes after the receipt took. It ends with an error where anything is refused.
 */
import { parseArgs } from 'node:util'
import { withHouse } from '../src/commands/command.ts'
import { askPublication, publishEdition, receive, takeBundle } from '../src/ingest/index.ts'
import { openServiceKey, withBag } from '../src/loose-files.ts'
import { benchContract, benchDataset } from './dataset.ts'

/** What the process writes on standard output, as JSON. */
export interface Brought {
  readonly rows: number
  /** From received to staged: reading it all back from the disc, every check, and the rows in the database. */
  readonly stagedSeconds: number
  /** From staged to published; null where it was not to be. */
  readonly publishedSeconds: number | null
}

const { values } = parseArgs({
  options: {
    csv: { type: 'string', default: '' },
    edition: { type: 'string', default: '' },
    publish: { type: 'boolean', default: false },
  },
})
process.stdout.write(JSON.stringify(await bring(values.csv, values.edition, values.publish)))

async function bring(csv: string, edition: string, publishToo: boolean): Promise<Brought> {
  const about = {
    dataset: benchDataset,
    edition,
    provider: benchContract.providers[0] ?? '',
    contractVersion: benchContract.contractVersion,
    synthetic: true,
    files: [{ name: 'rows.csv', source: csv }],
    clock: () => new Date(),
  }
  return withHouse(async (house) => {
    const bag = { ...about, signWith: await openServiceKey(house) }
    const received = await withBag(bag, (path) => receive(house, { path, broughtBy: 'cli:bench' }))
    const began = performance.now()
    const receipt = await takeBundle(house, received.id)
    const staged = performance.now()
    if (receipt.state !== 'staged') throw new Error(`the bundle was ${receipt.state}`)
    const rows = receipt.files?.reduce((sum, file) => sum + file.rowsTaken, 0) ?? 0
    const stagedSeconds = (staged - began) / 1000
    if (!publishToo) return { rows, stagedSeconds, publishedSeconds: null }
    const asked = await askPublication(house, { dataset: benchDataset, edition, askedBy: 'cli:bench' })
    const publication = await publishEdition(house, asked.id)
    if (publication.state !== 'done') throw new Error(`the publication is ${publication.state}`)
    return { rows, stagedSeconds, publishedSeconds: (performance.now() - staged) / 1000 }
  })
}
