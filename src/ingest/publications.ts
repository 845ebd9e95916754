/**
 * Asked-for publications: an edition becomes public by an explicit act, kept as a row with who asked and what became
 * of it. Asking checks what can be known at once; the walk itself is a job. Only this file writes `publication`.
 */
import assert from 'node:assert/strict'
import type { Finding } from '../base/finding.ts'
import { problem } from '../base/problem.ts'
import { type House, openDraft, readVersions, type Waiver } from '../catalogue/index.ts'
import { type LoadedContract, partsOf, periodOf } from '../contract/index.ts'
import type { Transaction } from '../store/index.ts'
import { listParts, type Part } from './parts.ts'

/** The queue of publications to walk. */
export const publishEditionJob = 'publish-edition'

export interface Publication {
  readonly id: number
  readonly versionId: number
  readonly dataset: string
  readonly edition: string
  readonly version: number
  readonly askedBy: string
  readonly waivers: readonly Waiver[]
  readonly state: 'asked' | 'done' | 'refused'
  readonly findings: readonly Finding[]
}

export interface Asked {
  readonly dataset: string
  readonly edition: string
  /** Why this version is made; needed from the second version on, and published. */
  readonly reason?: string
  /** Missing parts that are waived, each with a reason that is published. */
  readonly waivers?: readonly Waiver[]
  readonly askedBy: string
}

/**
 * Asks for the publication of an edition from the parts in hand. Throws the problems `dataset-not-found`,
 * `edition-not-found`, `edition-incomplete` (with `missing`), `reason-missing` and `nothing-to-publish`.
 */
export async function askPublication(house: House, asked: Asked): Promise<Publication> {
  const newest = house.contracts.get(asked.dataset)
  if (periodOf(newest.contract, asked.edition) === undefined) {
    throw problem('edition-not-found', {
      detail: `Editions of ${asked.dataset} are named like ${newest.contract.period === 'year' ? '2025' : '2025-2026'}.`,
    })
  }
  const id = await house.database.lock(`edition ${asked.dataset} ${asked.edition}`, async () => {
    const parts = await listParts(house.database.work, asked.dataset, asked.edition)
    const loaded = house.contracts.get(asked.dataset, parts[0]?.contractVersion)
    checkComplete(loaded, parts, asked.waivers ?? [])
    await checkChanged(house, asked, parts)
    return house.database.work.begin((tx) => writeAsked(house, tx, loaded, asked))
  })
  const publication = await findPublication(house, id)
  assert.ok(publication)
  return publication
}

/** Providers whose part is neither in hand nor waived. */
export function missingProviders(
  { contract }: LoadedContract,
  parts: readonly Part[],
  waivers: readonly Waiver[],
): readonly string[] {
  const there = new Set([...parts, ...waivers].map(({ provider }) => provider))
  return partsOf(contract)
    .map(({ provider }) => provider)
    .filter((provider) => !there.has(provider))
}

function checkComplete(loaded: LoadedContract, parts: readonly Part[], waivers: readonly Waiver[]): void {
  const missing = missingProviders(loaded, parts, waivers)
  if (missing.length === 0 && parts.length > 0) return
  const all = partsOf(loaded.contract).length
  const detail =
    parts.length === 0
      ? 'No part of this edition has been brought yet.'
      : `${parts.length} of ${all} parts are in hand, ${missing.length} are neither that nor waived.`
  throw problem('edition-incomplete', { detail, missing })
}

/** A second version needs a reason, and something that differs from the version readers have now. */
async function checkChanged(house: House, asked: Asked, parts: readonly Part[]): Promise<void> {
  const [last] = await readVersions(house.database, asked)
  if (last === undefined) return
  if (last.state !== 'withdrawn') {
    const bundles = (of: readonly { bundle: string }[]) =>
      of
        .map(({ bundle }) => bundle)
        .sort()
        .join()
    const waived = (of: readonly Waiver[]) =>
      of
        .map(({ provider }) => provider)
        .sort()
        .join()
    const same =
      bundles(last.parts) === bundles(parts.map((part) => ({ bundle: part.bundleId }))) &&
      waived(last.waivers) === waived(asked.waivers ?? [])
    if (same) throw problem('nothing-to-publish', { version: last.number })
  }
  if (asked.reason === undefined || asked.reason.trim() === '')
    throw problem('reason-missing', { path: 'reason' })
}

async function writeAsked(
  house: House,
  tx: Transaction,
  { contract }: LoadedContract,
  asked: Asked,
): Promise<number> {
  const draft = await openDraft(tx, {
    contract,
    edition: asked.edition,
    reason: asked.reason?.trim() ?? null,
  })
  const waivers = tx.json((asked.waivers ?? []) as never)
  const [row] = await tx<{ id: string }[]>`
    INSERT INTO qingdan.publication (version_id, asked_at, asked_by, waivers, state)
    VALUES (${draft.id}, ${house.clock()}, ${asked.askedBy}, ${waivers}, 'asked')
    ON CONFLICT (version_id) DO UPDATE SET asked_at = EXCLUDED.asked_at, asked_by = EXCLUDED.asked_by,
      waivers = EXCLUDED.waivers, state = 'asked', findings = '[]'
    RETURNING id`
  assert.ok(row)
  const id = Number(row.id)
  await house.jobs.send(tx, publishEditionJob, { publication: id })
  return id
}

/** An asked-for publication, or undefined where there is none of this id. */
export async function findPublication(house: House, id: number): Promise<Publication | undefined> {
  const [row] = await house.database.work<Publication[]>`
    SELECT p.id::float8, p.version_id::float8 AS "versionId", e.dataset, e.edition, v.number AS version,
      p.asked_by AS "askedBy", p.waivers, p.state, p.findings
    FROM qingdan.publication p
    JOIN qingdan.version v ON v.id = p.version_id JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE p.id = ${id}`
  return row
}

/** Ends a publication as done, inside the publishing transaction. */
export async function writeDone(tx: Transaction, id: number): Promise<void> {
  await tx`UPDATE qingdan.publication SET state = 'done', findings = '[]' WHERE id = ${id}`
}

/** Ends a publication as refused, with what is to be mended. */
export async function writeRefused(house: House, id: number, findings: readonly Finding[]): Promise<void> {
  const { work } = house.database
  await work`
    UPDATE qingdan.publication SET state = 'refused', findings = ${work.json(findings as never)} WHERE id = ${id}`
}
