/**
 * A dataset of kind `statistics` with dimensions of its own under the rule of audited suppression: published with a proof,
 * corrected together with what is known already, refused where nothing can be proven.
 */
import { parse } from 'csv-parse/sync'
import t from 'tap'
import { readProof } from '../../src/ingest/index.ts'
import { checkProofs, withdraw } from '../../src/publication/index.ts'
import {
  type Counts,
  clubMembersContract,
  clubMembers as dataset,
  editionOf,
} from '../support/club-members.ts'
import { openTestContext } from '../support/open-test-context.ts'

const { context, take, publish, get } = await openTestContext(t, { contracts: [clubMembersContract] })

const edition = '2025'
const bring = (own?: Readonly<Record<string, Counts>>, of = edition) =>
  take({ dataset, edition: of, rows: editionOf(own) })
const rowsOf = async (version: number, of = edition) => {
  const { text } = await get(
    `/v1/datasets/${dataset}/editions/${of}/versions/${version}/files/${dataset}-${of}-v${version}.csv`,
  )
  return parse(text, { columns: true }) as readonly Record<string, string>[]
}
const proofOf = async (version: number) => {
  const [row] = await context.database.work<{ id: number }[]>`
    SELECT v.id::float8 AS id FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE e.dataset = ${dataset} AND e.edition = ${edition} AND v.number = ${version}`
  return readProof(context.database.work, row?.id ?? 0)
}
const small: Readonly<Record<string, Counts>> = { Ax: [4, 60, 41] }

t.test('small counts and those that protect them are withheld, with ranges and a proof', async (t) => {
  await bring(small)
  const published = await publish(dataset, edition)
  t.equal(published.state, 'done', JSON.stringify(published.findings))
  const rows = await rowsOf(1)
  const never = rows.find(({ area, form, level }) => `${area}${form}${level}` === 'Axnever')
  t.match(never, { pupils: '', share: '', status: 'C' })
  t.ok(Number(never?.['pupils_high']) - Number(never?.['pupils_low']) >= 5)
  t.same(
    rows.filter(({ pupils, status }) => (pupils === '') === (status === 'F')),
    [],
    'no blank without a flag',
  )
  t.ok(rows.some(({ status }) => status === 'D'))
  const version = await get(`/v1/datasets/${dataset}/editions/${edition}/versions/1`)
  t.match(version.json(), {
    suppressions: { rule: 'audited-suppression', safeAgainst: [], blocks: [{ unproven: 0 }] },
  })
  const aggregate = await get(
    `/v1/datasets/${dataset}/aggregate?group_by=form&measures=sum:pupils&area=A&level=never`,
  )
  const { data } = aggregate.json<{ data: readonly Record<string, unknown>[] }>()
  t.equal(data.find(({ form }) => form === 'x')?.['sum_pupils'] ?? null, null, 'no sum of a withheld count')
  t.match(await proofOf(1), { witnesses: [{ proofs: [] }], confidential: Array, published: Array })
})

t.test('a correction of two pupils is refused: any change that is shown would be theirs', async (t) => {
  await bring({ Ax: [3, 61, 41] })
  const refused = await publish(dataset, edition, { reason: 'Corrected' })
  t.match([refused.state, refused.findings], ['refused', [{ check: 'disclosure-nothing-new' }]])
  t.notOk(JSON.stringify(refused.findings).includes('61'))
})

t.test('a large correction is shown, and hidden once is hidden; a withdrawn version counts', async (t) => {
  await withdraw(context, { dataset, edition, version: 1, actor: 'cli:test', reason: 'Wrong file' })
  await bring({ Ax: [6, 110, 71] })
  const published = await publish(dataset, edition, { reason: 'A forgotten school' })
  t.equal(published.state, 'done', JSON.stringify(published.findings))
  const rows = await rowsOf(2)
  t.equal(rows.find(({ area, form, level }) => `${area}${form}${level}` === 'Axnever')?.['pupils'], '')
  const version = await get(`/v1/datasets/${dataset}/editions/${edition}/versions/2`)
  t.match(version.json(), { suppressions: { safeAgainst: [1] } })
})

t.test('the proofs of all versions are checked again, without a solver', async (t) => {
  const checked = await checkProofs(context, { dataset, edition })
  t.match(checked, [
    { version: 1, state: 'proven', faults: [] },
    { version: 2, state: 'proven', faults: [] },
  ])
  const [first] = await context.database.work`SELECT min(id)::float8 AS id FROM qingdan.version`
  const table = `staging.k_${first?.['id']}`
  await context.database.work.unsafe(
    `UPDATE ${table} AS p SET line = c.line FROM ${table} AS c
     WHERE p.kind = 'published' AND c.kind = 'confidential' AND c.place = p.place`,
  )
  t.equal((await checkProofs(context, { dataset, edition }))[0]?.state, 'faulty', 'small counts are shown')
})

t.test('without the confidential rows of a former version there is no correction', async (t) => {
  await context.database.work.unsafe(
    `DROP TABLE staging.k_${(await context.database.work`SELECT min(id)::float8 AS id FROM qingdan.version`)[0]?.['id']}`,
  )
  await bring({ Ax: [6, 200, 171] })
  const refused = await publish(dataset, edition, { reason: 'Again' })
  t.match([refused.state, refused.findings], ['refused', [{ check: 'disclosure-former-missing' }]])
})

t.test('margins that are no sums are refused', async (t) => {
  const rows = editionOf().replace('A,x,never,', 'A,x,never,1')
  await take({ dataset, edition: '2026', rows })
  const refused = await publish(dataset, '2026')
  t.match([refused.state, refused.findings], ['refused', [{ check: 'disclosure-contradiction' }]])
  const tables = await context.database.work`
    SELECT tablename FROM pg_tables WHERE schemaname = 'staging' AND tablename LIKE 'k\_%'`
  t.equal(tables.length, 1, 'only the proof of version 2 is left')
})
