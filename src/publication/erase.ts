/**
 * Erasure of a version. A published one is withdrawn in the same act, and its tombstone stays in the change
 * log; of one that was never published, the pending publication is dropped. Then its records, files and bags
 * are removed, and the bundles that no other stored version has rows of. Safe to repeat after a crash; a job
 * finishes what a killed process left.
 */
import assert from 'node:assert/strict'
import { writeAudit } from '../accounts/index.ts'
import {
  type AppContext,
  findStored,
  listHolders,
  refuseOnMirror,
  resetDraft,
  type StoredVersion,
  versionFolder,
  writeErasure,
} from '../catalogue/index.ts'
import type { Transaction } from '../db/database.ts'
import type { Patience } from '../db/lock.ts'
import { dropProof, type ErasedBundle, eraseBundle, lockOf, reasonOf } from '../ingest/index.ts'
import { problem } from '../platform/problem.ts'
import { dropRecords, removeVersion } from '../records/index.ts'
import { dropControlled } from './pipeline/control.ts'
import { findOpenPublication, writeDropped } from './publications.ts'

/** The queue of versions whose data are to be removed. */
export const eraseVersionJob = 'erase-version'

/**
 * The removal runs again after this time: a reader whose request began before the withdrawal may have had a
 * signed bag written after the first removal. Streams last an hour at most.
 */
const againSeconds = 3_900

interface VersionErasureAct {
  readonly dataset: string
  readonly edition: string
  readonly version: number
  readonly actor: string
  readonly reason: string
  /** The moment of an erasure that was decided before and is applied again. */
  readonly at?: Date
  /** Called in the transaction of each decision; if it throws, nothing is erased. Not for drafts. */
  readonly onDecided?: OnDecided | undefined
}

type OnDecided = (erased: ErasedBundle | ErasedPublished) => Promise<void>

/** A published version whose erasure is decided. */
export interface ErasedPublished {
  readonly kind: 'version'
  readonly version: StoredVersion
  readonly at: Date
  readonly reason: string
}

export interface VersionErasure {
  /** When it was decided first. */
  readonly at: Date
  /** Whether it had been erased before. */
  readonly already: boolean
  /** Whether it was ever public; only then a tombstone is in the change log. */
  readonly wasPublished: boolean
  /** Bundles that were erased with it. */
  readonly bundles: readonly string[]
  /** Bundles whose rows other stored versions hold, which stay. */
  readonly remaining: readonly { readonly bundle: string; readonly versions: readonly string[] }[]
}

/**
 * Erases a version. Throws `dataset-not-found`, `version-not-found`, `reason-missing`, `mirror-read-only`,
 * `erasure-pending` while a reader holds its table, and `edition-busy` when the patience ends.
 */
export async function eraseVersion(
  context: AppContext,
  act: VersionErasureAct,
  patience?: Patience,
): Promise<VersionErasure> {
  const { dataset, edition, version: number } = act
  await refuseOnMirror(context.database.work)
  context.contracts.get(dataset)
  const reason = reasonOf(act.reason)
  const at = act.at ?? context.clock()
  const work = () =>
    context.database.work.begin(async (tx) => {
      const found = await findStored(tx, { dataset, edition, number })
      if (found === undefined) throw problem('version-not-found', { path: 'version' })
      const first = found.isPublished
        ? await decidePublished(context, tx, found, { ...act, reason }, at)
        : await decideDraft(tx, found, { ...act, reason }, at)
      context.observe('checkpoint-reached', { step: 'erase', point: 'in-transaction' })
      return { found, first }
    })
  const { found, first } = await context.database.lock(lockOf(act), work, patience)
  context.observe('checkpoint-reached', { step: 'erase', point: 'version-decided' })
  if (first) {
    if (found.isPublished && !found.isWithdrawn)
      context.observe('version-withdrawn', { dataset, edition, version: number })
    context.observe('data-erased', { kind: 'version', cause: 'request', dataset, edition, version: number })
  }
  const finished = await finishErasure(context, found.id, {
    actor: act.actor,
    reason,
    onDecided: act.onDecided,
  })
  return { at: found.erasedAt ?? at, already: !first, wasPublished: found.isPublished, ...finished }
}

async function decidePublished(
  context: AppContext,
  tx: Transaction,
  found: StoredVersion,
  act: VersionErasureAct,
  at: Date,
): Promise<boolean> {
  if (found.erasedAt !== null) return false
  const { actor, reason } = act
  const audited = { at: context.clock(), actor, action: 'version-erased' as const, subject: nameOf(found) }
  await writeAudit(tx, { ...audited, detail: { reason } })
  const job = { version: found.id, actor, reason }
  await context.jobs.send(tx, eraseVersionJob, job)
  await context.jobs.send(tx, eraseVersionJob, job, { afterSeconds: againSeconds })
  await act.onDecided?.({ kind: 'version', version: found, at, reason })
  // Last, because it locks the change counter.
  assert.ok(await writeErasure(tx, found, { reason, at }))
  return true
}

async function decideDraft(
  tx: Transaction,
  found: StoredVersion,
  { actor, reason }: VersionErasureAct,
  at: Date,
): Promise<boolean> {
  const open = await findOpenPublication(tx, found)
  if (open?.versionId !== found.id) return false
  await resetDraft(tx, found.id)
  await writeDropped(tx, open.id, { at, by: actor, reason })
  const detail = { reason, publication: open.id }
  await writeAudit(tx, { at, actor, action: 'version-erased', subject: nameOf(found), detail })
  return true
}

const nameOf = ({ dataset, edition, number }: StoredVersion) => `${dataset}/${edition}/v${number}`

/** Removes the data of a version whose erasure is decided, and its bundles. Safe to repeat. */
async function finishErasure(
  context: AppContext,
  id: number,
  by: Pick<VersionErasureAct, 'actor' | 'reason' | 'onDecided'>,
): Promise<Pick<VersionErasure, 'bundles' | 'remaining'>> {
  const found = await findStored(context.database.work, { id })
  assert.ok(found)
  if (found.isPublished) {
    await dropControlled(context.database, found.id)
    await dropProof(context.database.work, found.id)
    await removeVersion(context, found)
  } else await context.database.lock(lockOf(found), () => removeDraft(context, found))
  const bundles = new Set<string>()
  const remaining: { bundle: string; versions: readonly string[] }[] = []
  for (const bundle of found.bundles) {
    if (bundles.has(bundle)) continue
    const versions = await listHolders(context.database.work, [bundle])
    if (versions.length > 0) {
      remaining.push({ bundle, versions })
      continue
    }
    const moment = found.erasedAt === null ? {} : { at: found.erasedAt }
    const erased = await eraseBundle(context, { id: bundle, ...by, ...moment }).catch(unlessUnknown)
    for (const one of erased?.bundles ?? []) bundles.add(one)
  }
  return { bundles: [...bundles].sort(), remaining }
}

/** A bundle of a version may be unknown here, and a bag of its group may be in another version. */
function unlessUnknown(error: { readonly code?: string }): undefined {
  if (error.code !== 'bundle-not-found' && error.code !== 'bundle-published') throw error
}

async function removeDraft(context: AppContext, found: StoredVersion): Promise<void> {
  // A publication that was requested meanwhile prepares another draft under the same number.
  if ((await findOpenPublication(context.database.work, found)) !== undefined) return
  await dropControlled(context.database, found.id)
  await dropProof(context.database.work, found.id)
  await dropRecords(context.database, found.id)
  await context.files.remove(versionFolder(found))
}

/** The job: finishes an erasure whose process ended early. */
export async function resumeErasure(
  context: AppContext,
  data: Readonly<Record<string, unknown>>,
): Promise<void> {
  const by = { actor: String(data['actor']), reason: String(data['reason']) }
  await finishErasure(context, Number(data['version']), by)
}
