/** Samples that a crash interrupted are completed at the next start, but not where real data arrived meanwhile. */
import t from 'tap'
import { listVersions } from '../../src/catalogue/index.ts'
import { loadSamples } from '../../src/cli/load-samples.ts'
import { writeSetting } from '../../src/db/settings-store.ts'
import { listParts } from '../../src/ingest/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'

const dataset = 'tree-register'
const contract = contractOf(
  [field('tree', 'string', { role: 'key', constraints: { required: true } })],
  ['tree'],
  { dataset, themes: ['education'], formats: ['csv'] },
)
const sampleOf = (edition: string) => `${dataset}/sample/${edition}/edu-commission.csv`
const { context, take, publish, get } = await openTestContext(t, {
  contracts: [contract],
  // After the day of the sample bags.
  at: '2026-12-01T00:00:00Z',
  settings: { QINGDAN_SAMPLES: 'always' },
  files: Object.fromEntries(['2024', '2025', '2026'].map((edition) => [sampleOf(edition), 'tree\nsample\n'])),
})

t.test('an edition with real data gets no sample, staged or published', async (t) => {
  await writeSetting(context.database.work, 'samples', { state: 'loading' })
  const staged = await take({ dataset, edition: '2024', rows: 'tree\nreal\n' })
  await take({ dataset, edition: '2025', rows: 'tree\nreal\n' })
  await publish(dataset, '2025')
  const reported: string[] = []
  await loadSamples(context, (text) => reported.push(text), new AbortController().signal)
  t.match(reported.at(-1), /2026 {2}1 records/)
  const versions = await listVersions(context.database)
  t.same(versions.map(({ edition, number }) => `${edition} v${number}`).sort(), ['2025 v1', '2026 v1'])
  t.same(
    (await listParts(context.database.work, dataset, '2024')).map(({ bundleId }) => bundleId),
    [staged.id],
    'the staged part is still the current one',
  )
  await publish(dataset, '2024')
  const records = await get(`/v1/datasets/${dataset}/records.csv?edition=2024,2025,2026`)
  t.equal(records.text, 'edition,tree\n2024,real\n2025,real\n2026,sample\n')
})
