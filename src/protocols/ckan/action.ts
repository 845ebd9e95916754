/** What an action of CKAN is: its parameters, and what it gives. The entries stand in actions.ts and group-actions.ts. */
import type { Caller } from '../../platform/caller.ts'
import type { PackageContext } from './bodies.ts'
import { listPackages } from './catalogue.ts'
import { natural, type Parameters, type Values } from './parameters.ts'

/** What an action is run with. */
export interface ActionRequest {
  readonly desk: PackageContext
  readonly reader: Caller
  /** The parameters as they were given. */
  readonly given: Readonly<Record<string, unknown>>
  /** The address of the action. */
  readonly address: string
}

/** A result that is JSON text already. */
export class JsonText {
  readonly text: string

  constructor(json: string) {
    this.text = json
  }
}

export interface Action {
  readonly name: string
  readonly summary: string
  readonly parameters: Parameters
  /** Under which of its parameters a refusal of the rooms is told. */
  readonly nameOf?: (path: string) => string
  readonly run: (values: Readonly<Record<string, unknown>>, asked: ActionRequest) => Promise<unknown>
}

interface Described<P extends Parameters> {
  readonly summary: string
  readonly parameters: P
  readonly nameOf?: (path: string) => string
  readonly run: (values: Values<P>, asked: ActionRequest) => Promise<unknown>
}

/** The parameters of an entry are those that its `run` gets; behind the table they are names and values. */
export const action = <P extends Parameters>(name: string, described: Described<P>): Action => ({
  name,
  ...described,
  run: described.run as Action['run'],
})

export const limit = natural('How many of them; all if absent.', '10')
export const offset = natural('How many to leave out before.', '0')

/** The packages that the caller may see. */
export const packagesOf = ({ desk, reader }: ActionRequest) => listPackages(desk.context, reader)

/** A page of a list. */
export function cut<T>(
  all: readonly T[],
  page: { readonly limit?: number | undefined; readonly offset?: number | undefined },
) {
  const { limit: size, offset: start = 0 } = page
  return all.slice(start, size === undefined ? undefined : start + size)
}
