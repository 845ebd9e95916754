/**
 * A process that takes encrypted bundles of pupils' results to staged statistics, reports CPU, wall time and peak memory of
 * each stage, and writes the figures of all groups before disclosure control.
 */
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { withContext } from '../src/cli/with-context.ts'
import type { OpenContext } from '../src/context.ts'
import { getDerivation } from '../src/derivations/index.ts'
import { listParts, readDirectories, readStatistics, receive, takeBundle } from '../src/ingest/index.ts'
import { peakOf } from './processes.ts'

export interface Stage {
  readonly name: string
  /** Of this process, which decrypts, reads, checks and counts. */
  readonly cpuSeconds: number
  readonly seconds: number
  readonly peakBytes: number
}

export interface Staged {
  readonly rows: number
  readonly stages: readonly Stage[]
}

const { values } = parseArgs({
  options: {
    bundles: { type: 'string', default: '' },
    dataset: { type: 'string', default: '' },
    edition: { type: 'string', default: '' },
    groups: { type: 'string', default: '' },
  },
})

const stages = new Map<string, { cpu: number; seconds: number; peak: number }>()
let cpu = process.cpuUsage()
let at = performance.now()

/** Ends a stage: what was used since the end of the former one is its own. */
async function end(name: string): Promise<void> {
  const used = process.cpuUsage(cpu)
  const now = performance.now()
  const former = stages.get(name) ?? { cpu: 0, seconds: 0, peak: 0 }
  stages.set(name, {
    cpu: former.cpu + (used.user + used.system) / 1e6,
    seconds: former.seconds + (now - at) / 1000,
    peak: Math.max(former.peak, await peakOf(process.pid)),
  })
  cpu = process.cpuUsage()
  at = performance.now()
}

process.stdout.write(JSON.stringify(await withContext(stageAll)))

async function stageAll(context: OpenContext): Promise<Staged> {
  let rows = 0
  await end('start')
  for (const name of (await readdir(values.bundles)).sort()) {
    const { id } = await receive(context, { path: join(values.bundles, name), broughtBy: 'cli:bench' })
    await end('receive')
    const receipt = await takeBundle(context, id)
    if (receipt.state !== 'staged') throw new Error(`the bundle ${name} was ${receipt.state}`)
    rows += receipt.files?.reduce((sum, file) => sum + file.rowsTaken, 0) ?? 0
    await end('stage')
  }
  await writeFile(values.groups, JSON.stringify(await aggregate(context)))
  await end('derive')
  return {
    rows,
    stages: [...stages].map(([name, { cpu: cpuSeconds, seconds, peak }]) => ({
      ...{ name, cpuSeconds, seconds, peakBytes: peak },
    })),
  }
}

/** The rows of totals over all levels, with their fields by name. */
async function aggregate(context: OpenContext): Promise<readonly Readonly<Record<string, string | null>>[]> {
  const { dataset, edition } = values
  const { contract } = context.contracts.get(dataset)
  const { derivation: use } = contract
  if (use === undefined) throw new Error(`${dataset} has no derivation`)
  const parts = await listParts(context.database.work, dataset, edition)
  const directories = await readDirectories(context, parts[0]?.directories ?? [])
  const ids = parts.map(({ bundleId }) => bundleId)
  const statistics = readStatistics(context.database, contract, ids)
  const groups: Readonly<Record<string, string | null>>[] = []
  for await (const rows of getDerivation(use.name).aggregate(
    { contract, use, edition, directories },
    statistics,
  ))
    for (const row of rows) {
      const named = Object.fromEntries(contract.fields.map(({ name }, n) => [name, row[n] ?? null]))
      if (named['level'] === '_T' && named['indicator'] !== 'total') groups.push(named)
    }
  return groups
}
