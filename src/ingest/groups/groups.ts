/**
 * Several bags as one bundle. Each is admitted to its group and waits; the last to arrive has them all
 * processed as one bundle of one part: all are staged or all refused. Refuses a bag that conflicts with those
 * waiting. All this runs under the group's lock, because bags may arrive at once.
 */

import {
  BundleRefusal,
  buildFindingSink,
  faultAt,
  type GroupManifest,
  groupFaults,
  groupLimitFaults,
  limitsOf,
  missingNumbers,
} from '../../bundle/index.ts'
import type { AppContext } from '../../catalogue/index.ts'
import type { Finding } from '../../platform/finding.ts'
import { Refusal } from '../pipeline/refusal.ts'
import { refuseBags } from '../pipeline/refuse.ts'
import { joinVerified, openVerified, type Verified, verifyStored, withPosition } from '../pipeline/verify.ts'
import { findReceipt, getReceipt } from '../receipts/receipts.ts'
import { readStored } from '../receive/receive.ts'
import { type GroupMember, listBags, writeWaiting } from './bags.ts'
import { type BagFindings, bagFindingsOf, withReferences } from './distribute-findings.ts'

export interface GroupName {
  readonly provider: string
  readonly identifier: string
}

/** The group that a bundle was admitted to, if any. */
export async function findGroup(context: AppContext, id: string): Promise<GroupName | undefined> {
  const receipt = await findReceipt(context.database.work, id)
  if (receipt?.group == null || receipt.provider === null) return undefined
  return { provider: receipt.provider, identifier: receipt.group.identifier }
}

/** Name of the lock of a group. */
export function groupLock({ provider, identifier }: GroupName): string {
  return `group ${provider} ${identifier}`
}

/** Admits a verified bag to its group. Throws Refusal where it conflicts with the bags already there. */
export async function admit(
  context: AppContext,
  { bundleId }: Pick<Verified, 'bundleId'>,
  manifest: GroupManifest,
): Promise<GroupName> {
  const name = { provider: manifest.provider, identifier: manifest.group.identifier }
  await context.database.lock(groupLock(name), async () => {
    const others = (await listBags(context.database.work, name.provider, name.identifier)).filter(
      ({ id }) => id !== bundleId,
    )
    const staged = others.find(({ state }) => state === 'staged')
    const findings =
      staged === undefined
        ? distinct(others.flatMap((other) => groupFaults(manifest, other)))
        : [faultAt('group-taken', { file: 'bag-info.txt', expected: staged.id })]
    if (findings.length > 0) throw new Refusal({ findings })
    await context.database.work.begin((tx) => writeWaiting(tx, bundleId, manifest, context.clock()))
  })
  context.observe('checkpoint-reached', { step: 'verify', point: 'admitted' })
  context.observe('bundle-state-changed', { bundle: bundleId, dataset: manifest.dataset, state: 'waiting' })
  return name
}

/** Removes duplicates: several bags may report the same fault. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()]
}

/**
 * Runs `processAll` on a complete group that is not staged yet; otherwise does nothing. A refusal is written to
 * all bags; an internal error is thrown, and the group can be processed again.
 */
export async function takeGroup(
  context: AppContext,
  name: GroupName,
  processAll: (whole: Verified) => Promise<void>,
): Promise<void> {
  await context.database.lock(groupLock(name), async () => {
    const members = await listBags(context.database.work, name.provider, name.identifier)
    const [first] = members
    const numbers = members.map(({ number }) => number)
    if (first === undefined || missingNumbers(first.count, numbers).length > 0) return
    if (members.every(({ state }) => state === 'staged')) return
    try {
      const { whole, byBag } = await verifyAll(context, members)
      if (whole === undefined) await refuseBags(context, withReferences(byBag, bagReferences(members)))
      else await processAll(whole)
    } catch (error) {
      if (error instanceof Refusal) {
        await refuseBags(
          context,
          error.refused.byBag ?? members.map(({ id }) => bagFindingsFrom(id, error.refused.findings)),
          error.refused.exceeded,
        )
      } else if (error instanceof BundleRefusal) {
        const { findings } = error
        await refuseBags(
          context,
          members.map(({ id }) => bagFindingsFrom(id, findings)),
        )
      } else throw error
    }
  })
}

/** Refuses a bag whose group has not become complete. Returns false if it does not wait any more. */
export async function refuseWaiting(context: AppContext, id: string): Promise<boolean> {
  const name = await findGroup(context, id)
  if (name === undefined) return false
  return context.database.lock(groupLock(name), async () => {
    if ((await getReceipt(context.database.work, id)).state !== 'waiting') return false
    await refuseBags(context, [bagFindingsFrom(id, [faultAt('group-expired', { file: 'bag-info.txt' })])])
    return true
  })
}

/** Verifies all bags again, each and as one: grants and sequence numbers may have changed meanwhile. */
async function verifyAll(
  context: AppContext,
  members: readonly GroupMember[],
): Promise<{ readonly whole?: Verified; readonly byBag: readonly BagFindings[] }> {
  const each: Verified[] = []
  const byBag: BagFindings[] = []
  for (const { id } of members) {
    const receipt = await getReceipt(context.database.work, id)
    const one = await verifyOne(context, await readStored(context, receipt))
    if ('findings' in one) byBag.push(bagFindingsFrom(id, one.findings))
    else {
      each.push(one)
      byBag.push(bagFindingsFrom(id, []))
    }
  }
  if (each.length < members.length) return { byBag }
  const whole = await withPosition(context, joinVerified(each))
  const bag = await openVerified(context, whole)
  const findings = groupLimitFaults(bag, limitsOf(context.config))
  await bag.close()
  if (findings.length > 0) throw new Refusal({ findings })
  return { whole, byBag }
}

async function verifyOne(
  context: AppContext,
  received: Parameters<typeof verifyStored>[1],
): Promise<Verified | { readonly findings: readonly Finding[] }> {
  try {
    return await verifyStored(context, received)
  } catch (error) {
    if (error instanceof Refusal) return { findings: error.refused.findings }
    if (error instanceof BundleRefusal) return { findings: error.findings }
    throw error
  }
}

function bagReferences(members: readonly GroupMember[]) {
  return members.map(({ id, number }) => ({ bundleId: id, number }))
}

function bagFindingsFrom(bundleId: string, findings: readonly Finding[]): BagFindings {
  const sink = buildFindingSink(findings.length)
  for (const finding of findings) sink.add(finding)
  return bagFindingsOf(bundleId, sink)
}
