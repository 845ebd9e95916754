/**
 * A new contract beside the old one: published versions keep the contract they were made under, the verdict
 * says what the new one means for others, and a loaded contract never changes.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { buildApp } from '../../src/app.ts'
import { buildContext, loadAllContracts } from '../../src/context.ts'
import { receive, takeBundle } from '../../src/ingest/index.ts'
import { publishEdition, requestPublication } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, writeBag } from '../support/open-test-context.ts'

const dataset = 'tree-register'
const required = { constraints: { required: true } }
const tree = field('tree', 'string', { role: 'key', ...required })
const height = field('height', 'integer', { role: 'measure', unit: 'm' })
const v1 = contractOf([tree, height], ['tree'], { dataset, themes: ['education'] })
const additive = { ...v1, contractVersion: 2, fields: [...v1.fields, field('kind_of_tree', 'string')] }
const breaking = { ...v1, contractVersion: 3, fields: [tree, field('girth', 'integer', { role: 'measure' })] }

const testContext = await openTestContext(t, { contracts: [v1] })
const { context } = testContext

t.test('an edition under the first contract', async (t) => {
  await testContext.take({ dataset, edition: '2024', rows: 'tree,height\noak,20\n' })
  t.equal((await testContext.publish(dataset, '2024')).state, 'done')
})

t.test('the service restarts with two more contracts', async (t) => {
  const folder = join(testContext.folder, 'var', 'contracts', dataset)
  await mkdir(folder, { recursive: true })
  for (const contract of [additive, breaking]) {
    await writeFile(join(folder, `contract.v${contract.contractVersion}.json`), JSON.stringify(contract))
  }
  const grown = await buildContext({ ...context, contracts: await loadAllContracts(context.config) })
  const app = await buildApp(grown)
  t.teardown(async () => {
    await app.close()
    await grown.jobs.stop({ seconds: 5 })
  })
  const get = async (url: string) => (await app.inject(url)).json()

  t.match(await get(`/v1/datasets/${dataset}`), {
    contracts: [
      { contractVersion: 1, verdict: null },
      { contractVersion: 2, verdict: 'additive' },
      { contractVersion: 3, verdict: 'breaking' },
    ],
  })
  const pinned = await context.database.work`
    SELECT contract_version, verdict FROM qingdan.contract WHERE dataset = ${dataset} ORDER BY contract_version`
  t.same(
    pinned.map((pin) => pin['verdict']),
    [null, 'additive', 'breaking'],
  )

  const bring = async (edition: string, contractVersion: number, rows: string) => {
    const path = await writeBag(testContext.folder, { dataset, edition, contractVersion, rows })
    const { id } = await receive(grown, { path, broughtBy: 'cli:test' })
    return takeBundle(grown, id)
  }
  t.equal((await bring('2025', 2, 'tree,height,kind_of_tree\noak,21,leaf\n')).state, 'staged')
  const publication = await requestPublication(grown, { dataset, edition: '2025', askedBy: 'cli:test' })
  t.equal((await publishEdition(grown, publication.id)).state, 'done')

  t.strictSame((await get(`/v1/datasets/${dataset}/records?edition=2024`)).data, [
    { tree: 'oak', height: 20 },
  ])
  t.strictSame((await get(`/v1/datasets/${dataset}/records?edition=2025`)).data, [
    { tree: 'oak', height: 21, kind_of_tree: 'leaf' },
  ])
  t.match(await get(`/v1/datasets/${dataset}/records?edition=2024&kind_of_tree=leaf`), {
    code: 'parameter-unknown',
    path: 'kind_of_tree',
  })
  t.equal((await bring('2026', 4, 'tree\noak\n')).state, 'refused', 'an unknown contract version')
})

t.test('a contract that was loaded once never changes', async (t) => {
  const file = join(testContext.folder, 'datasets', dataset, 'contract.v1.json')
  const before = await readFile(file, 'utf8')
  await writeFile(file, JSON.stringify({ ...v1, fields: [tree, { ...height, unit: 'cm' }] }))
  await t.rejects(
    loadAllContracts(context.config).then((contracts) => buildContext({ ...context, contracts })),
    /contract\.v1\.json.*next contract\.vN\.json/,
  )
  await writeFile(file, before)
})
