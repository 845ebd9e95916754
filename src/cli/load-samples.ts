/**
 * The first start: the synthetic samples that ship with the contracts go through the real pipeline, bundle by bundle, each
 * signed with the service's own key.
 * Safe to run again: what a crash left half done is taken up, and what is done stays as it is.
 */
import { listVersions, readMirror } from '../catalogue/index.ts'
import { type OpenHouse, shippedDatasets } from '../context.ts'
import { listSamples, type Sample } from '../contract/index.ts'
import { readNote, writeNote } from '../db/settings-store.ts'
import { publishEdition, receive, takeBundle } from '../ingest/index.ts'
import { approvePublication, askPublication, waitsFor } from '../publication/index.ts'
import { openServiceKey, withBag } from './bundles/loose-files.ts'

/** The day the bags of samples are dated: fixed, so that the same samples are the same bundle at every start. */
const sampleDay = new Date('2026-11-01T00:00:00Z')

const noteName = 'samples'
const broughtBy = 'cli:samples'
const approvedBy = 'cli:samples-reviewed'

/**
 * Publishes the samples where the settings ask for it and they are not there yet. Throws where one is refused:
 * samples that ship with the code are right, or the code is wrong.
 */
export async function loadSamples(
  house: OpenHouse,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if (!(await wanted(house))) return
  await writeNote(house.database.work, noteName, { state: 'loading' })
  house.observe('samples-loading')
  const folder = house.config.QINGDAN_DATASETS === '' ? shippedDatasets : house.config.QINGDAN_DATASETS
  const samples = await listSamples(folder)
  const editions = groupBy(samples)
  say(
    `First start: ${samples.length} synthetic sample bundles of ${editions.size} editions go through the pipeline.`,
  )
  let done = 0
  for (const [name, parts] of editions) {
    for (const sample of parts) {
      if (signal.aborted) return
      await bring(house, sample)
      done += 1
    }
    const records = await publishSample(house, parts)
    say(`  ${String(done).padStart(3)} of ${samples.length}  ${name}  ${records} records`)
  }
  await writeNote(house.database.work, noteName, { state: 'done' })
}

async function wanted(house: OpenHouse): Promise<boolean> {
  const { QINGDAN_SAMPLES: setting, DATABASE_URL: server } = house.config
  if (setting === 'never' || (await readMirror(house.database.work)) !== undefined) return false
  const note = (await readNote(house.database.work, noteName)) as { readonly state: string } | undefined
  if (note !== undefined) return note.state !== 'done'
  return setting === 'always' || (server === undefined && (await listVersions(house.database)).length === 0)
}

async function bring(house: OpenHouse, sample: Sample): Promise<void> {
  const { dataset, edition, provider, file } = sample
  const { contractVersion } = house.contracts.get(dataset).contract
  const files = [{ name: `${dataset}.csv`, source: file }]
  const clock = () => sampleDay
  const signWith = await openServiceKey(house)
  const bag = { dataset, edition, provider, contractVersion, synthetic: true, files, clock, signWith }
  const taken = await withBag(bag, async (path) => {
    const receipt = await receive(house, { path, broughtBy })
    return takeBundle(house, receipt.id)
  })
  if (taken.state !== 'staged') throw new Error(`the sample ${nameOf(sample)} of ${provider} was refused`)
}

async function publishSample(house: OpenHouse, [sample]: readonly Sample[]): Promise<number> {
  if (sample === undefined) return 0
  const { dataset, edition } = sample
  const [there] = await listVersions(house.database, { dataset, edition })
  if (there !== undefined) return there.records
  const asked = await askPublication(house, { dataset, edition, askedBy: broughtBy })
  let publication = await publishEdition(house, asked.id)
  if (waitsFor(house, publication).includes('approval')) {
    // Samples are made up, and were looked at when they were put beside the code.
    await approvePublication(house, { id: publication.id, actor: approvedBy })
    publication = await publishEdition(house, publication.id)
  }
  if (publication.state !== 'done') throw new Error(`the sample edition ${dataset} ${edition} was refused`)
  const [published] = await listVersions(house.database, { dataset, edition })
  return published?.records ?? 0
}

function nameOf({ dataset, edition }: Sample): string {
  return `${dataset} ${edition}`
}

function groupBy(samples: readonly Sample[]): Map<string, Sample[]> {
  const groups = new Map<string, Sample[]>()
  for (const sample of samples) groups.set(nameOf(sample), [...(groups.get(nameOf(sample)) ?? []), sample])
  return groups
}
