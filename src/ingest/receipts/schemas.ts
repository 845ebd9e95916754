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
  'How far it came: received, verified, validated, staged; waiting for the other bags of its group. Or refused: it can not be read or may not be brought. Or ' +
    'quarantined: more is wrong than the contract bears; then released, or dropped. Or failed, by our fault: it is tried again.',
)

const { repairs, unreadable, ...counts } = FileCountSchema.properties

const FileSchema = Type.Object({
  ...counts,
  repaired: Type.Integer({ description: 'What was mended on the way, in all.' }),
  repairs,
  unreadable,
})

const CountedChanges = Type.Object({
  added: Type.Integer({ description: 'Rows added.' }),
  changed: Type.Integer({ description: 'Rows changed.' }),
  deleted: Type.Integer({ description: 'Rows deleted.' }),
  unchanged: Type.Integer({ description: 'Rows that were there already just so.' }),
})

const BagOfGroup = Type.Object({
  identifier: Type.String({ description: "The provider's name of the group." }),
  number: Type.Integer({ description: 'Which bag it is, from 1.' }),
  count: Type.Integer({ description: 'How many bags the group has.' }),
  here: listOf(Type.Integer(), 'Numbers of the bags that have come.'),
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
    description: 'Slug of the dataset that it is for; null until the manifest is verified.',
  }),
  edition: Type.Union([Type.String(), Type.Null()], { description: 'Name of the edition; null until then.' }),
  provider: Type.Union([Type.String(), Type.Null()], {
    description: 'Code of who provides it; null until then.',
  }),
  contractVersion: Type.Union([Type.Integer(), Type.Null()], {
    description: 'The contract that it was made under; null until then.',
  }),
  sequence: Type.Union([Type.Integer(), Type.Null()], {
    description: "The provider's running number, if the bundle has one.",
  }),
  mode: Type.Union([Type.Unsafe<BundleMode>(Type.String()), Type.Null()], {
    description: '`full`, or `delta`: rows to add, change and delete in a named version.',
  }),
  against: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Of a delta: the number of the version that it changes.',
  }),
  changes: Type.Union([CountedChanges, Type.Null()], {
    description: 'Of a delta, once it is validated: what it did to the rows of its base.',
  }),
  group: Type.Union([BagOfGroup, Type.Null()], {
    description: 'Where it is one of several bags that make a bundle together.',
  }),
  signer: Type.Union([Type.String(), Type.Null()], {
    description:
      'Fingerprint of the OpenPGP key whose signature was found good; null where none was, or not yet.',
  }),
  synthetic: Type.Boolean({ description: 'Whether the bundle says of itself that its data are made up.' }),
  files: listOf(FileSchema, 'What was counted in each file.'),
  replaces: Type.Union([Type.String(), Type.Null()], {
    description:
      'Id of the bundle whose part this one replaced; null where there was none, or a newer one is in hand.',
  }),
  inHand: Type.Boolean({ description: 'Whether its part is the one that the next version is made of.' }),
  errors: Type.Integer({ description: 'Errors found, all counted.' }),
  warnings: Type.Integer({ description: 'Warnings found, all counted.' }),
  summary: listOf(
    Type.Object({
      check: Type.String({ description: 'Name of the check.' }),
      errors: Type.Integer({ description: 'Errors that it found.' }),
      warnings: Type.Integer({ description: 'Warnings that it found.' }),
    }),
    'All findings by check, also those beyond the number that is kept; the most frequent first.',
  ),
  exceeded: listOf(
    Type.Object({
      bound: textOf<Exceeded['bound']>('`errors`, `warnings` or `errorShare`.'),
      allowed: Type.Number({ description: 'What the contract bears.' }),
      found: Type.Number({ description: 'What was found.' }),
    }),
    "The bounds of the contract's tolerance that do not hold: why it rests in quarantine.",
  ),
  decision: Type.Union(
    [
      Type.Object({
        act: textOf<'release' | 'drop'>('`release` or `drop`.'),
        at: Instant('When it was decided.'),
        reason: Type.String({ description: 'Why.' }),
      }),
      Type.Null(),
    ],
    { description: 'What was decided about it in quarantine.' },
  ),
  links: Type.Object(
    {
      self: Type.String({ format: 'uri-reference', description: 'This receipt.' }),
      findings: Type.String({ format: 'uri-reference', description: 'What is wrong, page by page.' }),
      findingsCsv: Type.String({ format: 'uri-reference', description: 'The same as one CSV for Excel.' }),
    },
    { description: 'Where to go from here.' },
  ),
})

export type ReceiptBody = Shape<typeof ReceiptSchema>

/** All findings of a check, including those that were not stored. */
export type CheckCount = ReceiptBody['summary'][number]

/** How a delta changed the rows of its base. */
export type Changes = NonNullable<ReceiptBody['changes']>

/** A decision about a bundle in quarantine. Who decided is stored, but not published. */
export type Decision = NonNullable<ReceiptBody['decision']> & { readonly by: string }
