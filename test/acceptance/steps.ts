/** The steps in which the campaign strikes, and the acts that a journey needs to get there. */

/** Acts beside the delivery and publication of an edition, in their order. */
export type Act =
  | 'inbox'
  | 'quarantine'
  | 'carry'
  | 'pull'
  | 'backup'
  | 'restore'
  | 'erase'
  | 'personal'
  | 'close'

/** Acts only where a step needs them: a second database in every run would cost its start for nothing. */
export const stepActs = {
  create: ['carry'],
  receive: [],
  verify: [],
  validate: [],
  stage: [],
  inbox: ['inbox'],
  quarantine: ['quarantine'],
  assemble: [],
  derive: [],
  control: [],
  prepare: [],
  wait: [],
  release: ['carry'],
  export: ['carry'],
  mirror: ['carry'],
  pull: ['pull'],
  backup: ['backup'],
  restore: ['backup', 'restore'],
  erase: ['erase'],
  personal: ['personal'],
  close: ['personal', 'close'],
} as const satisfies Readonly<Record<string, readonly Act[]>>

export type Step = keyof typeof stepActs

export const steps = Object.keys(stepActs) as readonly Step[]

export function isStep(name: string): name is Step {
  return Object.hasOwn(stepActs, name)
}
