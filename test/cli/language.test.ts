/** The language of the command line, and the Chinese of its messages and of the details of problems. */
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { chineseTexts, languageInUse, localised, phrase } from '../../src/cli/phrases.ts'
import { deprecationText, formerSettings, loadConfig, settings } from '../../src/platform/config.ts'
import { problem, problems } from '../../src/platform/problem.ts'
import { storageAdvice } from '../../src/platform/storage-fault.ts'
import { fillPhrase, phraseFinder } from '../../src/platform/texts/phrases.ts'
import { chineseDetail, problemTexts } from '../../src/platform/texts/problem-texts.ts'
import { pullRefusals } from '../../src/pull/index.ts'
import { textsPassed } from '../support/literals.ts'
import { callCli } from '../support/run-cli.ts'

const sources = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(`${folder}/${file}`, 'utf8'))

const hasWords = (text: string) => /[A-Za-z]{2}/.test(text.replaceAll('{}', ''))

const environment = (variables: Readonly<Record<string, string>>) => ({
  LC_ALL: '',
  LC_MESSAGES: '',
  LANG: '',
  ...variables,
})

t.test('every message of a command has Chinese', async (t) => {
  const calls =
    /\b(?:print\.line|print\.refusal|UsageError|writeRefusal|printMessage|confirm|question|phrase|report|counted)\(|\bphrase`/g
  const catalogue = chineseTexts()
  const missing = sources('src/cli')
    .flatMap((source) => textsPassed(source, calls))
    .filter((text) => hasWords(text) && !(text in catalogue))
  t.same([...new Set(missing)], [])
})

t.test('the messages of settings, pull, verify, backup and restore have Chinese', async (t) => {
  const catalogue = chineseTexts()
  const find = phraseFinder(catalogue)
  const calls = /\b(?:PullRefusal|BackupFault|TransientFailure)\(|\b(?:message|reason|which) =/g
  const thrown = ['src/pull', 'src/operations/backup', 'src/operations/erasure']
    .flatMap(sources)
    .flatMap((source) => textsPassed(source, calls))
    .filter((text) => / /.test(text) && hasWords(text) && !/\n|\($/.test(text))
  const defects = textsPassed(
    readFileSync('src/operations/verify/verification.ts', 'utf8'),
    /defectTexts = \{/g,
  )
  const refusals = Object.values(pullRefusals).flatMap(({ title, hint }) => [title, hint])
  const advice = (['full', 'read-only', 'failing'] as const).map(storageAdvice)
  const texts = [...thrown, ...defects.filter((text) => / /.test(text)), ...refusals, ...advice]
  t.ok(texts.length > 100, `${texts.length} texts`)
  t.same([...new Set(texts.filter((text) => !(text in catalogue)))], [])
  t.same(
    settingFaults().filter((text) => !/\p{Script=Han}/u.test(find(text) ?? '')),
    [],
  )
})

/** A fault of each setting, and those of settings together. */
function settingFaults(): readonly string[] {
  const faultsOf = (environment: Readonly<Record<string, string>>) => {
    try {
      loadConfig(environment)
      return []
    } catch (error) {
      return String((error as Error).message).split('\n')
    }
  }
  const [former = '', current = ''] = [...formerSettings][0] ?? []
  return [
    ...faultsOf(Object.fromEntries(Object.keys(settings).map((name) => [name, '\n']))),
    ...faultsOf({ QINGDAN_HOST: '0.0.0.0', QINGDAN_HSOT: 'x', DATABASE_URL: 'mysql://x' }),
    ...faultsOf({ QINGDAN_WORK_URL: 'postgres://x', [former]: '7', [current]: '8' }),
    ...faultsOf({ QINGDAN_WORK_URL: 'postgres://x', QINGDAN_SERVE_URL: 'postgres://y' }),
    deprecationText({ name: former, replacement: 'QINGDAN_PORT' }),
  ]
}

t.test('the notes of a draft and the names of corrections have Chinese', async (t) => {
  const catalogue = chineseTexts()
  const notes = sources('src/bundle/core/draft')
    .flatMap((source) =>
      textsPassed(
        source,
        /\bmessage(?: =|:)|\bnotes(?:: | = )|\bremarks =|\? (?=\[')|=== to\n|=== 'date'\n/g,
      ),
    )
    .filter((text) => text.split(' ').length > 3 && !/^(where|The) /.test(text))
  t.ok(notes.length >= 12, notes.join('\n'))
  t.same(
    notes.filter((text) => !(text in catalogue)),
    [],
  )
  const [, union = ''] =
    /export type Repair =([^\n]*\n( {2}\|.*\n)+)/.exec(
      readFileSync('src/bundle/core/cells/read-code.ts', 'utf8'),
    ) ?? []
  const repairs = [...union.matchAll(/'([\w-]+)'/g)].map(([, name]) => `(${name})`)
  t.ok(repairs.length > 12)
  t.same(
    repairs.filter((name) => !(name in catalogue)),
    [],
  )
})

t.test('the columns of tables have Chinese headings', async (t) => {
  const catalogue = chineseTexts()
  const names = sources('src/cli')
    .flatMap((source) => [
      ...textsPassed(source, /\btable\(/g),
      ...[...source.matchAll(/columns = \[([^\]]*)\]/g)].flatMap(([, list = '']) =>
        [...list.matchAll(/'(\w+)'/g)].map(([, name = '']) => name),
      ),
    ])
    .filter((name) => /^[a-z][A-Za-z]*$/.test(name) && !['any', 'unknown'].includes(name))
  t.ok(names.length > 80)
  t.same([...new Set(names.filter((name) => !(`[${name}]` in catalogue)))], [])
})

t.test('every detail of a problem has Chinese', async (t) => {
  const modules = [
    'accounts',
    'annual-lists',
    'catalogue',
    'files',
    'http',
    'ingest',
    'publication',
    'records',
    'transfer',
    'venues',
    'portal',
  ]
  const calls =
    /\b(?:problem|refuse|invalid|notWaiting|invalidCursor|optionInvalid|unsupported)\((?!detail: string)|\bdetail =/g
  const sentence = /^[A-Z0-9`{].* .*\.$/s
  // CKAN's dialect is English.
  const protocols = ['dcat', 'feed', 'mcp', 'odata', 'version-documents'].map((name) => `protocols/${name}`)
  const missing = [...modules, ...protocols]
    .flatMap((module) => sources(`src/${module}`))
    .flatMap((source) => textsPassed(source, calls))
    .filter((text) => sentence.test(text) && chineseDetail(text) === text)
  t.same([...new Set(missing)], [])
})

t.test('placeholders agree in both languages', async (t) => {
  const details = JSON.parse(readFileSync('src/platform/texts/problem-details.json', 'utf8')) as Record<
    string,
    string
  >
  const wrong = Object.entries({ ...chineseTexts(), ...details }).filter(([english, chinese]) => {
    const count = english.split('{}').length - 1
    const used = [...chinese.matchAll(/\{(\d*)\}/g)].map(([, digits], index) =>
      digits === '' ? index + 1 : Number(digits),
    )
    return used.some((index) => index > count)
  })
  t.same(wrong, [])
  t.equal(fillPhrase('{2} 的端口 {1}', ['80', 'here']), 'here 的端口 80')
})

t.test('a finder fills values, and translates values that are texts', async (t) => {
  const find = phraseFinder({
    '{} in {}:': '{2} 有 {1}：',
    '{} faults': '{} 个问题',
    '{} in {} (all):': '全部 {1}',
  })
  t.equal(find('3 faults in a/b.json:'), 'a/b.json 有 3 个问题：')
  t.equal(find('1 in 2 (all):'), '全部 1', 'the longest key is used')
  t.equal(find('3 (faults) in [x]?'), undefined)
})

t.test('problems in both languages', async (t) => {
  const missing = Object.entries(problems).filter(([, { hintZh }]) => !/\p{Script=Han}/u.test(hintZh))
  t.same(missing, [])
  const found = problem('parameter-invalid', { path: 'limit', detail: 'A whole number from 1 to 1000.' })
  t.match(problemTexts(found, 'zh'), {
    title: problems['parameter-invalid'].titleZh,
    hint: problems['parameter-invalid'].hintZh,
    detail: '须为 1 到 1000 的整数。',
  })
  t.match(problemTexts(found, 'en'), { detail: 'A whole number from 1 to 1000.' })
  t.equal(chineseDetail('Expected a date such as 2025-09-01.'), '应为日期，如 2025-09-01。')
  t.equal(chineseDetail('The value must be >= 1.'), '该值不能小于 1。')
})

t.test('LC_ALL, LC_MESSAGES and LANG in this order; --lang wins, wherever it stands', async (t) => {
  const codes = async (variables: Readonly<Record<string, string>>, ...args: readonly string[]) =>
    /\p{Script=Han}{4}/u.test((await callCli(['publish', ...args], environment(variables))).stderr)
      ? 'zh'
      : 'en'
  t.same(
    await Promise.all([
      codes({}),
      codes({ LANG: 'zh_CN.UTF-8' }),
      codes({ LANG: 'zh_CN.UTF-8', LC_ALL: 'C' }),
      codes({ LANG: 'en_GB', LC_MESSAGES: 'zh_CN' }),
    ]),
    ['en', 'zh', 'en', 'zh'],
  )
  t.equal(await codes({ LANG: 'zh_CN' }, '--lang', 'en'), 'en')
  t.equal(await codes({}, '--lang=zh'), 'zh')
  t.match(await callCli(['--lang', 'fr', 'list'], environment({})), { code: 2, stderr: /zh or en/ })
})

t.test('what commands print in Chinese', async (t) => {
  const chinese = environment({ LANG: 'zh_CN.UTF-8' })
  t.match(await callCli(['key', 'create'], chinese), { code: 2, stderr: /缺少必填选项 --label <text>/ })
  t.match(await callCli(['bublish'], chinese), { code: 2, stderr: /没有命令 bublish\n（是否指 publish？）/ })
  t.match(await callCli(['ingest', 'nowhere.csv'], chinese), {
    code: 2,
    stderr: '没有文件或目录 nowhere.csv。\n',
  })
  t.match((await callCli(['codes', 'list', 'nothing'], chinese)).stderr, /^代码表须为以下之一：/)
  t.match(await callCli(['list'], { ...chinese, QINGDAN_PORT: 'http', QINGDAN_HSOT: 'x' }), {
    code: 2,
    stderr: /^QINGDAN_PORT 须为 0 到 65535 的整数。\n没有设置项 QINGDAN_HSOT。全部设置项见 \.env\.example。/,
  })
  t.match((await callCli(['codes', 'list', 'sex'], chinese)).stdout, /^代码 +中文 +英文\n/)
  t.match((await callCli(['codes', 'list', 'sex'], environment({}))).stdout, /^code +zh +en\n/)
  const unreachable = ['pull', 'http://127.0.0.1:65500', '--into', t.testdir({}), '--retries', '0']
  t.match(await callCli(unreachable, chinese), {
    code: 4,
    stderr:
      /来源没有响应：http:\/\/127\.0\.0\.1:65500：连接失败（ECONNREFUSED）；尝试次数：1。 \(source-away\)\n {2}请稍后重新执行/,
  })
  const before = { LANG: process.env['LANG'], LC_ALL: process.env['LC_ALL'] }
  Object.assign(process.env, { LANG: 'zh_CN.UTF-8', LC_ALL: '' })
  t.teardown(() => Object.assign(process.env, before))
  t.equal(languageInUse(), 'zh')
  t.equal(localised('published  trees 2024 v1'), '已发布  trees 2024 v1')
  t.equal(
    localised('  a.csv: 3 rows read, 2 taken, 1 refused, repaired: 4 trimmed'),
    '  a.csv：读取 3 行，接收 2，退回 1，已规范：4 trimmed',
  )
  t.equal(localised('"a" is a list of role key; it cannot be in a key'), '“a”是角色 key 的 list，不能作主键')
  t.equal(phrase`${'trees 2024 v1'} is withdrawn.`, 'trees 2024 v1 已撤回。')
})
