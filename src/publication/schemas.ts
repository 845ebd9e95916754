/** HTTP schemas of publications: the requests, and the answers to those who may publish. */
import { Type } from 'typebox'
import { WaiverSchema } from '../contract/index.ts'
import { FindingSchema } from '../platform/finding.ts'
import { Instant, Link, listOf, orNull, type Shape, TextOrNull } from '../platform/shape.ts'

/** Longest reason accepted: it is published beside the data and should be readable. */
const reasonLengthMax = 2_000

/** Waivers of one publication: an edition never has more parts. */
const waiversMax = 500

const LinkOrNull = (description: string) => orNull(Type.String({ format: 'uri-reference' }), description)
const InstantOrNull = (description: string) => orNull(Type.String({ format: 'date-time' }), description)

export const Reason = Type.String({
  minLength: 1,
  maxLength: reasonLengthMax,
  // PostgreSQL can't store NUL in text.
  pattern: '^[^\\u0000]*$',
  description: 'The reason. It is stored, and published if it concerns a version.',
})

const RequestedWaiver = Type.Object(
  {
    provider: Type.String({
      pattern: '^[A-Za-z0-9_.-]{1,100}$',
      description: 'Code of the provider whose part is missing.',
    }),
    reason: Reason,
  },
  { additionalProperties: false },
)

export const PublicationRequestSchema = Type.Object(
  {
    reason: Type.Optional(Reason),
    waivers: Type.Optional(
      Type.Array(RequestedWaiver, { maxItems: waiversMax, description: 'Missing parts that are waived.' }),
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

export const PreviewRequestSchema = Type.Object(
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

export const WithdrawalRequestSchema = Type.Object(
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

/** A finding across the parts is about no file. */
const PublicationFinding = Type.Pick(
  FindingSchema,
  ['check', 'severity', 'row', 'field', 'expected', 'message', 'messageZh'],
  { description: 'A defect or a warning found across the parts.' },
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
  waitsFor: listOf(
    Type.Enum(['moment', 'approval']),
    'What a prepared publication waits for; empty if the next free worker releases it.',
  ),
  askedAt: Instant('When it was requested.'),
  askedBy: ActorSchema,
  reason: TextOrNull('Why the version is made.'),
  waivers: listOf(WaiverSchema, 'Missing parts that are waived.'),
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
    {
      description:
        'The approval: of a second person if the contract requires one, of any person if there are warnings; else null.',
    },
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
  findings: listOf(
    PublicationFinding,
    'The defects found across the parts, if it was refused; else what is implausible, which an approval releases.',
  ),
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

export type PublicationBody = Shape<typeof PublicationSchema>
