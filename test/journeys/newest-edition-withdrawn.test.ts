/** If the newest edition is withdrawn completely, nothing presents an older one as the latest. */
import t from 'tap'
import { withdraw } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const dataset = 'pond-register'
const key = field('pond', 'string', { role: 'key', constraints: { required: true } })
const contract = contractOf([key], ['pond'], { dataset, themes: ['education'] })
const { context, take, publish, get } = await openTestContext(t, { contracts: [contract] })

t.test('metadata, records and the first page agree', async (t) => {
  for (const edition of ['2024', '2025']) {
    await take({ dataset, edition, rows: `pond\np${edition}\n` })
    await publish(dataset, edition)
  }
  const records = `/v1/datasets/${dataset}/records`
  const table = `/datasets/${dataset}/table`
  t.match((await get('/')).text, table)
  await withdraw(context, { dataset, edition: '2025', version: 1, reason: 'A trial.', actor: 'cli:test' })
  t.equal((await get(`/v1/datasets/${dataset}`)).json<{ latest: unknown }>().latest, null)
  const answer = (await get(records)).json<{ status: number; editions: string }>()
  t.match(answer, { status: 410, successor: null, editions: `${records}?edition=all` })
  t.match(
    (await get(answer.editions)).json(),
    { data: [{ pond: 'p2024' }] },
    'the older editions are answered',
  )
  t.equal((await get(`${records}?edition=2024`)).status, 200)
  t.notMatch((await get('/')).text, table, 'the first page links to nothing that answers 410')
  t.equal((await get(`${records}?edition=2024`)).status, 200, 'the older edition stays where it is')
  const audited = async () =>
    (await context.database.work`SELECT FROM qingdan.audit WHERE action = 'withdraw'`).length
  const before = await audited()
  const again = { dataset, edition: '2025', version: 1, reason: 'Again.', actor: 'cli:test' }
  t.equal(await withdraw(context, again), false)
  t.equal(await audited(), before, 'a repeat is not audited')
  await withdraw(context, { ...again, edition: '2024' })
  t.notOk('editions' in (await get(records)).json<object>(), 'none is left')
})
