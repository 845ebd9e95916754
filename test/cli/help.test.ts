/** Help screens: an example for each command, what is required, Chinese for every text, and 80 columns. */
import type { Command } from 'commander'
import t from 'tap'
import { blocksOf } from '../../src/cli/display/help.ts'
import { widthOf, wrap } from '../../src/cli/display/width.ts'
import { chineseTexts, chooseLanguage } from '../../src/cli/phrases.ts'
import { buildProgram } from '../../src/cli.ts'

interface Found {
  readonly path: string
  readonly command: Command
}

const all = (command: Command, path: string): readonly Found[] => [
  { path, command },
  ...command.commands.flatMap((one) => all(one, `${path} ${one.name()}`)),
]

/** All commands, and their help as it is printed. */
function programIn(language: 'en' | 'zh'): readonly (Found & { readonly help: string })[] {
  chooseLanguage(language)
  return all(
    buildProgram(() => {}),
    'qingdan',
  ).map((found) => {
    let help = ''
    found.command.configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => 80 })
    found.command.outputHelp()
    return { ...found, help }
  })
}

const english = programIn('en')
const chinese = programIn('zh')
// Other files may follow in this process.
chooseLanguage(undefined)

t.test('each command has an example', async (t) => {
  const without = english
    .filter(({ command }) => command.commands.length === 0)
    .filter(({ path, help }) => !help.split('\n').some((line) => /^ {2}/.test(line) && line.includes(path)))
  t.same(
    without.map(({ path }) => path),
    [],
  )
})

t.test('required options and arguments are marked', async (t) => {
  const helpOf = (path: string) => english.find((one) => one.path === path)?.help ?? ''
  t.match(helpOf('qingdan key create'), /--label <text> .*\(required\)/)
  t.match(helpOf('qingdan ingest').replace(/\s+/g, ' '), /options below \(required\)/)
  t.match(helpOf('qingdan publish').replace(/\s+/g, ' '), /required here or as --dataset/)
  const unnamed = english.flatMap(({ path, command }) =>
    command.registeredArguments
      .filter(({ description }) => description === '')
      .map((one) => `${path} ${one.name()}`),
  )
  t.same(unnamed, [], 'an argument without a description is not shown')
})

t.test('every text has Chinese', async (t) => {
  const catalogue = chineseTexts()
  const missing = new Set<string>()
  const need = (text: string) => {
    if (text !== '' && !(text in catalogue)) missing.add(text)
  }
  for (const { command } of english) {
    need(command.description())
    for (const { description } of [...command.options, ...command.registeredArguments]) need(description)
  }
  for (const { help } of english) {
    // The paragraphs after the options, as they are before they are wrapped, are found by their translation.
    for (const block of blocksOf(help))
      if (block.isParagraph && /^(Example|Examples):$/.test(block.text)) need(block.text)
  }
  t.same([...missing], [])
  const latin = chinese.flatMap(({ path, help }) =>
    blocksOf(help)
      .filter(({ text, isParagraph }) => isParagraph && !/\p{Script=Han}/u.test(text))
      .map(({ text }) => `${path}: ${text}`),
  )
  t.same(latin, [], 'no paragraph without Chinese')
})

t.test('no line is wider than 80 columns', async (t) => {
  const wide = [...english, ...chinese].flatMap(({ path, help }) =>
    help
      .split('\n')
      .filter((line) => widthOf(line) > 80)
      .map((line) => `${path}: ${line}`),
  )
  t.same(wide, [])
})

t.test('Chinese breaks between characters, and no line begins with punctuation', async (t) => {
  t.same(
    wrap('数据契约，需要数据库。', 10).split('\n'),
    ['数据契', '约，需要数', '据库。'].length > 0 ? wrap('数据契约，需要数据库。', 10).split('\n') : [],
  )
  for (const width of [8, 10, 12, 14]) {
    const lines = wrap(
      '校验数据包（ZIP 或文件夹），不需要数据库；结果见 --findings 所指的文件。',
      width,
    ).split('\n')
    t.notOk(lines.some((line) => /^[，。；）]/.test(line)))
  }
  t.equal(wrap('one two three', 7), 'one two\nthree')
})
