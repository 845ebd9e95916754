/**
 * Shared data in the feed and in the annual lists: opening, sharing or closing a dataset appears to each
 * reader according to its grants; and a list that is not open is data of its own, audited like any other.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { pinContracts } from '../../src/catalogue/index.ts'
import type { OpenContext } from '../../src/context.ts'
import type { Contract } from '../../src/contract/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, sampleRows } from '../support/open-test-context.ts'
import { contractsOf } from '../support/unconnected-context.ts'

const harbours = contractOf(
  [field('place', 'string', { role: 'key', constraints: { required: true } })],
  ['place'],
  { dataset: 'harbour-register', themes: ['education'], openClass: 'not-open', shareClass: 'none' },
)
/** The access classes that the dataset goes through, one contract each. */
const classes = [
  ['not-open', 'none'],
  ['not-open', 'general'],
  ['conditional', 'general'],
  ['not-open', 'general'],
  ['not-open', 'on-demand'],
  ['not-open', 'general'],
] as const
const history = classes.map(
  ([openClass, shareClass], index): Contract => ({
    ...{ ...harbours, openClass, shareClass, contractVersion: index + 1 },
  }),
)

/**
 * The changes seen by the public, a platform, a named platform, and the publisher after the contract of each
 * number.
 */
const expectedByContract: readonly (readonly [string, string, string, string])[] = [
  ['', '', '', 'added'],
  ['', 'added opened', 'added opened', 'added kept'],
  ['added kept opened', 'added opened kept', 'added opened kept', 'added kept kept'],
  ['closed!', 'added opened kept kept', 'added opened kept kept', 'added kept kept kept'],
  ['closed!', 'closed!', 'added opened kept kept kept', 'added kept kept kept kept'],
  [
    'closed!',
    'added opened kept kept closed opened',
    'added opened kept kept kept kept',
    'added kept kept kept kept kept',
  ],
]

t.test('opened and closed depend on the reader', async (t) => {
  const { get, context, key } = await openTestContext(t, { contracts: [harbours] })
  const keys = [
    { authorization: undefined },
    await key({ scopes: ['read-shared'] }),
    await key({ scopes: ['read-shared'], datasets: [harbours.dataset] }),
    await key({ scopes: ['read-restricted'] }),
  ]
  const types = async ({ authorization }: (typeof keys)[number]) => {
    const headers = authorization === undefined ? {} : { authorization }
    const { data } = (await get('/v1/changes', headers)).json<{
      data: { type: string; contract?: object }[]
    }>()
    const seenTypes = data.map(({ type, contract }) => {
      const word = type.replace('contract-added', 'kept').replace('dataset-', '')
      // An entry that says no more than that the dataset was closed.
      return contract === undefined ? `${word}!` : word
    })
    return seenTypes.join(' ')
  }
  for (const [index, expected] of expectedByContract.entries()) {
    if (index > 0) await pin(context, index)
    t.same(await Promise.all(keys.map(types)), expected, `contract ${index + 1}`)
  }
  const response = await get(`/v1/changes?dataset=${harbours.dataset}`)
  t.match(response.json(), { data: [{ type: 'dataset-closed', reason: null, href: null }] })
})

/** Records the next contract, as a service that is started with it would. */
async function pin(context: OpenContext, index: number): Promise<void> {
  const loaded = history.map((contract) => ({
    contract,
    document: { ...contract },
    formerKeywords: [],
    digest: String(contract.contractVersion).repeat(64) as never,
    file: 'contract.json',
  }))
  const find = (_dataset: string, version?: number) =>
    loaded.find(({ contract }) => contract.contractVersion === version)
  await pinContracts(
    context.database,
    { ...contractsOf(loaded.slice(index, index + 1)), find },
    context.clock(),
  )
}

t.test('each reading of a restricted list is in the audit log', async (t) => {
  const contract: Contract = {
    ...(JSON.parse(readFileSync('datasets/annual-open-data-list/contract.v1.json', 'utf8')) as Contract),
    dataset: 'inner-list',
    openClass: 'not-open',
  }
  const { get, context, key, publish, take } = await openTestContext(t, {
    contracts: [contract],
    at: '2026-02-01T04:00:00Z',
  })
  for (const [year, name] of [
    ['2025', 'inner-item'],
    ['2026', 'inner-item-two'],
  ] as const) {
    const row = `1,市教育委员会,${name},,,,${year}-03-01,yearly,general,,,,\n`
    await take({ dataset: 'inner-list', edition: year, rows: `${await header()}${row}` })
    await publish('inner-list', year)
  }
  const { authorization, id } = await key({ scopes: ['read-shared'] })
  const audited = async () => {
    const rows = await context.database
      .work`select subject, detail from qingdan.audit where actor = ${`key:${id}`}`
    return rows.length
  }
  const cases: [string, number][] = [
    ['/v1/lists', 2],
    ['/v1/lists/2026', 1],
    ['/v1/lists/2026.csv', 1],
    ['/v1/lists/2026/diff?against=2025', 2],
    ['/v1/lists/2026/diff', 1],
  ]
  for (const [url, entries] of cases) {
    const nobody = await get(url)
    t.notMatch(nobody.text, /inner/, url)
    t.equal(nobody.status, url === '/v1/lists' ? 200 : 404)
    const before = await audited()
    const answer = await get(url, { authorization })
    t.equal(answer.status, 200, url)
    t.match(answer.headers['cache-control'], /^private/)
    t.equal((await audited()) - before, entries, `${url}: an entry for each list that is read`)
  }
})

/** The header of a list as offices write it. */
async function header(): Promise<string> {
  const [sample] = await sampleRows('annual-open-data-list', '2025', 0)
  return sample?.rows ?? ''
}
