/** An action of CKAN: its parameters and its result. The actions are in actions.ts and group-actions.ts. */
import type { Caller } from '../../platform/caller.ts'
import type { PackageContext } from './bodies.ts'
import { listPackages } from './catalogue.ts'
import { natural, type Parameters, type Values } from './parameters.ts'

/** The request that an action runs with. */
export interface ActionRequest {
  readonly packageContext: PackageContext
  readonly reader: Caller
  /** The parameters as sent. */
  readonly sent: Readonly<Record<string, unknown>>
  /** The address of the action. */
  readonly address: string
}

/** A result that already is JSON text. */
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
  /** Maps the path of a problem to the action's parameter. */
  readonly nameOf?: (path: string) => string
  readonly run: (values: Readonly<Record<string, unknown>>, request: ActionRequest) => Promise<unknown>
}

interface ActionDefinition<P extends Parameters> {
  readonly summary: string
  readonly parameters: P
  readonly nameOf?: (path: string) => string
  readonly run: (values: Values<P>, request: ActionRequest) => Promise<unknown>
}

/** Builds an action. `run` gets its parameters typed; the list of actions sees them as names and values. */
export const action = <P extends Parameters>(name: string, definition: ActionDefinition<P>): Action => ({
  name,
  ...definition,
  run: definition.run as Action['run'],
})

export const limit = natural('Number of items; all if absent.', '10')
export const offset = natural('Number of items to skip.', '0')

/** The packages that the caller may see. */
export const packagesOf = ({ packageContext, reader }: ActionRequest) =>
  listPackages(packageContext.context, reader)

/** A page of a list. */
export function cut<T>(
  all: readonly T[],
  page: { readonly limit?: number | undefined; readonly offset?: number | undefined },
) {
  const { limit: size, offset: start = 0 } = page
  return all.slice(start, size === undefined ? undefined : start + size)
}
