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
  t.match((await get('/')).text, records)
  await withdraw(context, { dataset, edition: '2025', version: 1, reason: 'A trial.', actor: 'cli:test' })
  t.equal((await get(`/v1/datasets/${dataset}`)).json<{ latest: unknown }>().latest, null)
  t.equal((await get(records)).status, 410)
  t.notMatch((await get('/')).text, records, 'the first page links to nothing that answers 410')
  t.equal((await get(`${records}?edition=2024`)).status, 200, 'the older edition stays where it is')
})
