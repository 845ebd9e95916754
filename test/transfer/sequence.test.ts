/**
 * Whether an export continues a mirror's changes: every overlap of two ranges, and those that must be
 * refused.
 */
import t from 'tap'
import { readExportCursor, writeExportCursor } from '../../src/bundle/node/signed-version/cursor.ts'
import { markOf } from '../../src/catalogue/changes/change-log.ts'
import type { MirrorState } from '../../src/catalogue/index.ts'
import type { PositionedChange } from '../../src/contract/published-version.ts'
import { sequenceOf } from '../../src/transfer/mirror/sequence.ts'

const origin = 'origin-a'
const change = (position: number, dataset = 'trees'): PositionedChange => ({
  position,
  at: new Date('2026-01-01T00:00:00Z'),
  kind: 'version-published',
  dataset,
  edition: '2024',
  version: position,
  body: { digest: String(position) },
})
const history = [1, 2, 3, 4, 5].map((position) => change(position))

const cursorAt = (position: number, of = history, more = {}) => {
  const known = of.find((one) => one.position === position) ?? change(position)
  return writeExportCursor({ origin, position, restricted: false, mark: markOf(known), ...more })
}

const stateAt = (position: number): MirrorState => ({
  origin,
  cursor: position === 0 ? null : cursorAt(position),
  position,
  restricted: false,
  contracts: 'mirror/1',
})

/** An export of a history from one position to another, and what becomes of it. */
function meet(own: number | undefined, since: number, until: number, of = history, more = {}) {
  const cursors = { since: since === 0 ? null : cursorAt(since, of, more), until: cursorAt(until, of, more) }
  const end = readExportCursor(cursors.until)
  const carried = {
    purpose: { kind: 'export' as const, origin: end.origin, restricted: end.restricted, ...cursors },
    since: cursors.since === null ? undefined : readExportCursor(cursors.since),
    until: end,
    cursors,
    changes: of.filter(({ position }) => position > since && position <= until),
  }
  const state = own === undefined ? undefined : stateAt(own)
  const held = history.filter(({ position }) => position <= (own ?? 0))
  const sequence = sequenceOf(state, held, carried)
  return sequence.is === 'refused' ? sequence.findings.map(({ check }) => check) : sequence.is
}

t.equal(meet(undefined, 0, 3), 'next', 'the first of all')
t.equal(meet(0, 0, 3), 'next', 'the first again, after a crash')
t.equal(meet(3, 3, 5), 'next')
t.equal(meet(3, 1, 5), 'next', 'one that overlaps')
t.equal(meet(3, 0, 5), 'next', 'everything again')
t.equal(meet(3, 0, 3), 'replay')
t.equal(meet(3, 1, 2), 'replay', 'an old one')
t.same(meet(undefined, 2, 5), ['export-gap'])
t.same(meet(0, 2, 5), ['export-gap'])
t.same(meet(3, 4, 5), ['export-gap'])
t.same(meet(3, 3, 5, history, { origin: 'origin-b' }), ['export-origin'])
t.same(meet(3, 3, 5, history, { restricted: true }), ['export-restricted'])

const setBack = [...history.slice(0, 2), change(3, 'others'), change(4, 'others')]
t.same(meet(3, 3, 4, setBack), ['export-history'], 'the origin was restored to before the cursor')
t.same(meet(3, 2, 4, setBack), ['export-history'], 'the origin was restored; both have a common change')
t.same(meet(4, 3, 4, setBack), ['export-history'], 'also if nothing is new')
t.equal(meet(2, 2, 4, setBack), 'next', 'a change that was not exported yet may differ')

t.test('cursors of exports', async (t) => {
  const cursor = cursorAt(3)
  t.match(readExportCursor(cursor), { origin, position: 3, restricted: false })
  for (const bad of [
    `${cursor.slice(0, -2)}aa`,
    'x',
    writeExportCursor({ origin, position: 0, restricted: false, mark: '' }),
  ]) {
    t.throws(() => readExportCursor(bad), { code: 'cursor-invalid' })
  }
})
