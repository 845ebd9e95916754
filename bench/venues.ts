/** A city of some 20,000 facilities with 100,000 sessions, published in a data folder of its own, and the service over it. */
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { shippedDatasets } from '../src/context.ts'
import { coordinate, districts } from '../test/support/samples/districts.ts'
import { csvPieces } from '../test/support/samples/part.ts'
import { randomOf } from '../test/support/samples/random.ts'
import { venueParts } from '../test/support/samples/venues.ts'
import { type BenchContext, qingdan, type Settings } from './context.ts'
import { type Service, startServer } from './processes.ts'

const edition = '2026'

/** Sessions of the city; of the quick bench, a tenth. */
const sessionsOf = ({ quick }: BenchContext) => (quick ? 10_000 : 100_000)

/** The service over the venues, started at the first call. */
export function venueService(context: BenchContext): Promise<Service> {
  return context.once('venues', async () => {
    const folder = join(context.folder, 'venues')
    await mkdir(folder)
    const environment = {
      ...context.environment,
      QINGDAN_DATA: join(folder, 'var'),
      QINGDAN_DATASETS: shippedDatasets,
      // More addresses are requested than a small cache holds.
      QINGDAN_CACHE_BYTES_MAX: '1048576',
    }
    const args = ['build/run.mjs', 'main']
    const log = join(context.folder, 'logs', 'venues.log')
    const service = await startServer({ program: process.execPath, args, environment, log })
    context.atEnd(service.stop)
    await publish(context, environment, folder)
    return service
  })
}

async function publish(context: BenchContext, environment: Settings, folder: string): Promise<void> {
  context.progress(`ingesting ${sessionsOf(context)} sessions of venues`)
  const calendar = join(shippedDatasets, 'school-calendar', 'sample', edition, 'edu-commission.csv')
  await ingest(environment, 'school-calendar', 'edu-commission', calendar)
  await qingdan(environment, ['publish', 'school-calendar', edition])
  const options = { scale: 1, rows: sessionsOf(context) }
  for (const part of venueParts(2026, [edition], options)) {
    const file = join(folder, `${part.provider}.csv`)
    await pipeline(Readable.from(csvPieces(part)), createWriteStream(file))
    await ingest(environment, part.dataset, part.provider, file)
  }
  context.progress('publishing them')
  await qingdan(environment, ['publish', 'school-sports-venues', edition])
}

const ingest = (environment: Settings, dataset: string, provider: string, file: string) =>
  qingdan(environment, [
    'ingest',
    file,
    ...['--dataset', dataset, '--edition', edition, '--provider', provider, '--synthetic'],
  ])

/** Places in the districts, in a fixed order. */
export function listPlaces(count: number): readonly { readonly lat: string; readonly lon: string }[] {
  const random = randomOf(2026, 'places')
  return Array.from({ length: count }, (_, n) => {
    const { west, east, south, north } = districts[n % districts.length] ?? {
      west: 0,
      east: 0,
      south: 0,
      north: 0,
    }
    return { lat: coordinate(south, north, random()), lon: coordinate(west, east, random()) }
  })
}
