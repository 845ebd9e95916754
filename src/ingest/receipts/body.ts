/**
 * A receipt as published over HTTP, as a file beside the bundle, and as the CLI's JSON. It contains counts,
 * never who decided: account names stay in the audit log.
 */
import { type Static, Type } from 'typebox'
import type { Config } from '../../platform/config.ts'
import type { Receipt } from './receipts.ts'

const stateSchema = Type.String({
  description:
    'Processing state. In progress: `received`, `verified`, `waiting` (for the other bags of ' +
    'its group), `validated`; accepted: `staged`. `refused`: unreadable, or its sender is ' +
    'not allowed to deliver it. `quarantined`: it exceeds the tolerance of the contract; an ' +
    'officer then decides: `released` or `dropped`. `failed`: an error of the service; the ' +
    'bundle is processed again.',
})

const Instant = (description: string) => Type.String({ format: 'date-time', description })

const FileSchema = Type.Object({
  file: Type.String({ description: 'Path of the file in the bundle.' }),
  digest: Type.String({ description: 'SHA-256 of the file, lower-case hex.' }),
  rowsRead: Type.Integer({ description: 'Rows read, without the header.' }),
  rowsTaken: Type.Integer({ description: 'Rows without an error.' }),
  rowsRefused: Type.Integer({ description: 'Rows with an error. They are never accepted.' }),
  repaired: Type.Integer({ description: 'Number of corrections made while reading.' }),
  repairs: Type.Record(Type.String(), Type.Integer(), {
    description: 'Corrections made while reading that change no value, by kind.',
  }),
  unreadable: Type.Boolean({
    description: 'The file could not be read to its end; none of its rows is accepted.',
  }),
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
  here: Type.Array(Type.Integer(), { description: 'Numbers of the bags received so far.' }),
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
  mode: Type.Union([Type.String(), Type.Null()], {
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
      'Fingerprint of the OpenPGP key with a valid signature; null without one, or before ' + 'verification.',
  }),
  synthetic: Type.Boolean({ description: 'Whether the bundle declares its data as synthetic.' }),
  files: Type.Array(FileSchema, { description: 'Counts of each file.' }),
  replaces: Type.Union([Type.String(), Type.Null()], {
    description:
      'Id of the bundle whose part this one replaced; null if there was none, or if a newer ' +
      'part is current.',
  }),
  inHand: Type.Boolean({ description: 'Whether its part is current, so that the next version uses it.' }),
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
        'All findings by check, including those beyond the number stored; the most frequent ' + 'first.',
    },
  ),
  exceeded: Type.Array(
    Type.Object({
      bound: Type.String({ description: '`errors`, `warnings` or `errorShare`.' }),
      allowed: Type.Number({ description: 'What the contract allows.' }),
      found: Type.Number({ description: 'What was found.' }),
    }),
    { description: "The exceeded bounds of the contract's tolerance: the reason for quarantine." },
  ),
  decision: Type.Union(
    [
      Type.Object({
        act: Type.String({ description: '`release` or `drop`.' }),
        at: Instant('Time of the decision.'),
        reason: Type.String({ description: 'Why.' }),
      }),
      Type.Null(),
    ],
    { description: 'The decision about it in quarantine; null without one.' },
  ),
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
