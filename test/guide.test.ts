/**
 * Follows the guide from a file to a published dataset, beside a running service and with a faulty contract in the
 * folder. Costs about 20 s: nine commands and a service, each a process.
 */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import t from 'tap'
import { databaseEnvironment, emptyDatabase } from './support/database.ts'
import { blocks, commands } from './support/documents.ts'
import { temporaryFolder } from './support/open-test-context.ts'
import { run } from './support/run-cli.ts'
import { spawnService } from './support/spawn-service.ts'

const [guide, chinese] = ['docs/add-a-dataset.md', 'docs/add-a-dataset.zh-CN.md']

t.test('both languages have the same commands and file', async (t) => {
  t.strictSame(commands(chinese), commands(guide))
  t.strictSame(blocks(chinese, 'csv'), blocks(guide, 'csv'))
})

t.test('the commands lead to a published dataset', async (t) => {
  const folder = await temporaryFolder(t)
  symlinkSync(resolve('bin'), join(folder, 'bin'))
  writeFileSync(join(folder, 'canteens.csv'), blocks(guide, 'csv')[0] ?? '')
  const data = join(folder, 'var')
  mkdirSync(join(data, 'contracts', 'broken'), { recursive: true })
  writeFileSync(join(data, 'contracts', 'broken', 'contract.v1.json'), '{')
  const environment = { ...databaseEnvironment(await emptyDatabase(t)), QINGDAN_DATA: data }
  const sh = (line: string) => run('sh', ['-c', `cd '${folder}' && ${line}`], environment)
  const service = await spawnService(t, environment)
  t.ok(
    service.lines.some(({ file }) => String(file).endsWith('broken/contract.v1.json')),
    'the faulty contract is named, and the service runs',
  )
  const texts = join(folder, 'school-canteens', 'texts.csv')
  for (const line of commands(guide)) {
    if (line.includes('contract fill')) {
      const before = await sh(line)
      t.equal(before.code, 3, 'texts are missing')
      t.match(before.stdout, /\/description\/zh: replace 【待填 fill in】/)
      writeFileSync(texts, filledIn(readFileSync(texts)))
    }
    const { code, stderr } = await sh(line)
    t.equal(code, 0, `${line}\n${stderr}`)
  }
  await service.line(({ msg }) => msg === 'Contracts were reloaded.')
  const answer = await fetch(`${service.base}/v1/datasets/school-canteens/records`)
  t.equal(answer.status, 200, 'the running service has the dataset')
  const { data: records } = (await answer.json()) as { data: readonly Record<string, unknown>[] }
  t.match(records[0], {
    xue_xiao_ming_cheng: '第一实验小学',
    kai_ye_ri_qi: '2019-09-01',
    shi_fou_zi_ying: true,
  })
  t.equal(records.length, 3)
  const contract = join(data, 'contracts', 'school-canteens', 'contract.v1.json')
  cpSync(contract, join(folder, 'before.json'))
  writeFileSync(contract, readFileSync(contract, 'utf8').replace('yearly', 'monthly'))
  const list = await sh('./bin/qingdan list')
  t.equal(list.code, 0, 'an edited contract stops nothing')
  t.match(
    list.stderr,
    /Not used: .*school-canteens\/contract\.v1\.json: .*has changed since it was first loaded/,
  )
  t.match(list.stdout, /school-canteens/, 'the contract in use stays')
})

/** The table of texts, with a text in each empty cell, as an officer saves it. */
function filledIn(bytes: Buffer): string {
  const [header = [], ...rows] = parse(bytes, { bom: true }) as string[][]
  const filled = rows.map(([path = '', name, zh, en, hint = '']) => [
    path,
    name,
    zh === '' ? `文字：${hint}` : zh,
    en === '' ? `Text: ${hint}` : en,
    hint,
  ])
  return stringify([header, ...filled], { record_delimiter: '\r\n' })
}
