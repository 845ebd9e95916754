/**
 * What officers do with publications: request, approve, drop, and share a preview. A request is checked at
 * once as far as possible; the processing is a job. Each act is audited in its own transaction.
 */
import assert from 'node:assert/strict'
import { writeAudit } from '../accounts/index.ts'
import {
  type AppContext,
  createPreview,
  openDraft,
  previewDaysMax,
  readVersions,
  refuseOnMirror,
  resetDraft,
  revokePreview as revokeToken,
  versionFolder,
} from '../catalogue/index.ts'
import { type LoadedContract, needsApproval, partsOf, periodOf, type Waiver } from '../contract/index.ts'
import type { Transaction } from '../db/database.ts'
import type { Patience } from '../db/lock.ts'
import { correctionsEnd, dropProof, listParts, lockOf, type StagedPart } from '../ingest/index.ts'
import { type ProblemCode, problem } from '../platform/problem.ts'
import { dropRecords } from '../records/index.ts'
import { dropControlled } from './pipeline/control.ts'
import { missingProviders } from './providers.ts'
import {
  findOpenPublication,
  findPublication,
  insertRequest,
  isHeld,
  isOpenPublication,
  type Publication,
  publishEditionJob,
  writeApproved,
  writeDropped,
} from './publications.ts'
import type { PublicationBody } from './schemas.ts'

/** How long an HTTP request waits for an edition that is being processed. */
export const shortPatience: Patience = { millisecondsMax: 5_000, refuse: () => problem('edition-busy') }

/** Latest moment that may be requested, in days from now: anything later is a typing error. */
const momentDaysMax = 366

const dayMilliseconds = 86_400_000

interface PublicationRequest {
  readonly dataset: string
  readonly edition: string
  /** Why this version is made; required from the second version on, and published. */
  readonly reason?: string
  /** Missing parts that are waived, each with a reason that is published. */
  readonly waivers?: readonly Waiver[]
  /** Not before this moment; immediately if absent. */
  readonly at?: Date
  readonly askedBy: string
}

/** A requested publication, and the waiting one that it replaces. */
type RequestedPublication = Publication & Required<Pick<PublicationBody, 'replaces'>>

/**
 * Requests a publication; it replaces a waiting one and its approval. Throws `dataset-not-found`,
 * `edition-not-found`, `corrections-closed`, `edition-incomplete` (`missing`), `reason-missing`, `nothing-to-publish`,
 * `moment-past`, `mirror-read-only`, `edition-busy`, and `parameter-invalid` for a waiver of no missing part.
 */
export async function requestPublication(
  context: AppContext,
  request: PublicationRequest,
  patience?: Patience,
): Promise<RequestedPublication> {
  await refuseOnMirror(context.database.work)
  const newest = context.contracts.get(request.dataset)
  if (periodOf(newest.contract, request.edition) === undefined) {
    const example = newest.contract.period === 'year' ? '2025' : '2025-2026'
    throw problem('edition-not-found', {
      detail: `Editions of ${request.dataset} are named like ${example}.`,
    })
  }
  checkMoment(context, request.at)
  const insert = async () => {
    const parts = await listParts(context.database.work, request.dataset, request.edition)
    const loaded = context.contracts.get(request.dataset, parts[0]?.contractVersion)
    await checkCorrectable(context, loaded, request.edition)
    checkWaivers(loaded, parts, request.waivers ?? [])
    checkComplete(loaded, parts, request.waivers ?? [])
    await checkChanged(context, request, parts)
    return context.database.work.begin((tx) => openPublication(context, tx, loaded, request))
  }
  const { id, replaces } = await context.database.lock(lockOf(request), insert, patience)
  const publication = await findPublication(context, id)
  assert.ok(publication)
  return { ...publication, replaces }
}

function checkMoment({ clock }: AppContext, at: Date | undefined): void {
  if (at === undefined) return
  const ahead = at.getTime() - clock().getTime()
  if (ahead <= 0) throw problem('moment-past', { path: 'at' })
  if (ahead > momentDaysMax * dayMilliseconds) {
    throw problem('parameter-invalid', { path: 'at', detail: `At most ${momentDaysMax} days ahead.` })
  }
}

/** Once its confidential statistics are destroyed, an edition with rows about persons has no new version. */
async function checkCorrectable(
  { database, clock }: AppContext,
  { contract }: LoadedContract,
  edition: string,
): Promise<void> {
  const end = await correctionsEnd(database.work, contract, edition)
  if (end !== undefined && end <= clock())
    throw problem('corrections-closed', { closedAt: end.toISOString() })
}

/** Waivers are published: each must concern a part that the edition has and that is missing. */
function checkWaivers(
  { contract }: LoadedContract,
  parts: readonly StagedPart[],
  waivers: readonly Waiver[],
): void {
  const refuse = (detail: string) => problem('parameter-invalid', { path: 'waivers', detail })
  const known = partsOf(contract).map(({ provider }) => provider)
  for (const { provider } of waivers) {
    if (!known.includes(provider)) throw refuse(`The providers of an edition are ${known.join(', ')}.`)
    if (parts.some((part) => part.provider === provider))
      throw refuse(`The part of ${provider} is staged and needs no waiver.`)
  }
  if (new Set(waivers.map(({ provider }) => provider)).size !== waivers.length)
    throw refuse('Each part can be waived only once.')
}

function checkComplete(
  loaded: LoadedContract,
  parts: readonly StagedPart[],
  waivers: readonly Waiver[],
): void {
  const missing = missingProviders(loaded, parts, waivers)
  if (missing.length === 0 && parts.length > 0) return
  const all = partsOf(loaded.contract).length
  const detail =
    parts.length === 0
      ? 'No part of this edition has been received yet.'
      : `${parts.length} of ${all} parts are staged; ${missing.length} are neither staged nor waived.`
  throw problem('edition-incomplete', { detail, missing })
}

/** A second version needs a reason and a difference from the version that is public now. */
async function checkChanged(
  context: AppContext,
  request: PublicationRequest,
  parts: readonly StagedPart[],
): Promise<void> {
  const [last] = await readVersions(context.database, request)
  if (last === undefined) return
  if (last.state !== 'withdrawn') {
    const sorted = (names: readonly string[]) => [...names].sort().join()
    const providers = (waivers: readonly Waiver[]) => sorted(waivers.map(({ provider }) => provider))
    const same =
      sorted(last.parts.map(({ bundle }) => bundle)) === sorted(parts.map(({ bundleId }) => bundleId)) &&
      providers(last.waivers) === providers(request.waivers ?? [])
    if (same) throw problem('nothing-to-publish', { version: last.number })
  }
  if (request.reason === undefined || request.reason.trim() === '')
    throw problem('reason-missing', { path: 'reason' })
}

async function openPublication(
  context: AppContext,
  tx: Transaction,
  { contract }: LoadedContract,
  request: PublicationRequest,
) {
  const { dataset, edition, askedBy, waivers = [], at: releaseAt = null } = request
  const at = context.clock()
  const reason = request.reason?.trim() ?? null
  const former = await findOpenPublication(tx, request)
  const approvalVoid = former !== undefined && former.approvedAt !== null
  if (former !== undefined) {
    const why = approvalVoid ? 'Requested again; its approval is void.' : 'Requested again.'
    await writeDropped(tx, former.id, { at, by: askedBy, reason: why })
  }
  const draft = await openDraft(tx, { contract, edition, reason })
  const id = await insertRequest(tx, {
    versionId: draft.id,
    askedAt: at,
    askedBy,
    reason,
    waivers,
    releaseAt,
  })
  await writeAudit(tx, {
    at,
    actor: askedBy,
    action: 'publish',
    subject: `${dataset}/${edition}/v${draft.number}`,
    detail: {
      publication: id,
      waived: waivers.map(({ provider }) => provider),
      ...(reason === null ? {} : { reason }),
      ...(releaseAt === null ? {} : { releaseAt: releaseAt.toISOString() }),
      ...(former === undefined ? {} : { replaces: former.id, approvalVoid }),
    },
  })
  await context.jobs.send(tx, publishEditionJob, { publication: id })
  return { id, replaces: former === undefined ? null : { id: former.id, approvalVoid } }
}

/** Who acts on a publication, and which draft they have reviewed. */
interface PublicationAct {
  readonly id: number
  readonly actor: string
  /** SHA-256 of the plain CSV that the actor has reviewed; if present, it must match the waiting one. */
  readonly sha256?: string | undefined
}

/**
 * Approves what is prepared, by its digest; a repeat by the same person changes nothing. If nothing else is
 * pending, a job releases it. Throws `publication-not-found`, `publication-not-waiting`, `approval-by-asker`,
 * `draft-changed`, and `edition-busy` when the patience ends.
 */
export async function approvePublication(
  context: AppContext,
  act: PublicationAct,
  patience?: Patience,
): Promise<Publication> {
  return changeOpen(context, act.id, patience, async (publication) => {
    const { contract } = context.contracts.get(publication.dataset, publication.contractVersion)
    const needsSecond = needsApproval(contract)
    if (!needsSecond && !isHeld(publication))
      throw notWaiting(publication, 'The contract requires no approval, and there are no warnings.')
    if (publication.state !== 'prepared') throw notWaiting(publication, 'It is not prepared yet.')
    // Warnings alone need a look, not a second person.
    if (needsSecond && act.actor === publication.askedBy) throw problem('approval-by-asker')
    if (act.sha256 !== undefined && act.sha256 !== publication.digest)
      throw problem('draft-changed', { path: 'sha256', sha256: publication.digest })
    if (publication.approvedDigest === publication.digest) {
      if (publication.approvedBy === act.actor) return
      throw notWaiting(publication, 'It is already approved.')
    }
    const at = context.clock()
    await context.database.work.begin(async (tx) => {
      await writeApproved(tx, publication.id, act.actor, at)
      const detail = { sha256: publication.digest, warnings: publication.findings.length }
      await audit(context, tx, publication, 'publication-approved', act.actor, detail)
      await context.jobs.send(tx, publishEditionJob, { publication: publication.id })
    })
    reportState(context, publication, 'approved')
  })
}

/**
 * Drops a waiting publication, with a reason; published versions remain. Throws `publication-not-found`,
 * `publication-not-waiting`, `reason-missing`, and `edition-busy` when the patience ends.
 */
export async function dropPublication(
  context: AppContext,
  act: PublicationAct & { readonly reason: string },
  patience?: Patience,
): Promise<Publication> {
  const reason = act.reason.trim()
  if (reason === '') throw problem('reason-missing', { path: 'reason' })
  return changeOpen(context, act.id, patience, async (publication) => {
    const at = context.clock()
    await context.database.work.begin(async (tx) => {
      await resetDraft(tx, publication.versionId)
      await writeDropped(tx, publication.id, { at, by: act.actor, reason })
      await audit(context, tx, publication, 'publication-dropped', act.actor, { reason })
    })
    // Nothing refers to these any more; if a crash leaves them here, the next preparation replaces them.
    await dropControlled(context.database, publication.versionId)
    await dropProof(context.database.work, publication.versionId)
    await dropRecords(context.database, publication.versionId)
    const { dataset, edition, version } = publication
    await context.files.remove(versionFolder({ dataset, edition, number: version }))
    reportState(context, publication, 'dropped')
  })
}

/**
 * Creates a token that shows the prepared draft until the token expires. Throws `publication-not-found`,
 * `draft-not-prepared`, `previews-too-many`, and `parameter-invalid` for a period that is too long.
 */
export async function openPreview(
  context: AppContext,
  act: PublicationAct & { readonly milliseconds: number },
): Promise<{ readonly id: string; readonly token: string; readonly expiresAt: Date }> {
  const publication = await findPublication(context, act.id)
  if (publication === undefined) throw problem('publication-not-found', { path: 'publication' })
  if (publication.state !== 'prepared') throw problem('draft-not-prepared', { state: publication.state })
  if (!(act.milliseconds > 0 && act.milliseconds <= previewDaysMax * dayMilliseconds)) {
    throw problem('parameter-invalid', { path: 'expires', detail: `At most ${previewDaysMax}d.` })
  }
  const at = context.clock()
  const expiresAt = new Date(at.getTime() + act.milliseconds)
  const preview = await context.database.work.begin(async (tx) => {
    const preview = await createPreview(tx, {
      versionId: publication.versionId,
      by: act.actor,
      at,
      expiresAt,
    })
    const detail = { preview: preview.id, expiresAt: expiresAt.toISOString(), sha256: publication.digest }
    await audit(context, tx, publication, 'preview-created', act.actor, detail)
    return preview
  })
  return { ...preview, expiresAt }
}

/** Revokes a preview's token from this moment. Returns false if there is none. */
export async function revokePreview(context: AppContext, id: string, actor: string): Promise<boolean> {
  return context.database.work.begin(async (tx) => {
    const at = context.clock()
    if (!(await revokeToken(tx, id, at))) return false
    await writeAudit(tx, { at, actor, action: 'preview-revoked', subject: `preview:${id}` })
    return true
  })
}

/** Changes an open publication under the edition's lock, and returns its new state. */
async function changeOpen(
  context: AppContext,
  id: number,
  patience: Patience | undefined,
  change: (publication: Publication) => Promise<void>,
): Promise<Publication> {
  const found = await findPublication(context, id)
  if (found === undefined) throw problem('publication-not-found', { path: 'publication' })
  const work = async () => {
    const publication = await findPublication(context, id)
    assert.ok(publication)
    if (!isOpenPublication(publication)) throw notWaiting(publication, 'It is no longer open.')
    await change(publication)
  }
  await context.database.lock(lockOf(found), work, patience)
  return (await findPublication(context, id)) ?? found
}

function notWaiting(publication: Publication, detail: string) {
  const code: ProblemCode = 'publication-not-waiting'
  return problem(code, { detail, state: publication.state })
}

type Detail = Parameters<typeof writeAudit>[1]['detail']

function audit(
  context: AppContext,
  tx: Transaction,
  { id, dataset, edition, version }: Publication,
  action: string,
  actor: string,
  detail: Detail,
): Promise<void> {
  const subject = `${dataset}/${edition}/v${version}`
  return writeAudit(tx, {
    at: context.clock(),
    actor,
    action,
    subject,
    detail: { publication: id, ...detail },
  })
}

function reportState(
  context: AppContext,
  { id, dataset, edition, version }: Publication,
  state: string,
): void {
  context.observe('publication-state-changed', { dataset, edition, version, publication: id, state })
}
