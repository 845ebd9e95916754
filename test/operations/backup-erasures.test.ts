/**
 * The ledger of erasures in a folder of backups: what was erased after a set does not return with it, though the
 * clock was set back, a process was killed, or its last line is incomplete. And objects that a disk has altered.
 */
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadServiceKey } from '../../src/accounts/index.ts'
import { openPrivateKey, readPublicKey } from '../../src/bundle/index.ts'
import {
  appendErasures,
  checkSets,
  chooseSet,
  eraseVersionAct,
  findErasures,
  writeBackup,
} from '../../src/operations/index.ts'
import { withdraw } from '../../src/publication/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, temporaryFolder } from '../support/open-test-context.ts'
import { officeKey } from '../support/openpgp.ts'
import { reasonOf, restoreTrial } from '../support/restore-trial.ts'
import { answer, serving } from '../support/two-contexts.ts'

t.setTimeout(120_000)

const tree = field('tree', 'string', { role: 'key', constraints: { required: true } })
const contracts = [contractOf([tree], ['tree'], { dataset: 'tree-register', themes: ['education'] })]
const source = await openTestContext(t, { contracts })
const { context } = source
const folder = await temporaryFolder(t)
const office = await officeKey(new Date('2026-01-01T00:00:00Z'))
const recipient = await readPublicKey(office.publicKey)
const key = await openPrivateKey(office.privateKey)
const trusted = await readPublicKey((await loadServiceKey(context)).publicKey)

/** Fails at a point of a step, as a killed process does. */
function failAt(wanted: string) {
  return (_event: string, fields: { readonly point?: string } = {}) => {
    if (fields.point === wanted) throw new Error('failed')
  }
}

t.test('what was erased after the set is erased again, whatever the clock said', async (t) => {
  const places = join(folder, 'erased')
  const save = () => writeBackup(context, { folder: places, recipient, actor: 'cli:test' })
  const names = ['2031', '2032', '2033', '2034']
  const versionOf = (edition: string) => ({ dataset: 'tree-register', edition, version: 1 })
  for (const edition of names) {
    await source.take({ dataset: 'tree-register', edition, rows: `tree\noak of ${edition}\n` })
    await source.publish('tree-register', edition)
  }
  const by = { actor: 'cli:test', reason: 'A record identified a person.' }
  await eraseVersionAct(context, versionOf('2031'), { ...by, backups: undefined })
  const { set: first } = await save()
  const ledger = () => readFile(join(places, 'erasures.jsonl'), 'utf8')
  t.match(await ledger(), /"edition":"2031"/, 'a backup adds what the ledger does not have')
  // Two days back: earlier than the set.
  source.moveTo('2026-02-27T04:00:00Z')
  await eraseVersionAct(context, versionOf('2032'), { ...by, backups: places })
  await withdraw(context, { ...versionOf('2033'), reason: 'Wrong', actor: 'cli:test' })
  source.moveTo('2026-02-28T04:00:00Z')
  await eraseVersionAct(context, versionOf('2033'), { ...by, backups: places })
  // Killed in the transaction: the line is written, so that the set can't bring the data back.
  const killed = { ...context, observe: failAt('in-transaction') } as never
  await t.rejects(eraseVersionAct(killed, versionOf('2034'), { ...by, backups: places }), /failed/)
  await appendFile(join(places, 'erasures.jsonl'), '{"at":"2026-')
  source.moveTo('2026-03-01T05:00:00Z')
  const restored = await restoreTrial(t, context, { from: places, key, trusted, folder, isInterrupted: true })
  const app = await serving(t, restored)
  for (const edition of ['2031', '2032', '2033']) {
    const url = `/v1/datasets/tree-register/editions/${edition}/versions/1`
    t.same(await answer(app, url), await answer(source.app, url), `${edition}: the same moments and reasons`)
  }
  t.match(await answer(app, '/v1/datasets/tree-register/editions/2034/versions/1'), { status: 410 })
  const entries = (await findErasures(places, await chosen(first))).entries
  t.same(
    entries.flatMap((entry) => (entry.kind === 'version' ? [entry.edition] : [])),
    ['2032', '2033', '2034'],
    'the set knows of the first',
  )
  const { set: second, tornBytes } = await save()
  t.equal(tornBytes, 12, 'the incomplete line is reported')
  t.same(await findErasures(places, await chosen(second)), { entries: [], tornBytes: 0 })
  t.notMatch(await ledger(), /"2026-$/, 'the incomplete line is gone')
  const lines = await ledger()
  await writeFile(join(places, 'erasures.jsonl'), lines.slice(lines.indexOf('\n') + 1))
  t.equal((await findErasures(places, await chosen(second))).entries.length, 6, 'another ledger: all lines')

  function chosen(name: string) {
    return chooseSet({ folder: places, key, trusted, set: name }, context.clock())
  }
})

t.test('an incomplete line is passed over at the end only', async (t) => {
  const set = { description: { at: '2026-03-01T04:00:00.000Z' } } as never
  const place = join(folder, 'ledger')
  await mkdir(place)
  const line = JSON.stringify({
    at: '2026-03-02T04:00:00Z',
    kind: 'bundle',
    bundle: 'a'.repeat(64),
    reason: 'x',
  })
  const read = async (text: string) => {
    await writeFile(join(place, 'erasures.jsonl'), text)
    return findErasures(place, set).then(
      ({ entries, tornBytes }) => [entries.length, tornBytes],
      (error: unknown) => reasonOf(Promise.reject(error)),
    )
  }
  t.same(await read(`${line}\n${line}\n`), [2, 0])
  t.same(await read(`${line}\n${line}`), [2, 0], 'without a line break')
  t.same(await read(`${line}\n{"at":"2026-`), [1, 12])
  t.same(await read(`${line}\n{"at":"2026-\n${line}\n`), 'erasures')
  t.same(await read(`${line}\n{"at":"2026-\n`), 'erasures', 'a complete line that says nothing')
  t.equal(await reasonOf(appendErasures(place, [])), 'erasures', 'nothing is erased then')
})

t.test('an altered object of the same size is written again and named', async (t) => {
  const place = join(folder, 'healed')
  const save = () => writeBackup(context, { folder: place, recipient, actor: 'cli:test' })
  const later = (hour: number) => source.moveTo(`2026-03-02T0${hour}:00:00Z`)
  later(1)
  const { set: first } = await save()
  const { objects, manifest } = JSON.parse(await readFile(join(place, 'sets', `${first}.json`), 'utf8')) as {
    objects: { name: string; bytes: number }[]
    manifest: { object: string }
  }
  // The largest is a table or file that the next set needs as well.
  const [{ name } = { name: '' }] = objects
    .filter((object) => object.name !== manifest.object)
    .sort((a, b) => b.bytes - a.bytes)
  const file = join(place, 'objects', name.slice(0, 2), `${name}.pgp`)
  const bytes = await readFile(file)
  bytes[100] = (bytes[100] ?? 0) ^ 1
  await writeFile(file, bytes)
  later(2)
  t.same((await save()).objectsReplaced, [name])
  later(3)
  t.same((await save()).objectsReplaced, [], 'once')
  const checked = await checkSets({ folder: place, trusted }, context.clock())
  t.same(
    checked.map(({ faults }) => faults.length),
    [1, 0, 0],
    'sets from now on are complete',
  )
})
