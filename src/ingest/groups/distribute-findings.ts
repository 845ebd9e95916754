/**
 * Distributes the findings of a bundle to its bags. A single bag gets all of them. Of several bags, each gets
 * the findings of its own files; a bag without a fault gets a reference to the faulty ones.
 */

import {
  bagNumberOf,
  buildFindingSink,
  type FileCount,
  type FindingSink,
  faultAt,
} from '../../bundle/index.ts'
import type { Finding } from '../../platform/finding.ts'
import { summaryOf } from '../receipts/receipts.ts'
import type { CheckCount } from '../receipts/schemas.ts'

/** A bag among those read as one bundle. */
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

/** A sink that also collects findings by bag. */
export interface ShareSink extends FindingSink {
  readonly shares: (files: readonly FileCount[]) => readonly Share[]
}

/** Builds a sink for a bundle's bags, at most `findingsMax` each. General findings go to the first. */
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

/** The share of one bag: the findings in its sink. */
export function shareOf(bundleId: string, sink: FindingSink, files: readonly FileCount[] = []): Share {
  const counts = sink.counts()
  const { errors, warnings } = counts
  return { bundleId, findings: sink.findings(), errors, warnings, summary: summaryOf(counts), files }
}

/** Puts a finding before the others, even at the limit; of several bags the first gets it. */
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

/** Shares of a refused bundle: a bag without a fault of its own gets a reference to the faulty bags. */
export function withPointers(shares: readonly Share[], bags: readonly ShareHolder[]): readonly Share[] {
  const numberOf = (id: string) => bags.find(({ bundleId }) => bundleId === id)?.number ?? 0
  const faulty = shares.filter(({ errors }) => errors > 0)
  const expected = faulty.map(({ bundleId }) => `bag-${numberOf(bundleId)}: ${bundleId}`).join(', ')
  return shares.map((share) => {
    if (share.errors > 0 || faulty.length === 0) return share
    return before(share, faultAt('group-refused', { expected }))
  })
}
