/**
 * Whether an export follows the mirror's state: same origin, no gap, and the same history where both overlap.
 * An export with nothing new is a replay, which is no error. Everything else is refused with findings.
 */

import type { OpenedExport } from '../../bundle/index.ts'
import { exportDescriptorPath, faultAt } from '../../bundle/index.ts'
import type { MirrorState } from '../../catalogue/index.ts'
import { markOf } from '../../catalogue/index.ts'
import type { PositionedChange } from '../../contract/index.ts'
import { canonicalJson } from '../../platform/digest.ts'
import type { Finding } from '../../platform/finding.ts'

type Sequence =
  | { readonly is: 'next' }
  | { readonly is: 'replay' }
  | { readonly is: 'refused'; readonly findings: readonly Finding[] }

type Carried = Pick<OpenedExport, 'purpose' | 'since' | 'until' | 'cursors' | 'changes'>

/**
 * Compares an export with the mirror's position; `stored` are the changes that it has. Pure. A restricted
 * dataset that became open brings changes that the mirror lacks, at positions before its own.
 */
export function sequenceOf(
  state: MirrorState | undefined,
  stored: readonly PositionedChange[],
  carried: Carried,
): Sequence {
  const { purpose, since, until, cursors } = carried
  const own = state?.position ?? 0
  const refused = (check: Parameters<typeof faultAt>[0], expected: string): Sequence => ({
    is: 'refused',
    findings: [faultAt(check, { file: exportDescriptorPath, expected })],
  })
  if (state !== undefined && state.origin !== purpose.origin) return refused('export-origin', state.origin)
  if (state !== undefined && state.restricted !== purpose.restricted) {
    return refused('export-restricted', state.restricted ? '--include-restricted' : 'no --include-restricted')
  }
  if ((since?.position ?? 0) > own) {
    return refused(
      'export-gap',
      state?.cursor === null || state === undefined ? '--all' : `--since ${state.cursor}`,
    )
  }
  const byPosition = new Map(stored.map((change) => [change.position, change]))
  const agrees = (cursor: string, position: number, mark: string): boolean => {
    if (position === own) return state?.cursor === null || cursor === state?.cursor
    const known = byPosition.get(position)
    return known === undefined || markOf(known) === mark
  }
  const isSameAt =
    (since === undefined || agrees(cursors.since ?? '', since.position, since.mark)) &&
    (until.position > own || agrees(cursors.until, until.position, until.mark))
  const isSameBefore = carried.changes.every((change) => {
    const known = byPosition.get(change.position)
    return known === undefined || canonicalJson(known) === canonicalJson(change)
  })
  if (!isSameAt || !isSameBefore) return refused('export-history', state?.cursor ?? '--all')
  return { is: until.position <= own ? 'replay' : 'next' }
}
