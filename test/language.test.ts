/**
 * Words that don't come back: the code and its documents once spoke a private dialect, and docs/decisions/0035 says what
 * to write in its place. Identifiers, comments, texts and documents are checked; ordinary uses are allowed by name.
 */
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'

/** In identifiers: parts of a camel-case name, in lower case. */
const names = new RegExp(
  `^(${[
    ...['house', 'houses', 'room', 'rooms', 'door', 'doors', 'wall', 'walls', 'ground', 'grounds', 'floor'],
    ...['manners', 'ways', 'warm', 'warmth', 'straight', 'careful', 'maker', 'makers', 'standing', 'stands'],
    ...['sift', 'sifted', 'screen', 'screened', 'tell', 'tells', 'told', 'teller', 'say', 'says', 'said'],
    ...['mend', 'mends', 'mended', 'bear', 'bears', 'borne', 'rest', 'rests', 'doubled', 'hear', 'heard'],
    ...['kept', 'asked', 'asker', 'gone', 'whom', 'shut'],
  ].join('|')})$`,
)

/** In comments, texts and documents: whole words or phrases. */
const prose =
  /\b(houses?|side doors?|manners|mend(s|ed|ing)?|borne|told|at rest|in hand|(?<!-)doubled|sift(s|ed)?|of (an)?other make|turned away|just so|comes? to lie|is told by name|straight way|standing cells?)\b/i

/** Names with an ordinary or a fixed meaning, each with its reason. */
const allowedNames: Readonly<Record<string, string>> = {
  rest: 'the remaining members, or a parameter `...rest`',
  floor: 'Math.floor',
  askedBy: 'a column and a member of published JSON',
  shareWays: 'a member of published JSON',
  askedAt: 'a column and a member of published JSON',
  standing_jump: 'an item of the national fitness standard',
  standing_jump_m: 'the same item in metres',
}

/** Files that must name the words. */
const allowedFiles: Readonly<Record<string, string>> = {
  'CHANGELOG.md': 'names what former releases called things',
  'docs/decisions/0035-layout-and-words.md': 'lists the words and what replaces them',
  'src/platform/config.ts': 'reads former settings for one release',
  'test/language.test.ts': 'lists the words',
}

const filesBelow = (folder: string, ending: RegExp) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .filter((file) => ending.test(file) && !file.includes('node_modules') && !(file in allowedFiles))

const code = (folders: readonly string[]) => folders.flatMap((folder) => filesBelow(folder, /\.(tsx?|mjs)$/))

/** The code without comments and string literals. */
function codeOf(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '$1')
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g, "''")
}

/** The words of a camel-case or upper-case name, in lower case. */
function partsOf(name: string): readonly string[] {
  return name.split(/_|(?<=[a-z0-9])(?=[A-Z])/).map((part) => part.toLowerCase())
}

/** Names of a text that have a part in the dialect. */
function dialectIn(text: string): readonly string[] {
  const all = new Set(codeOf(text).match(/[A-Za-z_$][\w$]*/g) ?? [])
  return [...all].filter((name) => !(name in allowedNames) && partsOf(name).some((part) => names.test(part)))
}

t.test('no identifier of src speaks the dialect', async (t) => {
  const found = code(['src', 'build']).flatMap((file) =>
    dialectIn(readFileSync(file, 'utf8')).map((name) => `${file}: ${name}`),
  )
  t.same(found, [])
})

t.test('no comment, text or document speaks the dialect', async (t) => {
  const documents = [
    ...readdirSync('.').filter((file) => file.endsWith('.md') && !(file in allowedFiles)),
    ...['docs', 'datasets'].flatMap((folder) => filesBelow(folder, /\.md$/)),
  ]
  const found = [...documents, ...code(['src', 'build', 'test', 'bench'])].flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, index) => {
        const word = prose.exec(line)?.[0]
        return word === undefined ? [] : [`${file}:${index + 1}: ${word}`]
      }),
  )
  t.same(found, [])
})

t.test('the lists catch what they are for', async (t) => {
  t.same(dialectIn("const openHouse = 'house' // houses\nlet warehouse = doubledKeys"), [
    'openHouse',
    'doubledKeys',
  ])
  t.match('The port is told by name.'.match(prose)?.[0], 'told')
  t.notMatch('A warehouse in the recommended place', prose)
  t.notMatch('the check key-doubled', prose)
})
