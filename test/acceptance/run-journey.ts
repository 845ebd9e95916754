/** Starts a journey as a process, and reads the points, the fault and the failure that it prints. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { program } from '../support/program.ts'

export interface Point {
  /** Number of the point within its step, from 1. */
  readonly n: number
  readonly step: string
}

export interface Run {
  /** Processes of the server that were killed or stopped; undefined if the fault has not happened. */
  readonly struck: number | undefined
  readonly points: readonly Point[]
  readonly code: number | null
  readonly signal: string | null
  readonly errors: string
  /** What kind of failure the journey reported. */
  readonly failure: string | undefined
}

/** A journey takes some seconds, on a machine with a load of 40 some minutes; one that has not ended by then hangs. */
const journeySecondsMax = 900

/** Runs a journey in a process of its own. */
export async function runJourney(environment: Readonly<Record<string, string>>): Promise<Run> {
  const child = spawn(process.execPath, [...program('test/acceptance/journey.ts')], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const points: Point[] = []
  let struck: number | undefined
  let failure: string | undefined
  createInterface({ input: child.stdout }).on('line', (line) => {
    const printed = JSON.parse(line) as Point | { readonly struck: number } | { readonly failed: string }
    if ('struck' in printed) struck = printed.struck
    else if ('failed' in printed) failure = printed.failed
    else points.push(printed)
  })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const hanging = setTimeout(() => {
    errors += `no end after ${journeySecondsMax} s`
    child.kill('SIGABRT')
  }, journeySecondsMax * 1_000)
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(hanging)
      resolve({ struck, points, code, signal, errors, failure })
    })
  })
}
