/**
 * What each bag of a bundle is told of what was found in all of them. A bundle that is one bag has one share. A bag of
 * several gets the findings of its own files; where nothing is wrong with it and something with others, it learns which.
 */

import {
  bagNumberOf,
  buildFindingSink,
  type FileCount,
  type FindingSink,
  faultAt,
} from '../../bundle/index.ts'
import type { Finding } from '../../platform/finding.ts'
import { type CheckCount, summaryOf } from '../receipts/receipts.ts'

/** A bag among those that are read as one bundle. */
export interface ShareHolder {
  readonly bundleId: string
  readonly number: number
}

export interface Share {
  readonly bundleId: string
  readonly findings: readonly Finding[]
  readonly errors: number
  readonly warnings: number
  readonly summary: readonly CheckCount[]
  readonly files: readonly FileCount[]
}

/** A sink that also keeps what is found bag by bag. */
export interface ShareSink extends FindingSink {
  readonly shares: (files: readonly FileCount[]) => readonly Share[]
}

/** Builds a sink for the bags of a bundle; each keeps at most `findingsMax` findings. What concerns all goes to the first. */
export function buildShareSink(bags: readonly ShareHolder[], findingsMax: number): ShareSink {
  const whole = buildFindingSink(findingsMax)
  const sinks = new Map(bags.map(({ number }) => [number, buildFindingSink(findingsMax)]))
  const [first] = bags
  if (first === undefined) throw new Error('a bundle has at least one bag')
  const sinkOf = (file: string | undefined) => {
    const number = bags.length === 1 ? first.number : (bagNumberOf(file) ?? first.number)
    return sinks.get(number) ?? sinks.get(first.number)
  }
  const ownFiles = (files: readonly FileCount[], number: number) =>
    bags.length === 1 ? files : files.filter(({ file }) => bagNumberOf(file) === number)
  return {
    ...whole,
    add: (finding) => {
      whole.add(finding)
      sinkOf(finding.file)?.add(finding)
    },
    shares: (files) =>
      bags.map(({ bundleId, number }) => {
        const sink = sinks.get(number) ?? whole
        return shareOf(bundleId, sink, ownFiles(files, number))
      }),
  }
}

/** What one bag is told of what its sink has taken. */
export function shareOf(bundleId: string, sink: FindingSink, files: readonly FileCount[] = []): Share {
  const counts = sink.counts()
  const { errors, warnings } = counts
  return { bundleId, findings: sink.findings(), errors, warnings, summary: summaryOf(counts), files }
}

/** The same with a finding before the others, also where as many are kept as may be; of several bags the first has it. */
export function withFirst([first, ...rest]: readonly Share[], finding: Finding): readonly Share[] {
  return first === undefined ? [] : [before(first, finding), ...rest]
}

function before(share: Share, finding: Finding): Share {
  const { check, severity } = finding
  const [errors, warnings] = severity === 'error' ? [1, 0] : [0, 1]
  return {
    ...share,
    findings: [finding, ...share.findings],
    errors: share.errors + errors,
    warnings: share.warnings + warnings,
    summary: [...share.summary, { check, errors, warnings }],
  }
}

/** Shares of a bundle that is refused: a bag that has no fault of its own is told where one is. */
export function withPointers(shares: readonly Share[], bags: readonly ShareHolder[]): readonly Share[] {
  const numberOf = (id: string) => bags.find(({ bundleId }) => bundleId === id)?.number ?? 0
  const faulty = shares.filter(({ errors }) => errors > 0)
  const expected = faulty.map(({ bundleId }) => `bag-${numberOf(bundleId)}: ${bundleId}`).join(', ')
  return shares.map((share) => {
    if (share.errors > 0 || faulty.length === 0) return share
    return before(share, faultAt('group-refused', { expected }))
  })
}
