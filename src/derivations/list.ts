/** The list of derivations. A new one is one file or folder and one line here. */
import { countCells } from './count-cells.ts'
import type { Derivation } from './derivation.ts'

const all: readonly Derivation[] = [countCells]

export const derivations: ReadonlyMap<string, Derivation> = new Map(
  all.map((derivation) => [derivation.name, derivation]),
)

/** Finds a derivation by its name. Throws a plain Error, since the contract loader has checked every name. */
export function getDerivation(name: string): Derivation {
  const derivation = derivations.get(name)
  if (derivation === undefined) throw new Error(`no derivation ${name}`)
  return derivation
}
