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
interface BagReference {
  readonly bundleId: string
  readonly number: number
}

/** The findings and counts of one bag. */
export interface BagFindings {
  readonly bundleId: string
  readonly findings: readonly Finding[]
  readonly errors: number
  readonly warnings: number
  readonly summary: readonly CheckCount[]
  readonly files: readonly FileCount[]
}

/** A sink that also collects findings by bag. */
export interface BagFindingSink extends FindingSink {
  readonly byBag: (files: readonly FileCount[]) => readonly BagFindings[]
}

/** Builds a sink for a bundle's bags, at most `findingsMax` each. General findings go to the first. */
export function buildBagFindingSink(bags: readonly BagReference[], findingsMax: number): BagFindingSink {
  const total = buildFindingSink(findingsMax)
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
    ...total,
    add: (finding) => {
      total.add(finding)
      sinkOf(finding.file)?.add(finding)
    },
    byBag: (files) =>
      bags.map(({ bundleId, number }) => {
        const sink = sinks.get(number) ?? total
        return bagFindingsOf(bundleId, sink, ownFiles(files, number))
      }),
  }
}

/** The findings of one bag, from its sink. */
export function bagFindingsOf(
  bundleId: string,
  sink: FindingSink,
  files: readonly FileCount[] = [],
): BagFindings {
  const counts = sink.counts()
  const { errors, warnings } = counts
  return { bundleId, findings: sink.findings(), errors, warnings, summary: summaryOf(counts), files }
}

/** Puts a finding before the others, even at the limit; of several bags the first gets it. */
export function prependToFirst(
  [first, ...rest]: readonly BagFindings[],
  finding: Finding,
): readonly BagFindings[] {
  return first === undefined ? [] : [prepend(first, finding), ...rest]
}

function prepend(one: BagFindings, finding: Finding): BagFindings {
  const { check, severity } = finding
  const [errors, warnings] = severity === 'error' ? [1, 0] : [0, 1]
  return {
    ...one,
    findings: [finding, ...one.findings],
    errors: one.errors + errors,
    warnings: one.warnings + warnings,
    summary: [...one.summary, { check, errors, warnings }],
  }
}

/** For a refused bundle: a bag without a fault of its own gets a reference to the faulty bags. */
export function withReferences(
  byBag: readonly BagFindings[],
  bags: readonly BagReference[],
): readonly BagFindings[] {
  const numberOf = (id: string) => bags.find(({ bundleId }) => bundleId === id)?.number ?? 0
  const faulty = byBag.filter(({ errors }) => errors > 0)
  const expected = faulty.map(({ bundleId }) => `bag-${numberOf(bundleId)}: ${bundleId}`).join(', ')
  return byBag.map((one) => {
    if (one.errors > 0 || faulty.length === 0) return one
    return prepend(one, faultAt('group-refused', { expected }))
  })
}
