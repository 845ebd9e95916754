/** Periods by edition name: `2025` is a calendar year, `2025-2026` a school year from September to August. */
import type { Contract } from './contract.ts'

interface Period {
  /** First and last day, `YYYY-MM-DD`. */
  readonly start: string
  readonly end: string
}

/** The period of an edition's name, or undefined if the contract has no such edition. */
export function periodOf(contract: Pick<Contract, 'period'>, edition: string): Period | undefined {
  if (contract.period === 'year') {
    return /^[1-9]\d{3}$/.test(edition) ? { start: `${edition}-01-01`, end: `${edition}-12-31` } : undefined
  }
  const years = /^([1-9]\d{3})-([1-9]\d{3})$/.exec(edition)
  if (years === null || Number(years[2]) !== Number(years[1]) + 1) return undefined
  return { start: `${years[1]}-09-01`, end: `${years[2]}-08-31` }
}
