/**
 * Checks bundles one after the other; bags of one group are checked together as one bundle, as the receiver
 * will do. Missing bags of the group are reported, which is not an error.
 */

import {
  faultAt,
  type GroupBag,
  groupFaults,
  groupLimitFaults,
  groupPurposeOf,
  inBag,
  isGrouped,
  joinBags,
  joinManifests,
  limitsOf,
  missingNumbers,
} from '../bundle/index.ts'
import type { Finding } from '../platform/finding.ts'
import {
  type CheckContext,
  type CheckReport,
  checkRows,
  type OpenedBundle,
  openBundle,
  reportOf,
} from './check-bundle.ts'

interface CheckedBundle {
  /** The path, or the paths of all bags of a group. */
  readonly path: string
  readonly report: CheckReport
}

/** Yields a report for each bundle, and one for the bags of each group. */
export async function* checkBundles(
  paths: readonly string[],
  context: CheckContext,
): AsyncGenerator<CheckedBundle> {
  const groups = new Map<
    string,
    { readonly path: string; readonly findings: readonly Finding[]; readonly one: GroupBag }[]
  >()
  try {
    for (const path of paths) {
      const opened = await openBundle(path, context)
      const one = groupBagOf(opened)
      if (one === undefined) {
        yield { path, report: await checkOne(opened, context) }
        continue
      }
      // An internal error must not leave the waiting bags open.
      const { provider, group } = one.manifest
      const name = JSON.stringify([provider, group.identifier])
      groups.set(name, [...(groups.get(name) ?? []), { path, findings: opened.findings, one }])
    }
    for (const members of groups.values()) {
      const path = members.map((member) => member.path).join(', ')
      yield { path, report: await checkGroup(members, context) }
    }
  } finally {
    for (const members of groups.values()) for (const { one } of members) await one.bag.close()
  }
}

function groupBagOf({ open }: OpenedBundle): GroupBag | undefined {
  if (open === undefined || !isGrouped(open.manifest)) return undefined
  return { bag: open.bag, manifest: open.manifest }
}

async function checkOne(opened: OpenedBundle, context: CheckContext): Promise<CheckReport> {
  const { open, findings } = opened
  if (open === undefined) return reportOf(findings, context)
  try {
    return await checkRows(open, findings, context)
  } finally {
    await open.bag.close()
  }
}

async function checkGroup(
  members: readonly { readonly findings: readonly Finding[]; readonly one: GroupBag }[],
  context: CheckContext,
): Promise<CheckReport> {
  const bags = members.map(({ one }) => one)
  const found = members.flatMap(({ one, findings }) => inBag(one.manifest.group.number, findings))
  const misplaced = bags.flatMap(({ manifest }, index) =>
    bags.slice(0, index).flatMap(({ manifest: earlier }) => {
      const { number, count } = earlier.group
      const faults = groupFaults(manifest, { number, count, purpose: groupPurposeOf(earlier) })
      return inBag(manifest.group.number, faults)
    }),
  )
  if (misplaced.length > 0) return reportOf([...found, ...misplaced], context)
  const bag = joinBags(bags)
  const overLimit = groupLimitFaults(bag, limitsOf(context.config))
  if (overLimit.length > 0) return reportOf([...found, ...overLimit], context)
  const manifest = joinManifests(bags.map((one) => one.manifest))
  return checkRows({ bag, manifest }, [...found, ...incomplete(bags)], context)
}

function incomplete(bags: readonly GroupBag[]): readonly Finding[] {
  const count = bags[0]?.manifest.group.count ?? 0
  const missing = missingNumbers(
    count,
    bags.map(({ manifest }) => manifest.group.number),
  )
  return missing.length === 0 ? [] : [faultAt('group-incomplete', { expected: missing.join(', ') })]
}
