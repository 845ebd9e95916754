/** Counts what happened in the campaign, by step and fault, and prints it as a table. */
import { type Fault, faults } from './faults.ts'
import type { Step } from './steps.ts'
import { classes, type Wrong } from './verdict.ts'

const outcomes = ['killed', 'failed', 'survived', 'missed'] as const

export interface Result {
  readonly step: Step
  readonly fault: Fault
  /** How the journey ended: killed, with an error, or as if nothing had happened; `missed`: before the fault. */
  readonly outcome: (typeof outcomes)[number]
  readonly wrong: readonly Wrong[]
}

export class Tally {
  readonly #steps: readonly Step[]
  readonly #results: Result[] = []

  constructor(steps: readonly Step[]) {
    this.#steps = steps
  }

  add(result: Result): void {
    this.#results.push(result)
  }

  get failed(): number {
    return this.#results.filter(({ wrong }) => wrong.length > 0).length
  }

  get passed(): number {
    return this.#results.length - this.failed
  }

  print(): void {
    if (this.#results.length === 0) return
    const count = (of: Partial<Result>) =>
      this.#results.filter((result) =>
        Object.entries(of).every(([name, value]) => result[name as keyof Result] === value),
      ).length
    row('step', [...faults, 'wrong'])
    for (const step of this.#steps) {
      const wrong = this.#results.filter((result) => result.step === step && result.wrong.length > 0).length
      row(step, [...faults.map((fault) => count({ step, fault })), wrong])
    }
    row('all', [...faults.map((fault) => count({ fault })), this.failed])
    for (const outcome of outcomes)
      row(
        `journey ${outcome}`,
        faults.map((fault) => count({ fault, outcome })),
      )
    const all = this.#results.flatMap(({ wrong }) => wrong)
    const each = classes.map((one) => `${all.filter((wrong) => wrong.class === one).length} ${one}`)
    console.log(`after ${this.#results.length} faults, each repeated and verified: ${each.join(', ')}`)
  }

  /** Throws if a step had no fault. */
  refuseGaps(): void {
    const never = this.#steps.filter((step) => !this.#results.some((result) => result.step === step))
    if (never.length > 0) throw new Error(`never struck: ${never.join(', ')}`)
  }
}

function row(name: string, cells: readonly (string | number)[]): void {
  console.log(`${name.padEnd(18)}${cells.map((cell) => String(cell).padStart(14)).join('')}`)
}
