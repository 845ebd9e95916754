/** `qingdan fitness score` as a school runs it: a file in, scores out, and nothing anywhere else. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { temporaryFolder } from '../support/open-test-context.ts'
import { runCli } from '../support/run-cli.ts'

const header = '年级编号,学籍号,姓名,性别,身高,体重,肺活量,50米跑,立定跳远,坐位体前屈,800米跑,一分钟仰卧起坐'
const good = '21,G01Qx9,Qx9,2,155,48,2400,8.9,170,12.0,3.55,55'
const bad = '21,G02Qx9,Qx9,2,155,48,2400,8.9,170,12.0,4.2,55'

t.test('scores go where the user says, with exit codes', async (t) => {
  const folder = await temporaryFolder(t)
  const data = join(folder, 'data')
  const run = (...args: string[]) => runCli(['fitness', 'score', ...args], { QINGDAN_DATA: data })
  const [file, other, out, findings] = ['a.csv', 'b.csv', 'out.csv', 'f.csv'].map((name) =>
    join(folder, name),
  )
  await writeFile(file ?? '', `${header}\n${good}\n`)
  await writeFile(other ?? '', `${header}\n${good}\n${bad}\n${good.replace('G01', 'G03')}\n${good}\n`)

  const json = await run('--system', '6+3', '--json', file ?? '')
  t.equal(json.code, 0, json.stderr)
  t.match(JSON.parse(json.stdout), {
    scored: 1,
    errors: 0,
    pupils: [
      {
        row: 2,
        status: 'tested',
        scores: { bmi: 100, run_800m: 85 },
        bonus: 2,
        total: '87.4',
        level: 'good',
      },
    ],
  })

  const scored = await run('--system', '6+3', '--out', out ?? '', '--findings', findings ?? '', other ?? '')
  t.equal(scored.code, 3)
  t.equal(scored.stdout, '')
  t.match(scored.stderr, /1 pupils scored; 3 errors, 0 warnings/)
  t.match(scored.stderr, /error {2}b.csv K3 run_800m {2}measurement-doubtful/)
  t.match(scored.stderr, /error {2}b.csv B2 number {2}number-twice/)
  const [head = '', ...lines] = (await readFile(out ?? '', 'utf8')).split('\n')
  t.match(head, /^\ufeff行 Row,状态 Status,体重指数得分 bmi,/)
  t.same(lines, ['4,已测,100,80,80,74,,100,,80,,,85,正常,2,87.4,良好', ''])
  t.equal((await stat(out ?? '')).mode & 0o77, 0, 'only the user may read the scores')
  for (const text of [scored.stderr, json.stdout, await readFile(findings ?? '', 'utf8')])
    t.notMatch(text, /Qx9/, 'no name or number is repeated')

  // The refusal of an existing file, and of a missing option.
  const again = await run('--system', '6+3', '--out', out ?? '', file ?? '')
  t.same([again.code, /exists and is not overwritten/.test(again.stderr)], [2, true])
  const noSystem = await run(file ?? '')
  t.same([noSystem.code, /--system/.test(noSystem.stderr)], [2, true])
  t.same((await readdir(folder)).sort(), ['a.csv', 'b.csv', 'f.csv', 'out.csv'], 'nothing is stored')
})
