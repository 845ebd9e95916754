/** Small editions for the tests of disclosure: finest cells in, rows with all margins out. */
import type { Contract } from '../../../src/contract/index.ts'
import type { LinearModel, Solve } from '../../../src/disclosure/index.ts'
import { loadSolver } from '../../../src/publication/control/highs-solver.ts'
import { contractOf, field } from '../../support/fields.ts'

export type Row = readonly (string | null)[]

export const parameters = {
  base: { count: 'tested', minimum: 10 },
  levels: {
    field: 'level',
    count: 'pupils',
    sensitive: { '*': ['fail'] },
    small: 10,
    smallShare: 0,
    zero: 'publish' as 'publish' | 'protect',
    keep: ['excellent', 'good'],
  },
  protection: { width: 5 },
  versions: { heldBelow: 10 },
  ranges: { low: 'pupils_low', high: 'pupils_high' },
  withhold: ['tested', 'pupils', 'share'],
  status: 'status',
}

/** A contract with the dimensions district, stage, grade and sex, an indicator and levels. */
export function fitnessContract(disclosure: object = parameters): Contract {
  const key = ['district', 'stage', 'grade', 'sex', 'indicator', 'level']
  const codesBy: Readonly<Record<string, string>> = { grade: 'stage', level: 'indicator' }
  return contractOf(
    [
      ...key.map((name) =>
        field(name, 'string', {
          role: 'dimension',
          ...(codesBy[name] === undefined ? {} : { codes: name, codesBy: codesBy[name] }),
        }),
      ),
      field('tested', 'integer', { role: 'count' }),
      field('pupils', 'integer', { role: 'count' }),
      field('share', 'number', { role: 'measure' }),
      field('pupils_low', 'integer', { role: 'attribute' }),
      field('pupils_high', 'integer', { role: 'attribute' }),
      field('status', 'string', { role: 'status' }),
    ],
    key,
    { disclosure: { rule: 'audited-suppression', ...disclosure } },
  )
}

/** Pupils by level in a finest cell `district stage/grade sex`. */
export type Finest = Readonly<Record<string, Readonly<Record<string, number>>>>

/** The rows of an edition: every finest cell with all its margins. */
export function rowsOf(finest: Finest, indicator = 'total'): readonly Row[] {
  const cells = new Map<string, Map<string, number>>()
  const levels = new Set(Object.values(finest).flatMap((of) => Object.keys(of)))
  for (const [name, of] of Object.entries(finest)) {
    const [district = '', at = '', sex = ''] = name.split(' ')
    const [stage = '', grade = ''] = at.split('/')
    for (const d of [district, '_T'])
      for (const g of [`${stage} ${grade}`, `${stage} _T`, '_T _T'])
        for (const s of [sex, '_T']) {
          const key = `${d} ${g} ${s}`
          const sum = cells.get(key) ?? new Map([...levels].map((level) => [level, 0]))
          cells.set(key, sum)
          for (const [level, count] of Object.entries(of)) sum.set(level, (sum.get(level) ?? 0) + count)
        }
  }
  return [...cells].flatMap(([key, sum]) => {
    const tested = [...sum.values()].reduce((all, count) => all + count, 0)
    return [['_T', tested] as const, ...sum].map(([level, count]) => [
      ...key.split(' '),
      ...[indicator, level, String(tested), String(count)],
      ...[tested === 0 ? null : ((100 * count) / tested).toFixed(1), null, null, null],
    ])
  })
}

const loading = loadSolver()

/** The solver in this thread. */
export const solve: Solve = async (model: LinearModel) => {
  const open = (await loading).open(model)
  return { ask: async (question) => open.ask(question), close: async () => open.close() }
}
