/** `qingdan hours parse` as offices call it: phrases on standard input, a reading for each line. */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { test } from 'tap'
import { binary, foreign, plainly } from '../support/run-cli.ts'

async function parse(input: string, ...options: readonly string[]) {
  const [program, ...args] = plainly(process.execPath, [binary, 'hours', 'parse', ...options])
  const child = spawn(program, args, { env: foreign(), stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(input)
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve))
  return { lines: (await text(child.stdout)).trimEnd().split('\n'), code: await exit }
}

test('qingdan hours parse', async (t) => {
  const input = [
    { id: 'a', text: '周六、周日及公众假期8:00-11:00；5月1日至9月30日' },
    { id: 'b', text: '5月1日至9月30日每天18:00-20:00' },
    { id: 3, text: '8:00-11:00', column: '双休日' },
    { id: 'd', text: '节假日8:00-17:00', locale: 'en' },
    { id: 'e', text: '未提供' },
  ].map((line) => JSON.stringify(line))
  const { lines, code } = await parse([...input, '', 'no JSON', '{"id":"g"}'].join('\n'), '--json')
  t.equal(code, 2)
  const results = lines.map((line) => JSON.parse(line))
  t.match(results, [
    { id: 'a', sessions: [], finding: /^“/ },
    {
      id: 'b',
      sessions: [{ from: '18:00', to: '20:00', season: { from: '05-01', to: '09-30' } }],
      finding: null,
    },
    { id: 3, sessions: [{ dayTypes: ['weekend'], from: '08:00', to: '11:00' }], finding: null },
    { id: 'd', sessions: [], finding: /^“节假日”: .*Write/ },
    { id: 'e', sessions: [], finding: null },
    { id: null, sessions: [], finding: /JSON/ },
    { id: null, sessions: [], finding: /JSON/ },
  ])
  const asText = await parse(`${input[1]}\n`)
  t.same(asText, { lines: ['b\t5月1日至9月30日每天 18:00-20:00'], code: 0 })
})
