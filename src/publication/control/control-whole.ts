/**
 * Controls an edition with a rule that needs all of its cells at once: reads them into memory, proves them in the solver's
 * threads and refuses what can't be proven. The officer reads which cells; nobody else does.
 */
import type { Contract } from '../../contract/index.ts'
import type { WholeEditionRule } from '../../disclosure/index.ts'
import type { RecordValues } from '../../formats/index.ts'
import { type Progress, Refusal } from '../../ingest/index.ts'
import type { Derived } from '../pipeline/derive.ts'
import { solverName } from './highs-solver.ts'
import { openSolvers, solverThreads } from './solvers.ts'

/** Cells that a refusal names; the others are counted. */
const cellsNamedMax = 20

/** Throws a Refusal where nothing may be published, SolverStopped where the proof was not finished. */
export async function controlWhole(
  rule: WholeEditionRule,
  batches: AsyncIterable<readonly RecordValues[]>,
  { draft }: Derived,
  contract: Contract,
  progress: Progress,
) {
  const { disclosure } = contract
  if (disclosure === undefined) throw new Error('the contract has no rule')
  if (draft.number > 1)
    throw refusal(
      'A further version is proven together with the former ones, whose confidential counts are not kept yet. ' +
        'Publish the correction with the next edition.',
      '后续版本须与已发布版本一并证明，而其保密计数目前尚未保存。请随下一期次发布更正。',
    )
  const rows: RecordValues[] = []
  for await (const batch of batches) for (const row of batch) rows.push(row)
  const solvers = openSolvers()
  try {
    const controlled = await rule.controlEdition({ rows }, contract, disclosure, {
      solve: solvers.solve,
      solver: solverName,
      parallel: solverThreads,
      step: (_block, _stage, done) => progress('control', done),
    })
    if (controlled.outcome === 'refused') {
      const { cells, advice } = controlled
      const others = cells.length > cellsNamedMax ? ` and ${cells.length - cellsNamedMax} others` : ''
      throw refusal(
        `Not proven: ${cells.slice(0, cellsNamedMax).join('; ')}${others}. ${advice}`,
        `未能证明安全，不予发布：${cells.length} 处。`,
      )
    }
    return { rows: batchesOf(controlled.rows), summary: () => controlled.summary }
  } finally {
    await solvers.close()
  }
}

async function* batchesOf(rows: readonly RecordValues[]): AsyncGenerator<readonly RecordValues[]> {
  const size = 5_000
  for (let from = 0; from < rows.length; from += size) yield rows.slice(from, from + size)
}

function refusal(message: string, messageZh: string): Refusal {
  return new Refusal({ findings: [{ check: 'disclosure', severity: 'error', message, messageZh }] })
}
