/**
 * Loads the synthetic samples that ship with the contracts at the first start, through the real pipeline,
 * bundle by bundle, each signed with the service's own key, and encrypted to it where the rows are about persons. Safe to
 * repeat: it completes what a crash left unfinished and changes nothing that is complete. An edition of which somebody
 * else has delivered a part meanwhile gets no sample.
 */
import { loadServiceKey } from '../accounts/index.ts'
import { readPublicKey } from '../bundle/index.ts'
import { isNew, listVersions, readMirror } from '../catalogue/index.ts'
import { type OpenContext, shippedDatasets } from '../context.ts'
import { isPersonal, listSamples, partsOf, type Sample } from '../contract/index.ts'
import { readSetting, writeSetting } from '../db/settings-store.ts'
import { hasBrought, listParts, receive, takeBundle } from '../ingest/index.ts'
import { defined } from '../platform/defined.ts'
import {
  approvePublication,
  pendingReasonOf,
  publishEdition,
  requestPublication,
} from '../publication/index.ts'
import { openServiceKey, withBag } from './bundles/loose-files.ts'

/** The date of the sample bags: fixed, so that the same samples give the same bundle at every start. */
const sampleDay = new Date('2026-11-01T00:00:00Z')

const settingName = 'samples'
const broughtBy = 'cli:samples'
const approvedBy = 'cli:samples-reviewed'

/**
 * Publishes the samples if the settings ask for it and they are not published yet. Throws if one is refused:
 * the samples ship with the code, so a refusal is a defect of the code.
 */
export async function loadSamples(
  context: OpenContext,
  report: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  if (!(await wanted(context, report))) return
  await writeSetting(context.database.work, settingName, { state: 'loading' })
  context.observe('samples-loading')
  const folder = context.config.QINGDAN_DATASETS === '' ? shippedDatasets : context.config.QINGDAN_DATASETS
  const samples = await listSamples(folder)
  const editions = groupBy(samples, nameOf)
  report(`First start: loading ${samples.length} synthetic sample bundles of ${editions.size} editions.`)
  let done = 0
  const published = (name: string, { length }: readonly Sample[], records: number) => {
    done += length
    report(`  ${String(done).padStart(3)} of ${samples.length}  ${name}  ${records} records`)
  }
  await untilOneFails(signal, inLines(context, samples), async (waves, signal) => {
    for (const wave of waves) await loadWave(context, wave, signal, published)
  })
  if (signal.aborted) return
  await writeSetting(context.database.work, settingName, { state: 'done' })
}

/**
 * The samples in two lines that are loaded beside each other. In the first, what is looked up is published before the
 * samples that look it up are read; in the second are all others.
 */
function inLines({ contracts }: OpenContext, samples: readonly Sample[]): readonly (readonly Sample[][])[] {
  const lookedUpBy = ({ dataset }: Sample) =>
    Object.values(contracts.get(dataset).contract.derivation?.directories ?? {})
  const directories = new Set(samples.flatMap(lookedUpBy))
  const isLookedUp = ({ dataset }: Sample) => directories.has(dataset)
  const looksUp = (sample: Sample) => lookedUpBy(sample).length > 0
  const others = samples.filter((sample) => !isLookedUp(sample) && !looksUp(sample))
  return [[samples.filter(isLookedUp), samples.filter(looksUp)], [others]]
}

/** Works on all items beside each other; an error stops the others at their next step, and is thrown when all have ended. */
async function untilOneFails<T>(
  signal: AbortSignal,
  items: Iterable<T>,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stopping = new AbortController()
  const either = AbortSignal.any([signal, stopping.signal])
  const each = [...items].map((item) =>
    work(item, either).catch((error: unknown) => {
      stopping.abort()
      throw error
    }),
  )
  const ended = await Promise.allSettled(each)
  for (const one of ended) if (one.status === 'rejected') throw one.reason
}

/** Stages and publishes samples. A signal stops it between two editions. */
async function loadWave(
  context: OpenContext,
  samples: readonly Sample[],
  signal: AbortSignal,
  onPublished: (name: string, parts: readonly Sample[], records: number) => void,
): Promise<void> {
  const stopping = new AbortController()
  const staged = stageAll(context, samples, AbortSignal.any([signal, stopping.signal]))
  try {
    // Datasets beside each other, since a publication often waits for the disk; their editions one after the other.
    const datasets = groupBy(samples, ({ dataset }) => dataset).values()
    await untilOneFails(signal, datasets, async (of, signal) => {
      for (const [name, parts] of groupBy(of, nameOf)) {
        await Promise.all(parts.map((part) => staged.get(part)))
        if (signal.aborted) return
        const records = await publishSample(context, parts)
        if (records !== undefined) onPublished(name, parts, records)
      }
    })
  } finally {
    // The caller closes the database next, so no bundle may still be in progress.
    stopping.abort()
    await Promise.allSettled(staged.values())
  }
}

async function wanted(context: OpenContext, report: (text: string) => void): Promise<boolean> {
  const { QINGDAN_SAMPLES: setting, DATABASE_URL: server } = context.config
  if (setting === 'never' || (await readMirror(context.database.work)) !== undefined) return false
  const stored = (await readSetting(context.database.work, settingName)) as
    | { readonly state: string }
    | undefined
  if (stored !== undefined) return stored.state !== 'done'
  if (setting === 'auto' && server !== undefined) return false
  if (await isNew(context)) return true
  if (setting === 'always') report('No samples are published: the database or its folder holds data already.')
  return false
}

/** Bundles ingested at the same time: a bundle mostly waits for the disk. */
const bundlesAtOnce = 4

/** Ingests the samples in order; returns a promise for each. A signal stops it before the next bundle. */
function stageAll(
  context: OpenContext,
  samples: readonly Sample[],
  signal: AbortSignal,
): ReadonlyMap<Sample, Promise<void>> {
  const staged: Promise<void>[] = []
  for (const [index, sample] of samples.entries()) {
    const before = staged[index - bundlesAtOnce]?.catch(() => undefined)
    const work = async () => {
      await before
      if (!signal.aborted) await ingestSample(context, sample)
    }
    const promise = work()
    // The error is thrown where the edition awaits this promise.
    promise.catch(() => undefined)
    staged.push(promise)
  }
  return new Map(samples.map((sample, index) => [sample, staged[index] ?? Promise.resolve()]))
}

async function ingestSample(context: OpenContext, sample: Sample): Promise<void> {
  if (await isDelivered(context, sample)) return
  const { dataset, edition, provider, file } = sample
  const { contract } = context.contracts.get(dataset)
  const { contractVersion } = contract
  const personal = isPersonal(contract)
  // An encrypted bundle has other bytes each time, so it is not recognised by them.
  if (personal && (await isStaged(context, sample))) return
  const files = [{ name: `${dataset}.csv`, source: file }]
  const clock = () => sampleDay
  const signWith = await openServiceKey(context)
  const encryptTo = personal ? await readPublicKey((await loadServiceKey(context)).publicKey) : undefined
  const bag = {
    ...{ dataset, edition, provider, contractVersion, synthetic: true, files, clock, signWith },
    ...defined({ encryptTo }),
  }
  const taken = await withBag(bag, async (path) => {
    const receipt = await receive(context, { path, broughtBy })
    return takeBundle(context, receipt.id)
  })
  if (taken.state !== 'staged') throw new Error(`the sample ${nameOf(sample)} of ${provider} was refused`)
}

async function isStaged({ database }: OpenContext, sample: Sample): Promise<boolean> {
  const parts = await listParts(database.work, sample.dataset, sample.edition)
  return parts.some(({ provider }) => provider === sample.provider)
}

/** Whether somebody else has delivered a part of the sample's edition. */
async function isDelivered({ database }: OpenContext, { dataset, edition }: Sample): Promise<boolean> {
  for (const { bundleId } of await listParts(database.work, dataset, edition))
    if (!(await hasBrought(database.work, bundleId, broughtBy))) return true
  return false
}

/** Publishes an edition and returns the number of its records; undefined if somebody else has delivered a part of it. */
async function publishSample(context: OpenContext, parts: readonly Sample[]): Promise<number | undefined> {
  const [sample] = parts
  if (sample === undefined || (await isDelivered(context, sample))) return undefined
  const { dataset, edition } = sample
  const [existing] = await listVersions(context.database, { dataset, edition })
  if (existing !== undefined) return existing.records
  const waivers = partsOf(context.contracts.get(dataset).contract)
    .filter((part) => !parts.some(({ provider }) => provider === part.provider))
    .map(({ provider }) => ({ provider, reason: 'The samples have no part of this provider.' }))
  const requested = await requestPublication(context, { dataset, edition, askedBy: broughtBy, waivers })
  let publication = await publishEdition(context, requested.id)
  if (pendingReasonOf(context, publication).includes('approval')) {
    // Samples are synthetic and were reviewed when they were added to the repository.
    await approvePublication(context, { id: publication.id, actor: approvedBy })
    publication = await publishEdition(context, publication.id)
  }
  if (publication.state !== 'done') throw new Error(`the sample edition ${dataset} ${edition} was refused`)
  const [published] = await listVersions(context.database, { dataset, edition })
  return published?.records ?? 0
}

function nameOf({ dataset, edition }: Sample): string {
  return `${dataset} ${edition}`
}

function groupBy(samples: readonly Sample[], keyOf: (sample: Sample) => string): Map<string, Sample[]> {
  const groups = new Map<string, Sample[]>()
  for (const sample of samples) groups.set(keyOf(sample), [...(groups.get(keyOf(sample)) ?? []), sample])
  return groups
}
