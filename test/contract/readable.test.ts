import t from 'tap'
import { loadAllContracts } from '../../src/context.ts'
import { listCodes } from '../../src/contract/fields/labels.ts'
import { countRead, grantsOf, mayRead } from '../../src/contract/index.ts'
import type { Caller, DataRead } from '../../src/platform/caller.ts'
import { loadConfig } from '../../src/platform/config.ts'

const contracts = await loadAllContracts(loadConfig({}))
const codesOf = (list: string) => listCodes(contracts, list).map(({ code }) => code)
const reader = (scopes: Caller['scopes'], datasets?: readonly string[]): Caller => ({
  keyId: 'a',
  scopes,
  ...(datasets === undefined ? {} : { datasets }),
})
const anonymous: Caller = { scopes: [] }
const own = ['rooms', 'halls']
const others = ['halls']

/** Who reads a dataset `rooms` that is not open, by its share class; every other reader does not. */
const table: Readonly<Record<string, readonly Caller[]>> = {
  general: [reader(['read-shared']), reader(['read-shared'], own)],
  'on-demand': [reader(['read-shared'], own)],
  none: [],
}
const publishers = [reader(['read-restricted']), reader(['admin', 'read-restricted'], own)]
const strangers = [
  anonymous,
  reader(['ingest', 'publish', 'admin']),
  reader(['ingest', 'publish', 'admin'], own),
  reader(['read-shared'], others),
  reader(['read-restricted'], others),
  reader(['read-shared'], []),
]

t.test('who may read a dataset, by its classes and by scopes and datasets of the key', async (t) => {
  const all = [...Object.values(table).flat(), ...publishers, ...strangers, reader(['read-shared'])]
  t.same(codesOf('share-classes').sort(), Object.keys(table).sort(), 'every share class is decided on')
  for (const shareClass of codesOf('share-classes')) {
    for (const openClass of codesOf('open-classes')) {
      const contract = { dataset: 'rooms', shareClass, openClass }
      const may = [...(table[shareClass] ?? []), ...publishers].map((one) => JSON.stringify(one))
      for (const one of all) {
        const expected = openClass !== 'not-open' || may.includes(JSON.stringify(one))
        t.equal(mayRead(one, contract), expected, `${JSON.stringify(one)} of ${shareClass}, ${openClass}`)
      }
    }
  }
  const unknown = { dataset: 'rooms', shareClass: 'to-be-decided', openClass: 'not-open' }
  t.equal(mayRead(reader(['read-shared'], own), unknown), false, 'an unknown class shares nothing')
})

t.test('readers with equal grants see the same, and share cursors', async (t) => {
  t.same(grantsOf(anonymous), { restricted: 'none' })
  t.same(grantsOf(reader(['ingest'], own)), { restricted: 'none' })
  t.same(grantsOf(reader(['read-restricted'])), { restricted: 'all' })
  t.same(grantsOf(reader(['read-shared'], own)), { restricted: 'none', shared: own })
})

t.test('a read is recorded with the openness of the newest contract', async (t) => {
  const reads: DataRead[] = []
  const versions = [{ edition: '2025', number: 2 }]
  const of = { dataset: 'rooms', shareClass: 'general' }
  const holder = { ...reader(['read-shared']), recordRead: (read: DataRead) => void reads.push(read) }
  countRead(holder, { ...of, openClass: 'not-open' }, { versions, operation: 'records' })
  countRead(holder, { ...of, openClass: 'conditional' }, { versions: [], operation: 'file' })
  countRead(anonymous, { ...of, openClass: 'conditional' }, { versions, operation: 'records' })
  t.same(reads, [
    { dataset: 'rooms', versions: [['2025', 2]], operation: 'records', open: false },
    { dataset: 'rooms', versions: [], operation: 'file', open: true },
  ])
})
