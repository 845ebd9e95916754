/**
 * An attacker that shares no code and no solver with src/: it reads published rows, writes every sum that it can think of
 * and asks GLPK for the lowest and highest value of each blank, as a linear and, where that is tight, an integer
 * programme. It knows the rule: a base flagged C is small, a level flagged C is not zero, nothing is negative.
 */
import createSolver, { type LP } from 'glpk.js/node'
import type { Row } from './editions.ts'

const solving = createSolver()

/** Columns of the rows in support/editions.ts. */
const at = {
  district: 0,
  stage: 1,
  grade: 2,
  sex: 3,
  indicator: 4,
  level: 5,
  tested: 6,
  pupils: 7,
  status: 11,
}

export interface Found {
  readonly key: string
  readonly status: string
  readonly low: number
  readonly high: number
}

interface Linear {
  readonly bounds: Map<string, readonly [low: number, high: number]>
  readonly sums: { readonly total: string; readonly parts: readonly string[] }[]
  readonly known: Map<string, number>
  readonly blanks: Map<string, string>
}

const keyOf = (row: Row, replaced: Readonly<Record<number, string>> = {}) =>
  [0, 1, 2, 3, 4, 5].map((column) => replaced[column] ?? row[column]).join('|')

/** Reads versions of one edition. Cells of districts with the same published rows are the same cells. */
function read(versions: readonly (readonly Row[])[], zero: boolean, mayHold: boolean): Linear {
  const linear: Linear = { bounds: new Map(), sums: [], known: new Map(), blanks: new Map() }
  for (const [version, rows] of versions.entries()) {
    const name = (row: Row, replaced?: Readonly<Record<number, string>>) =>
      `${version}#${keyOf(row, replaced)}`
    const base = new Map(rows.map((row) => [keyOf(row), row]))
    const groups = new Map<string, Set<string>>()
    const join = (row: Row, replaced: Readonly<Record<number, string>>) => {
      const total = name(row, replaced)
      const by = `${total} by ${Object.keys(replaced).join()}`
      groups.set(by, (groups.get(by) ?? new Set()).add(name(row)))
    }
    const joinAll = (row: Row) => {
      if (row[at.level] !== '_T') join(row, { [at.level]: '_T' })
      if (row[at.sex] !== '_T') join(row, { [at.sex]: '_T' })
      if (row[at.grade] !== '_T') join(row, { [at.grade]: '_T' })
      else if (row[at.stage] !== '_T') join(row, { [at.stage]: '_T' })
      if (row[at.district] !== '_T') join(row, { [at.district]: '_T' })
    }
    const former = new Map((versions[version - 1] ?? []).map((row) => [keyOf(row), row]))
    for (const row of rows) {
      const own = name(row)
      const pupils = row[at.pupils]
      // What looks as before may be held there: the count itself may be up to 9 away.
      if (
        mayHold &&
        pupils !== null &&
        pupils !== undefined &&
        former.get(keyOf(row))?.[at.pupils] === pupils
      ) {
        linear.blanks.set(own, 'held')
        linear.bounds.set(own, [Math.max(0, Number(pupils) - 9), Number(pupils) + 9])
        joinAll(row)
        continue
      }
      const whole = base.get(keyOf(row, { [at.level]: '_T' }))
      if (pupils !== null && pupils !== undefined) linear.known.set(own, Number(pupils))
      else {
        linear.blanks.set(own, row[at.status] ?? '')
        const isSmallBase = whole?.[at.status] === 'C'
        const least = zero && (!isSmallBase || row === whole) ? 1 : 0
        if (isSmallBase) linear.bounds.set(own, [least, 9])
        else if (row[at.status] === 'C') linear.bounds.set(own, [least, 1e7])
        else linear.bounds.set(own, [row === whole ? 10 : 0, 1e7])
      }
      // A share that is shown beside its base gives its count.
      const [share, tested] = [row[8], row[at.tested]]
      if (pupils === null && share !== null && tested !== null) {
        const [rate, all] = [Number(share), Number(tested)]
        const [from, to] = [((rate - 0.05) * all) / 100, ((rate + 0.05) * all) / 100]
        linear.bounds.set(own, [Math.ceil(from - 1e-9), Math.floor(to + 1e-9)])
      }
      joinAll(row)
    }
    for (const [by, parts] of groups)
      linear.sums.push({ total: by.split(' by ')[0] ?? '', parts: [...parts] })
  }
  linkUnchanged(linear, versions)
  return linear
}

/** A district in which every row of two versions is the same has the same counts in both. */
function linkUnchanged({ sums }: Linear, versions: readonly (readonly Row[])[]): void {
  for (let version = 1; version < versions.length; version++) {
    const [before = [], now = []] = [versions[version - 1], versions[version]]
    const former = new Map(before.map((row) => [keyOf(row), row.join()]))
    const changed = new Set(
      now.filter((row) => former.get(keyOf(row)) !== row.join()).map((row) => row[at.district]),
    )
    for (const row of now)
      if (!changed.has(row[at.district] ?? '') && row[at.district] !== '_T')
        sums.push({ total: `${version}#${keyOf(row)}`, parts: [`${version - 1}#${keyOf(row)}`] })
  }
}

/** A district of which the reason of the correction says that it was not changed. */
function linkDistrict({ sums }: Linear, versions: readonly (readonly Row[])[], district: string): void {
  for (let version = 1; version < versions.length; version++)
    for (const row of versions[version] ?? [])
      if (row[at.district] === district)
        sums.push({ total: `${version}#${keyOf(row)}`, parts: [`${version - 1}#${keyOf(row)}`] })
}

/** The interval of every blank, by a linear programme each way. */
export async function attack(
  versions: readonly (readonly Row[])[],
  options: {
    readonly zero?: boolean
    readonly mayHold?: boolean
    readonly unchanged?: readonly string[]
  } = {},
): Promise<readonly Found[]> {
  const glpk = await solving
  const linear = read(versions, options.zero ?? true, options.mayHold ?? true)
  for (const district of options.unchanged ?? []) linkDistrict(linear, versions, district)
  const names = new Map([...linear.blanks.keys()].map((key, n) => [key, `x${n}`]))
  const subjectTo: LP['subjectTo'] = []
  for (const { total, parts } of linear.sums) {
    const vars = new Map<string, number>()
    let known = 0
    for (const [key, factor] of [[total, -1] as const, ...parts.map((part) => [part, 1] as const)]) {
      const name = names.get(key)
      if (name === undefined) known += factor * (linear.known.get(key) ?? 0)
      else vars.set(name, (vars.get(name) ?? 0) + factor)
    }
    if (vars.size > 0)
      subjectTo.push({
        name: `r${subjectTo.length}`,
        vars: [...vars].map(([name, coef]) => ({ name, coef })),
        bnds: { type: glpk.GLP_FX, lb: -known, ub: -known },
      })
  }
  const bounds = [...names].map(([key, name]) => {
    const [lb, ub] = linear.bounds.get(key) ?? [0, 1e7]
    return { name, type: lb === ub ? glpk.GLP_FX : glpk.GLP_DB, lb, ub }
  })
  const found: Found[] = []
  for (const [key, status] of linear.blanks) {
    const name = names.get(key) ?? ''
    const solve = async (direction: number, generals: readonly string[]) => {
      const objective = { direction, name: 'o', vars: [{ name, coef: 1 }] }
      const lp = { name: 'a', objective, subjectTo, bounds, generals: [...generals] } as LP
      const { result } = glpk.solve(lp, { msglev: glpk.GLP_MSG_OFF, tmlim: 10 })
      return result.status === glpk.GLP_OPT || result.status === glpk.GLP_FEAS ? result.z : Number.NaN
    }
    let [low, high] = [await solve(glpk.GLP_MIN, []), await solve(glpk.GLP_MAX, [])]
    if (high - low < 6)
      [low, high] = [
        await solve(glpk.GLP_MIN, [...names.values()]),
        await solve(glpk.GLP_MAX, [...names.values()]),
      ]
    found.push({ key, status, low: Math.ceil(low - 1e-6), high: Math.floor(high + 1e-6) })
  }
  return found
}

/** Counts that the attacker knows exactly, and small ones that it knows too well. */
export function damageOf(all: readonly Found[], width = 5) {
  const found = all.filter(({ status }) => status !== 'held')
  if (found.some(({ low, high }) => Number.isNaN(low + high)))
    throw new Error('the model of the attacker has no solution: it assumes what is not so')
  return {
    blanks: found.length,
    recovered: found.filter(({ low, high }) => !(high > low)).map(({ key }) => key),
    narrow: found
      .filter(({ status, low, high }) => status === 'C' && !(high - low >= width))
      .map(({ key }) => key),
    tightest: found.reduce(
      (least, { status, low, high }) => (status === 'C' ? Math.min(least, high - low) : least),
      1e9,
    ),
  }
}
