/** `qingdan contract preview` reads a file under the contract that was named, whatever the data folder holds. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { temporaryFolder } from '../support/open-test-context.ts'
import { callCli } from '../support/run-cli.ts'

t.test('the contract that was named is used, not a newer one of the data folder', async (t) => {
  const folder = await temporaryFolder(t)
  const data = join(folder, 'var')
  const environment = { QINGDAN_DATA: data }
  const file = join(folder, 'canteens.csv')
  writeFileSync(file, '编号,名称,人数\nA001,一食堂,5\nA002,二食堂,6\n')
  const drafted = await callCli(
    ['contract', 'draft', file, '--dataset', 'school-canteens', '--out', folder, '--json'],
    environment,
  )
  t.equal(drafted.code, 0, drafted.stderr)
  const text = JSON.stringify(JSON.parse(drafted.stdout).contract).replace(/【待填 fill in】/g, '')
  const second = JSON.parse(text)
  second.contractVersion = 2
  second.fields[2].constraints = { minimum: 100 }
  // An example must fit its field.
  delete second.fields[2].example
  const own = join(folder, 'school-canteens')
  const stored = join(data, 'contracts', 'school-canteens')
  mkdirSync(stored, { recursive: true })
  writeFileSync(join(own, 'contract.v1.json'), text)
  writeFileSync(join(stored, 'contract.v1.json'), text)
  writeFileSync(join(stored, 'contract.v2.json'), JSON.stringify(second))
  const preview = (path: string) =>
    callCli(['contract', 'preview', path, file, '--edition', '2026', '--json'], environment)
  const found = []
  for (const path of [own, join(own, 'contract.v1.json'), stored, join(stored, 'contract.v1.json')]) {
    const { code, stdout } = await preview(path)
    found.push([code, JSON.parse(stdout).contractVersion])
  }
  t.strictSame(found, [
    [0, 1],
    [0, 1],
    [3, 2],
    [0, 1],
  ])
})
