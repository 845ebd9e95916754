/**
 * Every refusal of the puller, as one closed list: whose doing it is, what it is, and what to do about it. Whatever is
 * refused leaves the copy as it was.
 */

/** `data`: what came is not what it should be. `state`: not possible as things stand. `usage`: it can't be meant. */
type RefusalKind = 'data' | 'state' | 'usage'

interface Refusal {
  readonly kind: RefusalKind
  readonly title: string
  readonly hint: string
}

export const pullRefusals = {
  'source-away': {
    kind: 'state',
    title: 'The source does not answer',
    hint: 'Run the same command again later: it goes on where it stopped.',
  },
  'source-elsewhere': {
    kind: 'usage',
    title: 'The source leads to another place',
    hint: 'Give the address that it leads to, if that is the service you mean.',
  },
  'source-unknown': {
    kind: 'usage',
    title: 'At this address no Qingdan answers',
    hint: 'Give the address under which the service is reached, such as https://data.example.org.',
  },
  'source-refused': {
    kind: 'state',
    title: 'The source refused a request',
    hint: 'What it says stands above; a key comes from the environment variable QINGDAN_PULL_KEY or from --key-file.',
  },
  'answer-odd': {
    kind: 'data',
    title: 'The source answered what this puller can not read',
    hint: 'Bring the puller to the version of the source; if it is, tell its operator.',
  },
  'other-origin': {
    kind: 'data',
    title: 'The source is another than the copy was made from',
    hint: 'Give the address of the one it was made from, or begin another copy.',
  },
  'other-history': {
    kind: 'data',
    title: 'The source does not know the place that the copy has come to',
    hint: 'If its database was set back to a backup, ask its operator, and begin another copy.',
  },
  'other-question': {
    kind: 'usage',
    title: 'The copy was begun with other options',
    hint: 'Give the options that it was begun with, or begin another copy.',
  },
  'wrong-bytes': {
    kind: 'data',
    title: 'A file is not the one that the source tells of',
    hint: 'Nothing of it was taken. Run the same command again; if it stays so, tell the operator of the source.',
  },
  'wrong-facts': {
    kind: 'data',
    title: 'What the source tells of a version in two places is not the same',
    hint: 'Nothing of it was taken. Tell the operator of the source.',
  },
  'wrong-signature': {
    kind: 'data',
    title: 'A version is not signed by a key that is trusted',
    hint: "Compare the key's fingerprint with the operator of the source by another way, the telephone for one.",
  },
  'version-missing': {
    kind: 'state',
    title: 'The source does not give a version of which its feed tells',
    hint: 'Run the same command again later; if it stays so, tell the operator of the source.',
  },
  'target-busy': {
    kind: 'state',
    title: 'Another pull works on this target',
    hint: 'Wait for it, or end it. Two copies need two targets.',
  },
  'target-foreign': {
    kind: 'usage',
    title: 'The target holds what no pull has written',
    hint: 'Name a folder or schema that is empty or does not exist yet.',
  },
  'target-newer': {
    kind: 'usage',
    title: 'The copy was made by another version of this puller',
    hint: 'Bring the puller up to it, or begin another copy.',
  },
  'target-refused': {
    kind: 'state',
    title: 'The target can not be written',
    hint: 'What it says stands above. What was applied before is kept.',
  },
  'target-full': {
    kind: 'state',
    title: 'There is no room left for the copy',
    hint: 'Make room and run the same command again: it goes on where it stopped.',
  },
} as const satisfies Readonly<Record<string, Refusal>>

export type PullRefusalCode = keyof typeof pullRefusals

/** The puller refuses: the code says which of the list, the detail what this very occurrence is about. */
export class PullRefusal extends Error {
  override readonly name = 'PullRefusal'
  readonly code: PullRefusalCode

  constructor(code: PullRefusalCode, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.code = code
  }
}
