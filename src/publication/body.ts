/** A publication as published over HTTP, with what it waits for and the labels of the keys that acted. */
import { findKey } from '../accounts/index.ts'
import { type AppContext, addresses } from '../catalogue/index.ts'
import { needsApproval } from '../contract/index.ts'
import { isHeld, isOpenPublication, type Publication, pendingReasonOf } from './publications.ts'
import type { PublicationBody } from './schemas.ts'

/** A publication as an API body. */
export async function publicationBody(
  context: AppContext,
  publication: Publication & Pick<PublicationBody, 'replaces'>,
): Promise<PublicationBody> {
  const { dataset, edition, version, id, state, replaces } = publication
  const { contract } = context.contracts.get(dataset, publication.contractVersion)
  const at = addresses(context.config)
  const self = `${at.publications(dataset, edition)}/${id}`
  const waits = pendingReasonOf(context, publication)
  const iso = (instant: Date | null) => instant?.toISOString() ?? null
  return {
    id,
    dataset,
    edition,
    version,
    state,
    waitsFor: waits,
    askedAt: publication.askedAt.toISOString(),
    askedBy: await actorBody(context, publication.askedBy),
    reason: publication.reason,
    waivers: publication.waivers,
    releaseAt: iso(publication.releaseAt),
    preparedAt: iso(publication.preparedAt),
    sha256: publication.digest,
    approval:
      needsApproval(contract) || isHeld(publication)
        ? {
            at: iso(publication.approvedAt),
            by: publication.approvedBy === null ? null : await actorBody(context, publication.approvedBy),
          }
        : null,
    ended:
      publication.endedAt === null || isOpenPublication(publication)
        ? null
        : {
            at: publication.endedAt.toISOString(),
            by: publication.endedBy,
            reason: publication.endedReason,
          },
    findings: publication.findings,
    ...(replaces === undefined ? {} : { replaces }),
    links: {
      self,
      approval: waits.includes('approval') ? `${self}/approval` : null,
      preview: state === 'prepared' ? `${self}/previews` : null,
      version: state === 'done' ? at.version({ dataset, edition, number: version }) : null,
    },
  }
}

/** An actor with the label of its key. */
async function actorBody(context: AppContext, actor: string) {
  const [kind, id = ''] = actor.split(':')
  const key = kind === 'key' ? await findKey(context.database, id) : undefined
  return { actor, label: key?.label ?? null }
}
