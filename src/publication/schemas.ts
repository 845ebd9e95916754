/** HTTP schemas of publications: the requests, and the answers to those who may publish. */
import { Type } from 'typebox'
import { WaiverSchema } from '../contract/index.ts'
import { FindingSchema } from '../platform/finding.ts'
import { Instant, Link, listOf, orNull, type Shape, TextOrNull } from '../platform/shape.ts'

/** Longest reason accepted: it is published beside the data and should be readable. */
export const reasonLengthMax = 2_000

/** Waivers of one publication: an edition never has more parts. */
const waiversMax = 500

const LinkOrNull = (description: string) => orNull(Type.String({ format: 'uri-reference' }), description)
const InstantOrNull = (description: string) => orNull(Type.String({ format: 'date-time' }), description)

export const Reason = Type.String({
  minLength: 1,
  maxLength: reasonLengthMax,
  // PostgreSQL can't store NUL in text.
  pattern: '^[^\\u0000]*$',
  description: 'Why. It is kept, and published where it is about a version.',
})

const AskedWaiver = Type.Object(
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
      Type.Array(AskedWaiver, { maxItems: waiversMax, description: 'Parts to go without.' }),
    ),
    at: Type.Optional(
      Type.String({
        maxLength: 40,
        description:
          'Not before this moment: an instant, or a day and a time in Asia/Shanghai such as `2026-03-01T09:00`.',
      }),
    ),
  },
  { additionalProperties: false, description: 'What is asked for. `{}` publishes at once.' },
)

export const ApprovalSchema = Type.Object(
  {
    sha256: Type.Optional(
      Type.String({
        pattern: '^[0-9a-f]{64}$',
        description:
          'The digest of the plain CSV that was looked at; refused where it is another one by now.',
      }),
    ),
  },
  { additionalProperties: false, description: 'What was looked at. `{}` approves what waits.' },
)

export const PreviewAskSchema = Type.Object(
  {
    expires: Type.Optional(
      Type.String({
        maxLength: 10,
        description: 'How long it holds: `30m`, `12h`, `7d`. Seven days if absent.',
      }),
    ),
  },
  { additionalProperties: false, description: 'How long the token holds.' },
)

export const PreviewSchema = Type.Object({
  id: Type.String({ description: 'Public part of the token, by which it is revoked.' }),
  token: Type.String({ description: 'The token. It is shown this once; only its digest is kept.' }),
  expiresAt: Instant('Until when it holds.'),
  href: Link('The draft, with the token.'),
})

export const WithdrawAskSchema = Type.Object(
  { reason: Reason },
  { additionalProperties: false, description: 'Why the version is taken back.' },
)

export const WithdrawalSchema = Type.Object({
  dataset: Type.String({ description: 'Slug of the dataset.' }),
  edition: Type.String({ description: 'Name of the edition.' }),
  version: Type.Integer({ description: 'Number of the version.' }),
  state: Type.Literal('withdrawn', { description: 'Its addresses answer 410 from now on.' }),
  already: Type.Boolean({ description: 'True where it had been withdrawn before; that reason stands.' }),
})

const ActorSchema = Type.Object(
  {
    actor: Type.String({ description: '`key:<id>`, or `cli:<account>` for the command line.' }),
    label: TextOrNull('The label of the key; null without one.'),
  },
  { description: 'Who it was.' },
)

/** A finding across the parts is about no file. */
const PublicationFinding = Type.Pick(
  FindingSchema,
  ['check', 'severity', 'row', 'field', 'expected', 'message', 'messageZh'],
  { description: 'One thing wrong across the parts.' },
)

export const PublicationSchema = Type.Object({
  id: Type.Integer({ description: 'Number of the publication.' }),
  dataset: Type.String({ description: 'Slug of the dataset.' }),
  edition: Type.String({ description: 'Name of the edition.' }),
  version: Type.Integer({ description: 'Number that the version has, or will have.' }),
  state: Type.Enum(['asked', 'prepared', 'done', 'refused', 'dropped'], {
    description:
      '`asked`: on its way; `prepared`: ready, and waits; `done`: public; `refused`: see the findings; `dropped`: ' +
      'called off, or asked for again.',
  }),
  waitsFor: listOf(
    Type.Enum(['moment', 'approval']),
    'What a prepared publication waits for; empty where it is released by the next worker.',
  ),
  askedAt: Instant('When it was asked for.'),
  askedBy: ActorSchema,
  reason: TextOrNull('Why the version is made.'),
  waivers: listOf(WaiverSchema, 'Parts to go without.'),
  releaseAt: InstantOrNull('Not before this moment; null for at once.'),
  preparedAt: InstantOrNull('When it was ready; null until then.'),
  sha256: TextOrNull('SHA-256 of the plain CSV as prepared: this and nothing else is released.'),
  approval: Type.Union(
    [
      Type.Object({
        at: InstantOrNull('When it was approved; null until then.'),
        by: Type.Union([ActorSchema, Type.Null()], { description: 'By whom; null until then.' }),
      }),
      Type.Null(),
    ],
    { description: 'The approval of a second person; null where the contract asks for none.' },
  ),
  ended: Type.Union(
    [
      Type.Object({
        at: Instant('When.'),
        by: TextOrNull('Who called it off or asked again; null where nobody did.'),
        reason: TextOrNull('Why.'),
      }),
      Type.Null(),
    ],
    { description: 'When it came to its end; null until then.' },
  ),
  findings: listOf(PublicationFinding, 'What is wrong across the parts, where refused.'),
  replaces: Type.Optional(
    Type.Union(
      [
        Type.Object({
          id: Type.Integer({ description: 'The publication that waited until now.' }),
          approvalVoid: Type.Boolean({ description: 'True where it had been approved: that is void now.' }),
        }),
        Type.Null(),
      ],
      { description: 'Told once, when it is asked for.' },
    ),
  ),
  links: Type.Object(
    {
      self: Link('This publication.'),
      approval: LinkOrNull('POST approves it; null where nothing waits for that.'),
      preview: LinkOrNull('POST makes a token that shows the draft; null where none is prepared.'),
      version: LinkOrNull('The version; null until it is public.'),
    },
    { description: 'Where to go from here.' },
  ),
})

export type PublicationBody = Shape<typeof PublicationSchema>
