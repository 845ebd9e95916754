/** The pure parts of the puller: the versions to hold after given changes, pauses, and names of tables. */
import { hostname } from 'node:os'
import fc from 'fast-check'
import t from 'tap'
import { progressLineOf } from '../../src/cli/transfer/pull-progress.ts'
import { isHeld } from '../../src/pull/folder/lock.ts'
import {
  applyChanges,
  copyOf,
  droppedOf,
  emptyLedger,
  type Ledger,
  lineageOf,
  listingOf,
  wantedOf,
} from '../../src/pull/ledger.ts'
import {
  lockStaleMilliseconds,
  pauseMilliseconds,
  pauseMillisecondsMax,
  retryAfterSecondsMax,
} from '../../src/pull/limits.ts'
import { recordsName } from '../../src/pull/postgres/sql-tables.ts'
import { pullRefusals } from '../../src/pull/problems.ts'
import { isOf, Page, type SourceChange } from '../../src/pull/response-shapes.ts'
import { pauseBefore, retryAfterOf } from '../../src/pull/source/client.ts'

const sha256 = 'a'.repeat(64)
const dataset = 'tree-register'
let ids = 0

function changeOf(type: string, more: Partial<SourceChange> = {}): SourceChange {
  ids += 1
  const id = ids.toString(16).padStart(16, '0')
  const at = '2026-01-01T00:00:00.000Z'
  return { id, cursor: id, type, at, dataset, edition: null, version: null, reason: null, ...more }
}

const contract = (contractVersion: number, verdict: 'compatible' | 'additive' | 'breaking' | null) =>
  changeOf(verdict === null ? 'dataset-added' : 'contract-added', {
    contract: { contractVersion, sha256, verdict },
  })
const published = (edition: string, version: number, contractVersion = 1) =>
  changeOf(version === 1 ? 'version-published' : 'version-corrected', {
    ...{ edition, version },
    released: { records: 1, sha256, contractVersion, distributions: [{ format: 'csv', bytes: 5, sha256 }] },
  })
const withdrawn = (edition: string, version: number) => changeOf('version-withdrawn', { edition, version })

function ledgerOf(...changes: readonly SourceChange[]): Ledger {
  const ledger = emptyLedger()
  for (const change of changes) applyChanges(ledger, change)
  return ledger
}

const wanted = (ledger: Ledger, edition = '2024', history = false) =>
  [...wantedOf(ledger, { dataset, edition, history })].sort()

t.test('the newest version of each lineage is wanted', async (t) => {
  const changes = [contract(1, null), published('2024', 1), contract(2, 'additive'), published('2024', 2, 2)]
  t.same(wanted(ledgerOf(...changes)), [2])
  t.same(wanted(ledgerOf(...changes), '2024', true), [1, 2])
  const broken = [...changes, contract(3, 'breaking'), published('2024', 3, 3), contract(4, 'compatible')]
  t.same(wanted(ledgerOf(...broken)), [2, 3], 'the version under the former contract is kept')
  t.same(
    [1, 2, 3, 4].map((number) => lineageOf(ledgerOf(...broken), dataset, number)),
    [1, 1, 3, 3],
  )
  t.same(wanted(ledgerOf(...changes, withdrawn('2024', 2))), [1], 'the previous version is current again')
  t.same(wanted(ledgerOf(...changes, withdrawn('2024', 1), withdrawn('2024', 2))), [])
})

t.test('a change counts once, even a withdrawal read before its version', async (t) => {
  const [first, withdrawal] = [published('2024', 1), withdrawn('2024', 1)]
  const ledger = ledgerOf(contract(1, null), withdrawal, first)
  t.same(wanted(ledger), [])
  t.equal(applyChanges(ledger, first), 'known')
})

t.test('a closed dataset is not held, and a reopened one is', async (t) => {
  const past = [contract(1, null), published('2024', 1)]
  const closed = changeOf('dataset-closed')
  t.same(wanted(ledgerOf(...past, closed)), [])
  const reopened = changeOf('dataset-opened', {
    contract: { contractVersion: 3, sha256, verdict: 'compatible' },
  })
  t.same(wanted(ledgerOf(...past, closed, reopened)), [1])
  const inFull = { ...closed, contract: { contractVersion: 2, sha256, verdict: 'breaking' as const } }
  const ledger = ledgerOf(...past, closed, reopened)
  t.same(
    [applyChanges(ledger, inFull), applyChanges(ledger, inFull)],
    ['completed', 'known'],
    'reported in full when it is open again',
  )
  t.notOk(ledger.closed.has(dataset), 'a late closing does not close it again')
  t.equal(lineageOf(ledger, dataset, 3), 2, 'its contract counts')
  const keyed = changeOf('dataset-closed', { contract: { contractVersion: 2, sha256, verdict: 'breaking' } })
  t.same(wanted(ledgerOf(...past, keyed)), [1], 'a reader with a grant gets the contract and continues')
})

t.test('a version is dropped once its successor is held, a withdrawn one at once', async (t) => {
  const ledger = ledgerOf(contract(1, null), published('2024', 1), published('2024', 2))
  const of = { dataset, edition: '2024', history: false }
  t.same(droppedOf(ledger, of, new Set([1])), [])
  t.same(droppedOf(ledger, of, new Set([1, 2])), [1])
  t.same(droppedOf(ledger, { ...of, history: true }, new Set([1, 2])), [])
  t.same(
    droppedOf(ledger, of, new Set([2, 3])),
    [],
    'an unannounced version is neither dropped nor replaces another',
  )
  applyChanges(ledger, withdrawn('2024', 1))
  t.same(droppedOf(ledger, { ...of, history: true }, new Set([1])), [1])
})

t.test(
  'a copy of a ledger is independent, and changes give the same result at once or in steps',
  async () => {
    const step = fc.record({
      edition: fc.constantFrom('2023', '2024'),
      version: fc.integer({ min: 1, max: 4 }),
      contractVersion: fc.integer({ min: 1, max: 3 }),
      isWithdrawn: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), fc.nat(20), (steps, at) => {
        const changes = [
          ...[contract(1, null), contract(2, 'additive'), contract(3, 'breaking')],
          ...steps.map(({ edition, version, contractVersion, isWithdrawn }) =>
            isWithdrawn ? withdrawn(edition, version) : published(edition, version, contractVersion),
          ),
        ]
        const whole = ledgerOf(...changes)
        const begun = ledgerOf(...changes.slice(0, at))
        const before = wanted(begun)
        const continued = copyOf(begun)
        for (const change of changes) applyChanges(continued, change)
        const isEqual = ['2023', '2024'].every(
          (name) => wanted(continued, name).join() === wanted(whole, name).join(),
        )
        return isEqual && wanted(begun).join() === before.join()
      }),
    )
  },
)

t.test('pauses grow up to a limit, and Retry-After is followed up to a limit', async (t) => {
  t.same(
    [1, 2, 3].map((n) => pauseBefore(n, undefined)),
    [pauseMilliseconds, 2 * pauseMilliseconds, 4 * pauseMilliseconds],
  )
  t.equal(pauseBefore(50, undefined), pauseMillisecondsMax)
  t.equal(pauseBefore(1, retryAfterSecondsMax * 1000), retryAfterSecondsMax * 1000)
  t.equal(pauseBefore(1, retryAfterSecondsMax * 1000 + 1), retryAfterSecondsMax * 1000)
  t.equal(retryAfterOf('7'), 7_000)
  t.equal(retryAfterOf('soon'), undefined)
  t.equal(retryAfterOf(null), undefined)
  t.equal(retryAfterOf('Wed, 21 Oct 2015 07:28:00 GMT'), 0)
})

t.test('a lock of another machine is valid while it is renewed', async (t) => {
  const text = JSON.stringify({ host: `not ${hostname()}`, pid: 1, token: 'a' })
  t.equal(isHeld({ text, renewedAt: 0 }, lockStaleMilliseconds - 1), true)
  t.equal(isHeld({ text, renewedAt: 0 }, lockStaleMilliseconds), false)
  const own = JSON.stringify({ host: hostname(), pid: process.pid, token: 'of a former life' })
  t.equal(isHeld({ text: own, renewedAt: Date.now() }), false)
  const parent = JSON.stringify({ host: hostname(), pid: process.ppid, token: 'a' })
  t.equal(isHeld({ text: parent, renewedAt: Date.now() }), true)
  t.equal(isHeld({ text: 'half', renewedAt: Date.now() }), true, 'a lock that is being written')
})

t.test('tables have unique names derived from their datasets', async (t) => {
  t.equal(recordsName('tree-register', 1), 'tree_register')
  t.equal(recordsName('tree-register', 3), 'tree_register__c3')
  t.equal(recordsName('tree-register', 3, 'latest'), 'tree_register__c3__latest')
  const slug = fc
    .stringMatching(/^[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,9}){0,5}$/)
    .filter((text) => text.length <= 63)
  const view = fc.constantFrom(undefined, 'editions' as const, 'latest' as const)
  const named = fc.tuple(slug, fc.integer({ min: 1, max: 9_999 }), view)
  fc.assert(
    fc.property(named, named, (one, other) => {
      const [a, b] = [recordsName(...one), recordsName(...other)]
      return a.length <= 63 && (a !== b || one.join() === other.join())
    }),
  )
  const long = 'a'.repeat(63)
  t.equal(recordsName(long, 1), long, 'the longest possible name')
  t.equal(recordsName(long, 2).length, 63)
  t.not(recordsName(`${'a'.repeat(62)}b`, 2), recordsName(long, 2))
})

t.test('pages are validated against their shape', async (t) => {
  const page = (change: object) => ({
    data: [{ ...published('2024', 1), ...change }],
    meta: { origin: 'o', more: false, cursor: 'c' },
  })
  t.ok(isOf(Page, page({})))
  t.ok(
    isOf(Page, page({ type: 'closure-added', closure: {} })),
    'unknown members of a newer source are allowed',
  )
  for (const odd of [
    { dataset: '../x' },
    { edition: '20/24' },
    { version: 0 },
    { id: 'x' },
    { cursor: '' },
  ]) {
    t.notOk(isOf(Page, page(odd)), JSON.stringify(odd))
  }
  const one = { format: 'csv', bytes: 1, sha256 }
  t.equal(listingOf([one, { ...one, format: 'zip' }]), listingOf([{ ...one, format: 'zip' }, one]))
})

t.test('every refusal has a unique title, and progress its line', async (t) => {
  const titles = Object.values(pullRefusals).map(({ title }) => title)
  t.equal(new Set(titles).size, titles.length)
  const progress = {
    changes: 7,
    versions: 1,
    versionsTotal: 4,
    bytes: 3e6,
    bytesTotal: 12e6,
    records: 9,
    isCurrent: false,
  }
  t.equal(
    progressLineOf(progress, 0, 10),
    'pull: 25 %, 30 s left, 3.0 of 12.0 MB, 1 of 4 versions, 7 changes',
  )
})
