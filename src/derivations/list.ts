/** The list of derivations. A new one is one file or folder and one line here. */
import type { Contract } from '../contract/index.ts'
import { countCells } from './count-cells.ts'
import type { Derivation } from './derivation.ts'
import { fitnessStandard2014 } from './fitness-standard-2014/derivation.ts'

const all: readonly Derivation[] = [countCells, fitnessStandard2014]

export const derivations: ReadonlyMap<string, Derivation> = new Map(
  all.map((derivation) => [derivation.name, derivation]),
)

/** Finds a derivation by its name. Throws a plain Error, since the contract loader has checked every name. */
export function getDerivation(name: string): Derivation {
  const derivation = derivations.get(name)
  if (derivation === undefined) throw new Error(`no derivation ${name}`)
  return derivation
}

/**
 * What is wrong with a contract's use of its derivation: the path in the contract, and what to do. `others` finds
 * the newest contract of a dataset. The parameters are valid against their schema.
 */
export function* derivationFaults(
  contract: Contract,
  others: (dataset: string) => Contract | undefined,
): Generator<readonly [path: string, message: string]> {
  const { name = '', directories = {} } = contract.derivation ?? {}
  const derivation = getDerivation(name)
  for (const [directory, kind] of Object.entries(derivation.directories)) {
    const dataset = directories[directory]
    if (dataset === undefined)
      yield ['/derivation/directories', `name the dataset of kind ${kind} as "${directory}"`]
    else if (others(dataset)?.kind?.name !== kind)
      yield [`/derivation/directories/${directory}`, `"${dataset}" is no dataset of kind ${kind}`]
  }
  for (const directory of Object.keys(directories)) {
    if (derivation.directories[directory] === undefined)
      yield [`/derivation/directories/${directory}`, `${name} looks up no such directory; remove it`]
  }
  yield* derivation.check(contract)
}
