import t from 'tap'
import { listReceipts } from '../../src/ingest/receipts/receipts.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const dataset = 'lamp-register'
const required = { constraints: { required: true } }
const contract = contractOf([field('lamp', 'string', { role: 'key', ...required })], ['lamp'], {
  dataset,
  themes: ['education'],
})
const { bring, context, get, key } = await openTestContext(t, { contracts: [contract] })

t.test('everyone who brought the same bytes may read the receipt, and nobody else', async (t) => {
  const keys = await Promise.all([0, 1, 2].map(() => key({ scopes: ['ingest'] })))
  for (const [edition, rows] of [
    ['2025', 'lamp\na\n'],
    ['2026', 'lamb\na\n'],
  ] as const) {
    const bundle = { dataset, edition, rows }
    const id = await bring({ ...bundle, by: `key:${keys[0]?.id}` })
    await bring({ ...bundle, by: `key:${keys[1]?.id}` })
    const receipt = typeof id === 'string' ? id : id.id
    const statuses = []
    for (const { authorization } of keys)
      statuses.push((await get(`/v1/bundles/${receipt}`, { authorization })).status)
    t.same(statuses, [200, 200, 404], `${edition}: staged or refused`)
  }
  let statements = 0
  const counting = new Proxy(context.database.work, {
    apply: (sql, self, args) => {
      // A template is a statement, other calls build parts of one.
      if (Array.isArray(args[0]) && 'raw' in args[0]) statements += 1
      return Reflect.apply(sql, self, args)
    },
  })
  t.equal((await listReceipts(counting, { limit: 1 })).length, 1)
  const ofOne = statements
  statements = 0
  t.equal((await listReceipts(counting)).length, 2)
  t.equal(statements, ofOne, 'as many statements for two receipts as for one')
})
