/** HTTP schemas of publications: the requests, and the answers to those who may publish. */

import { type Static, Type } from 'typebox'
import { findKey } from '../accounts/index.ts'
import { type AppContext, addresses } from '../catalogue/index.ts'
import { needsApproval } from '../contract/index.ts'
import { defined } from '../platform/defined.ts'
import { isOpenPublication, type Publication, pendingReasonOf } from './publications.ts'

/** Longest reason accepted: it is published beside the data and should be readable. */
export const reasonLengthMax = 2_000

/** Waivers of one publication: an edition never has more parts. */
const waiversMax = 500

const Instant = (description: string) => Type.String({ format: 'date-time', description })
const InstantOrNull = (description: string) =>
  Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description })
const TextOrNull = (description: string) => Type.Union([Type.String(), Type.Null()], { description })
const Link = (description: string) => Type.String({ format: 'uri-reference', description })
const LinkOrNull = (description: string) =>
  Type.Union([Type.String({ format: 'uri-reference' }), Type.Null()], { description })

export const Reason = Type.String({
  minLength: 1,
  maxLength: reasonLengthMax,
  // PostgreSQL can't store NUL in text.
  pattern: '^[^\\u0000]*$',
  description: 'The reason. It is stored, and published if it concerns a version.',
})

const WaiverSchema = Type.Object(
  {
    provider: Type.String({
      pattern: '^[A-Za-z0-9_.-]{1,100}$',
      description: 'Code of the provider whose part is missing.',
    }),
    reason: Reason,
  },
  { additionalProperties: false },
)

export const AskSchema = Type.Object(
  {
    reason: Type.Optional(Reason),
    waivers: Type.Optional(
      Type.Array(WaiverSchema, { maxItems: waiversMax, description: 'Missing parts that are waived.' }),
    ),
    at: Type.Optional(
      Type.String({
        maxLength: 40,
        description:
          'Not before this moment: an instant, or a day and a time in Asia/Shanghai such as `2026-03-01T09:00`.',
      }),
    ),
  },
  { additionalProperties: false, description: 'The request. `{}` publishes at once.' },
)

export const ApprovalSchema = Type.Object(
  {
    sha256: Type.Optional(
      Type.String({
        pattern: '^[0-9a-f]{64}$',
        description:
          'The digest of the plain CSV that you have reviewed. If the waiting one differs, the ' +
          'approval is rejected.',
      }),
    ),
  },
  { additionalProperties: false, description: 'What you have reviewed. `{}` approves the waiting version.' },
)

export const PreviewAskSchema = Type.Object(
  {
    expires: Type.Optional(
      Type.String({
        maxLength: 10,
        description: 'Validity of the token: `30m`, `12h`, `7d`. Seven days if absent.',
      }),
    ),
  },
  { additionalProperties: false, description: 'Validity of the token.' },
)

export const PreviewSchema = Type.Object({
  id: Type.String({ description: 'Public part of the token, by which it is revoked.' }),
  token: Type.String({
    description: 'The token. It is shown only once; the service stores only its digest.',
  }),
  expiresAt: Instant('When it expires.'),
  href: Link('The draft, with the token.'),
})

export const WithdrawAskSchema = Type.Object(
  { reason: Reason },
  { additionalProperties: false, description: 'Why the version is withdrawn.' },
)

export const WithdrawalSchema = Type.Object({
  dataset: Type.String({ description: 'Slug of the dataset.' }),
  edition: Type.String({ description: 'Name of the edition.' }),
  version: Type.Integer({ description: 'Number of the version.' }),
  state: Type.Literal('withdrawn', { description: 'Its addresses answer 410 from now on.' }),
  already: Type.Boolean({ description: 'True if it had been withdrawn before; the former reason remains.' }),
})

const ActorSchema = Type.Object(
  {
    actor: Type.String({ description: '`key:<id>`, or `cli:<account>` for the command line.' }),
    label: TextOrNull('The label of the key; null without one.'),
  },
  { description: 'The person or key that acted.' },
)

const FindingSchema = Type.Object(
  {
    check: Type.String({ description: 'Name of the check that found it.' }),
    severity: Type.String({ description: '`error` or `warning`.' }),
    row: Type.Optional(Type.Integer({ description: 'As Excel counts: the header is row 1.' })),
    field: Type.Optional(Type.String({ description: 'The field, by its name in the contract.' })),
    expected: Type.Optional(Type.String({ description: 'What would have been right.' })),
    message: Type.String({ description: 'What is wrong and what to do, in English.' }),
    messageZh: Type.String({ description: 'The same in Chinese.' }),
  },
  { description: 'A defect found across the parts.' },
)

export const PublicationSchema = Type.Object({
  id: Type.Integer({ description: 'Number of the publication.' }),
  dataset: Type.String({ description: 'Slug of the dataset.' }),
  edition: Type.String({ description: 'Name of the edition.' }),
  version: Type.Integer({ description: 'Number of the version, once public or in advance.' }),
  state: Type.Enum(['asked', 'prepared', 'done', 'refused', 'dropped'], {
    description:
      '`asked`: being processed; `prepared`: ready and waiting; `done`: public; `refused`: see ' +
      'the findings; `dropped`: cancelled, or replaced by a new request.',
  }),
  waitsFor: Type.Array(Type.Enum(['moment', 'approval']), {
    description: 'What a prepared publication waits for; empty if the next free worker releases it.',
  }),
  askedAt: Instant('When it was requested.'),
  askedBy: ActorSchema,
  reason: TextOrNull('Why the version is made.'),
  waivers: Type.Array(
    Type.Object({
      provider: Type.String({ description: 'Code of the list `providers`.' }),
      reason: Type.String({ description: 'Why its part is missing.' }),
    }),
    { description: 'Missing parts that are waived.' },
  ),
  releaseAt: InstantOrNull('Not before this moment; null for immediate release.'),
  preparedAt: InstantOrNull('When it was ready; null until then.'),
  sha256: TextOrNull('SHA-256 of the plain CSV as prepared: only this file may be released.'),
  approval: Type.Union(
    [
      Type.Object({
        at: InstantOrNull('When it was approved; null until then.'),
        by: Type.Union([ActorSchema, Type.Null()], { description: 'By whom; null until then.' }),
      }),
      Type.Null(),
    ],
    { description: 'The approval of a second person; null if the contract requires none.' },
  ),
  ended: Type.Union(
    [
      Type.Object({
        at: Instant('When.'),
        by: TextOrNull('Who cancelled or replaced it; null if nobody did.'),
        reason: TextOrNull('Why.'),
      }),
      Type.Null(),
    ],
    { description: 'How it ended; null while it is open.' },
  ),
  findings: Type.Array(FindingSchema, {
    description: 'The defects found across the parts, if it was refused.',
  }),
  replaces: Type.Optional(
    Type.Union(
      [
        Type.Object({
          id: Type.Integer({ description: 'Number of the publication that it replaces.' }),
          approvalVoid: Type.Boolean({
            description: 'True if that one had been approved; its approval is now void.',
          }),
        }),
        Type.Null(),
      ],
      { description: 'Only in the answer to the request.' },
    ),
  ),
  links: Type.Object(
    {
      self: Link('This publication.'),
      approval: LinkOrNull('POST approves it; null if it does not wait for approval.'),
      preview: LinkOrNull('POST creates a token that shows the draft; null if no draft is prepared.'),
      version: LinkOrNull('The version; null until it is public.'),
    },
    { description: 'Links to related resources.' },
  ),
})

/** A publication as an API body. */
export async function publicationBody(
  context: AppContext,
  publication: Publication & { readonly replaces?: { id: number; approvalVoid: boolean } | null },
): Promise<Static<typeof PublicationSchema>> {
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
    waitsFor: [...waits],
    askedAt: publication.askedAt.toISOString(),
    askedBy: await actorBody(context, publication.askedBy),
    reason: publication.reason,
    waivers: publication.waivers.map(({ provider, reason }) => ({ provider, reason })),
    releaseAt: iso(publication.releaseAt),
    preparedAt: iso(publication.preparedAt),
    sha256: publication.digest,
    approval: needsApproval(contract)
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
    findings: [...publication.findings],
    ...defined({ replaces }),
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
