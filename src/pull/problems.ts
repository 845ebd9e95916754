/**
 * Every refusal of the puller, as one closed list with cause, title and hint. A refusal leaves the copy as it
 * was.
 */

/** `data`: the received data is invalid. `state`: not possible now. `usage`: a wrong argument. */
type RefusalKind = 'data' | 'state' | 'usage'

interface Refusal {
  readonly kind: RefusalKind
  readonly title: string
  readonly hint: string
}

export const pullRefusals = {
  'source-away': {
    kind: 'state',
    title: 'The source does not respond',
    hint: 'Run the same command again later: it resumes where it stopped.',
  },
  'source-elsewhere': {
    kind: 'usage',
    title: 'The source redirects to another site',
    hint: 'Use the address that it redirects to, if that is the service you mean.',
  },
  'source-unknown': {
    kind: 'usage',
    title: 'No Qingdan service at this address',
    hint: 'Use the public address of the service, such as https://data.example.org.',
  },
  'source-refused': {
    kind: 'state',
    title: 'The source refused a request',
    hint: 'See its reason above. Set a key with the environment variable QINGDAN_PULL_KEY or --key-file.',
  },
  'answer-odd': {
    kind: 'data',
    title: 'The source sent a response that this puller cannot read',
    hint: 'Update the puller to the version of the source; if it is up to date, inform the operator of the source.',
  },
  'other-origin': {
    kind: 'data',
    title: 'The copy is of another source',
    hint: 'Use the address of the original source, or start another copy.',
  },
  'other-history': {
    kind: 'data',
    title: "The source does not know the copy's position in the feed",
    hint: 'If its database was restored from a backup, ask its operator, and start another copy.',
  },
  'other-question': {
    kind: 'usage',
    title: 'The copy was started with other options',
    hint: 'Use the options that it was started with, or start another copy.',
  },
  'wrong-bytes': {
    kind: 'data',
    title: 'A file differs from the one that the source announced',
    hint: 'It was not stored. Run the same command again; if the error remains, inform the operator of the source.',
  },
  'wrong-facts': {
    kind: 'data',
    title: 'The source describes a version in two different ways',
    hint: 'It was not stored. Inform the operator of the source.',
  },
  'wrong-signature': {
    kind: 'data',
    title: 'A version is not signed by a trusted key',
    hint: "Compare the key's fingerprint with the operator of the source on another channel, such as the telephone.",
  },
  'version-missing': {
    kind: 'state',
    title: 'The source does not serve a version that its feed announces',
    hint: 'Run the same command again later; if the error remains, inform the operator of the source.',
  },
  'target-busy': {
    kind: 'state',
    title: 'Another pull is writing to this target',
    hint: 'Wait for it, or stop it. Two copies need two targets.',
  },
  'target-foreign': {
    kind: 'usage',
    title: 'The target contains data that no pull wrote',
    hint: 'Use a folder or schema that is empty or does not exist yet.',
  },
  'target-newer': {
    kind: 'usage',
    title: 'The copy was created by another version of qingdan pull',
    hint: 'Use that version, or start another copy.',
  },
  'target-refused': {
    kind: 'state',
    title: 'Cannot write to the target',
    hint: 'See the reason above. Changes applied before remain in the copy.',
  },
  'target-full': {
    kind: 'state',
    title: 'The target is full',
    hint: 'Free some space and run the same command again: it resumes where it stopped.',
  },
} as const satisfies Readonly<Record<string, Refusal>>

export type PullRefusalCode = keyof typeof pullRefusals

/** A refusal of the puller: a code of the list, and what this occurrence is about. */
export class PullRefusal extends Error {
  override readonly name = 'PullRefusal'
  readonly code: PullRefusalCode

  constructor(code: PullRefusalCode, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.code = code
  }
}
