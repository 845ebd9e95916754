/** The shape of a receipt, and of its parts: what is published and, but for a few members, what is stored. */
import { Type } from 'typebox'
import { type BundleMode, FileCountSchema } from '../../bundle/index.ts'
import type { Exceeded } from '../../contract/index.ts'
import { Instant, listOf, type Shape, textOf } from '../../platform/shape.ts'

/** Processing states of a bundle. The last line has the terminal states of bundles that were not staged. */
export type BundleState =
  // `waiting`: for the other bags of its group.
  | ('received' | 'verified' | 'waiting' | 'validated' | 'staged' | 'released' | 'failed')
  | ('refused' | 'quarantined' | 'dropped')

const State = textOf<BundleState>(
  'Processing state. In progress: `received`, `verified`, `waiting` (for the other bags of its group), `validated`; accepted: `staged`. `refused`: unreadable, or its sender is not allowed to deliver it. `quarantined`: it exceeds the tolerance of the contract; an officer then decides: `released` or `dropped`. `failed`: an error of the service; the bundle is processed again.',
)

const { repairs, unreadable, ...counts } = FileCountSchema.properties

const FileSchema = Type.Object({
  ...counts,
  repaired: Type.Integer({ description: 'Number of corrections made while reading.' }),
  repairs,
  unreadable,
})

const CountedChanges = Type.Object({
  added: Type.Integer({ description: 'Rows added.' }),
  changed: Type.Integer({ description: 'Rows changed.' }),
  deleted: Type.Integer({ description: 'Rows deleted.' }),
  unchanged: Type.Integer({ description: 'Rows identical to rows of the base.' }),
})

const BagOfGroup = Type.Object({
  identifier: Type.String({ description: "The provider's name of the group." }),
  number: Type.Integer({ description: 'Number of the bag in its group, from 1.' }),
  count: Type.Integer({ description: 'Number of bags in the group.' }),
  here: listOf(Type.Integer(), 'Numbers of the bags received so far.'),
})

export const ReceiptSchema = Type.Object({
  id: Type.String({ description: 'SHA-256 of what was received.' }),
  packing: textOf<'zip' | 'folder'>('`zip` or `folder`.'),
  state: State,
  history: listOf(
    Type.Object({ state: State, at: Instant('When it reached the state.') }),
    'The states it has been in, oldest first.',
  ),
  receivedAt: Instant('When it was received, in UTC.'),
  bytes: Type.Integer({ description: 'Bytes as received.' }),
  dataset: Type.Union([Type.String(), Type.Null()], {
    description: 'Slug of the dataset; null until the manifest is verified.',
  }),
  edition: Type.Union([Type.String(), Type.Null()], { description: 'Name of the edition; null until then.' }),
  provider: Type.Union([Type.String(), Type.Null()], {
    description: 'Code of the provider; null until then.',
  }),
  contractVersion: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Version of the contract that the bundle follows; null until then.',
  }),
  sequence: Type.Union([Type.Integer(), Type.Null()], {
    description: "The provider's sequence number, if the bundle has one.",
  }),
  mode: Type.Union([Type.Unsafe<BundleMode>(Type.String()), Type.Null()], {
    description: '`full`, or `delta`: rows to add, change and delete in a named version.',
  }),
  against: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Of a delta: the number of the version that it changes.',
  }),
  changes: Type.Union([CountedChanges, Type.Null()], {
    description: 'For a validated delta: how it changes the rows of its base. Otherwise null.',
  }),
  group: Type.Union([BagOfGroup, Type.Null()], {
    description: 'For one of several bags that form a bundle together; otherwise null.',
  }),
  signer: Type.Union([Type.String(), Type.Null()], {
    description:
      'Fingerprint of the OpenPGP key with a valid signature; null without one, or before verification.',
  }),
  synthetic: Type.Boolean({ description: 'Whether the bundle declares its data as synthetic.' }),
  files: listOf(FileSchema, 'Counts of each file.'),
  replaces: Type.Union([Type.String(), Type.Null()], {
    description:
      'Id of the bundle whose part this one replaced; null if there was none, or if a newer part is current.',
  }),
  inHand: Type.Boolean({ description: 'Whether its part is current, so that the next version uses it.' }),
  errors: Type.Integer({ description: 'Errors found, all counted.' }),
  warnings: Type.Integer({ description: 'Warnings found, all counted.' }),
  summary: listOf(
    Type.Object({
      check: Type.String({ description: 'Name of the check.' }),
      errors: Type.Integer({ description: 'Errors that it found.' }),
      warnings: Type.Integer({ description: 'Warnings that it found.' }),
    }),
    'All findings by check, including those beyond the number stored; the most frequent first.',
  ),
  exceeded: listOf(
    Type.Object({
      bound: textOf<Exceeded['bound']>('`errors`, `warnings` or `errorShare`.'),
      allowed: Type.Number({ description: 'What the contract allows.' }),
      found: Type.Number({ description: 'What was found.' }),
    }),
    "The exceeded bounds of the contract's tolerance: the reason for quarantine.",
  ),
  decision: Type.Union(
    [
      Type.Object({
        act: textOf<'release' | 'drop' | 'erase'>('`release`, `drop` or `erase`.'),
        at: Instant('Time of the decision.'),
        reason: Type.String({ description: 'Why.' }),
      }),
      Type.Null(),
    ],
    { description: 'The decision about it, in quarantine or to erase it; null without one.' },
  ),
  erasedAt: Type.Union([Instant('When.'), Type.Null()], {
    description:
      'When its bytes were removed, by a decision or after their retention; null while they are stored.',
  }),
  links: Type.Object(
    {
      self: Type.String({ format: 'uri-reference', description: 'This receipt.' }),
      findings: Type.String({ format: 'uri-reference', description: 'The findings, page by page.' }),
      findingsCsv: Type.String({
        format: 'uri-reference',
        description: 'The findings as one CSV file for Excel.',
      }),
    },
    { description: 'Links to related resources.' },
  ),
})

export type ReceiptBody = Shape<typeof ReceiptSchema>

/** All findings of a check, including those that were not stored. */
export type CheckCount = ReceiptBody['summary'][number]

/** How a delta changed the rows of its base. */
export type Changes = NonNullable<ReceiptBody['changes']>

/** A decision about a bundle. Who decided is stored, but not published. */
export type Decision = NonNullable<ReceiptBody['decision']> & { readonly by: string }
