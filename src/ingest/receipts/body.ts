/**
 * A receipt as published over HTTP, as a file beside the bundle, and as the CLI's JSON. It contains counts,
 * never who decided: account names stay in the audit log.
 */
import { type Static, Type } from 'typebox'
import type { Config } from '../../platform/config.ts'
import type { Receipt } from './receipts.ts'

const stateSchema = Type.String({
  description:
    'How far it came: received, verified, validated, staged; waiting for the other bags of its group. Or refused: it can not be read or may not be brought. Or ' +
    'quarantined: more is wrong than the contract bears; then released, or dropped. Or failed, by our fault: it is tried again.',
})

const Instant = (description: string) => Type.String({ format: 'date-time', description })

const FileSchema = Type.Object({
  file: Type.String({ description: 'Path of the file in the bundle.' }),
  digest: Type.String({ description: 'SHA-256 of the file, lower-case hex.' }),
  rowsRead: Type.Integer({ description: 'Rows read, without the header.' }),
  rowsTaken: Type.Integer({ description: 'Rows without an error.' }),
  rowsRefused: Type.Integer({ description: 'Rows with an error. They are never taken.' }),
  repaired: Type.Integer({ description: 'What was mended on the way, in all.' }),
  repairs: Type.Record(Type.String(), Type.Integer(), {
    description: 'What was mended on the way without changing a value, by kind.',
  }),
  unreadable: Type.Boolean({
    description: 'The file could not be read to its end; none of its rows is taken.',
  }),
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
  here: Type.Array(Type.Integer(), { description: 'Numbers of the bags that have come.' }),
})

export const ReceiptSchema = Type.Object({
  id: Type.String({ description: 'SHA-256 of what was received.' }),
  packing: Type.String({ description: '`zip` or `folder`.' }),
  state: stateSchema,
  history: Type.Array(Type.Object({ state: stateSchema, at: Instant('When it reached the state.') }), {
    description: 'The states it has been in, oldest first.',
  }),
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
  mode: Type.Union([Type.String(), Type.Null()], {
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
  files: Type.Array(FileSchema, { description: 'What was counted in each file.' }),
  replaces: Type.Union([Type.String(), Type.Null()], {
    description:
      'Id of the bundle whose part this one replaced; null where there was none, or a newer one is in hand.',
  }),
  inHand: Type.Boolean({ description: 'Whether its part is the one that the next version is made of.' }),
  errors: Type.Integer({ description: 'Errors found, all counted.' }),
  warnings: Type.Integer({ description: 'Warnings found, all counted.' }),
  summary: Type.Array(
    Type.Object({
      check: Type.String({ description: 'Name of the check.' }),
      errors: Type.Integer({ description: 'Errors that it found.' }),
      warnings: Type.Integer({ description: 'Warnings that it found.' }),
    }),
    {
      description:
        'All findings by check, also those beyond the number that is kept; the most frequent first.',
    },
  ),
  exceeded: Type.Array(
    Type.Object({
      bound: Type.String({ description: '`errors`, `warnings` or `errorShare`.' }),
      allowed: Type.Number({ description: 'What the contract bears.' }),
      found: Type.Number({ description: 'What was found.' }),
    }),
    { description: "The bounds of the contract's tolerance that do not hold: why it rests in quarantine." },
  ),
  decision: Type.Union(
    [
      Type.Object({
        act: Type.String({ description: '`release` or `drop`.' }),
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
    { description: 'Links to related resources.' },
  ),
})

export type ReceiptBody = Static<typeof ReceiptSchema>

/** The full receipt as an API body. */
export function receiptBody({ config }: { readonly config: Config }, receipt: Receipt): ReceiptBody {
  const { broughtBy: _broughtBy, decision, changes, group, ...told } = receipt
  const self = `${config.QINGDAN_PUBLIC_URL}/v1/bundles/${receipt.id}`
  return {
    ...told,
    receivedAt: receipt.receivedAt.toISOString(),
    history: [...receipt.history],
    files: receipt.files.map((file) => ({
      ...file,
      repaired: Object.values(file.repairs).reduce((sum, count) => sum + count, 0),
      repairs: { ...file.repairs },
    })),
    changes: changes === null ? null : { ...changes },
    group: group === null ? null : { ...group, here: [...group.here] },
    summary: [...receipt.summary],
    exceeded: [...receipt.exceeded],
    decision: decision === null ? null : { act: decision.act, at: decision.at, reason: decision.reason },
    links: { self, findings: `${self}/findings`, findingsCsv: `${self}/findings.csv` },
  }
}
