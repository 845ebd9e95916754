/**
 * Words that don't come back. The code and its documents once spoke a private dialect; DESIGN's list says what to write in
 * its place. Identifiers of `src/` and the prose of the documents are checked; comments and texts of a module are checked
 * once it has been rewritten, so the list of modules that still wait only ever gets shorter.
 */
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'

/** In identifiers: parts of a camel-case name, in lower case. */
const names = /^(house|houses|rooms|manners|standing|mended|borne|doubled|straight)$/

/** In prose: whole words or phrases. */
const prose =
  /\b(houses?|side doors?|manners|mended|mends?|borne|of another make|turned away|just so|comes? to lie|is told by name)\b/i

/** Ordinary uses, by file and word, each with its reason. */
const allowed: Readonly<Record<string, string>> = {
  'CHANGELOG.md': 'tells what former releases called things',
  'docs/decisions/0035-layout-and-words.md': 'names the words that go',
}

/** Names that wait for a rename of their own. */
const waiting: readonly string[] = []

const filesBelow = (folder: string, ending: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith(ending))

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

function namesIn(text: string): readonly string[] {
  return [...new Set(codeOf(text).match(/[A-Za-z_$][\w$]*/g) ?? [])]
}

t.test('no identifier of src speaks the dialect', async (t) => {
  const found = filesBelow('src', '.ts').flatMap((file) =>
    namesIn(readFileSync(file, 'utf8'))
      .filter((name) => partsOf(name).some((part) => names.test(part)) && !waiting.includes(name))
      .map((name) => `${file}: ${name}`),
  )
  t.same(found, [])
})

t.test('no document speaks the dialect', async (t) => {
  const documents = [
    ...readdirSync('.').filter((file) => file.endsWith('.md')),
    ...filesBelow('docs', '.md'),
    ...filesBelow('datasets', '.md'),
  ].filter((file) => !(file in allowed))
  const found = documents.flatMap((file) =>
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
  t.same(
    namesIn("const openHouse = 'house' // houses\nlet warehouse = doubledKeys").filter((name) =>
      partsOf(name).some((part) => names.test(part)),
    ),
    ['openHouse', 'doubledKeys'],
  )
  t.match('The port is told by name.'.match(prose)?.[0], 'is told by name')
  t.notMatch('A warehouse in the recommended place', prose)
})
