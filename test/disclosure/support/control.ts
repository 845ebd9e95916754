/** Runs the rule on rows, for tests. */
import { auditedSuppression as rule } from '../../../src/disclosure/audited-suppression/rule.ts'
import { type ControlledEdition, type FormerVersion, verifyEdition } from '../../../src/disclosure/index.ts'
import { fitnessContract, type Row, solve } from './editions.ts'

export type Proven = Extract<ControlledEdition, { outcome: 'proven' }>

interface Options {
  readonly use?: object | undefined
  readonly former?: readonly { readonly rows: readonly Row[]; readonly published: readonly Row[] }[]
}

const formerOf = ({ former = [] }: Options): readonly FormerVersion[] =>
  former.map(({ rows, published }, n) => ({ version: n + 1, confidential: rows, published }))

/** Controls an edition after its former versions. */
export async function control(rows: readonly Row[], options: Options = {}): Promise<ControlledEdition> {
  const contract = fitnessContract(options.use)
  if (contract.disclosure === undefined) throw new Error('no rule')
  const edition = { rows, former: formerOf(options) }
  return rule.controlEdition(edition, contract, contract.disclosure, { solve, solver: 'test' })
}

/** As `control`, and throws where nothing may be published. */
export async function proven(rows: readonly Row[], options: Options = {}): Promise<Proven> {
  const controlled = await control(rows, options)
  if (controlled.outcome !== 'proven') throw new Error(JSON.stringify(controlled))
  return controlled
}

/** What is wrong with the witnesses, without a solver. */
export function verify(rows: readonly Row[], { rows: published, witnesses }: Proven, options: Options = {}) {
  const contract = fitnessContract(options.use)
  if (contract.disclosure === undefined) throw new Error('no rule')
  return verifyEdition(
    { rows, published, former: formerOf(options) },
    contract,
    contract.disclosure,
    witnesses,
  )
}

/** The row of a cell: `district stage grade sex level`. */
export function shown(rows: readonly Row[], cell: string): Row {
  const found = rows.find((row) => [row[0], row[1], row[2], row[3], row[5]].join(' ') === cell)
  if (found === undefined) throw new Error(`no cell ${cell}`)
  return found
}

export const isWithheld = (rows: readonly Row[], cell: string) => shown(rows, cell)[7] === null
