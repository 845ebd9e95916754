/**
 * The architecture as a test: which module may import which, and the rules that DESIGN gives to all of `src/`. A new
 * arrow is a decision: change the table here and say why in docs/decisions.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'

const base = ['platform', 'db', 'files', 'contract', 'http']
const above = ['accounts', 'catalogue', 'records']
const intake = [...base, 'formats', 'derivations', 'bundle', ...above]
const meaning = ['platform', 'db', 'contract', 'formats', 'derivations', 'http', ...above]

/** What each module may import. Those that are not built yet have their line already. */
const below = {
  platform: [],
  db: ['platform'],
  files: ['platform'],
  contract: ['platform'],
  formats: ['contract', 'platform'],
  disclosure: ['contract', 'platform'],
  derivations: ['contract', 'platform'],
  bundle: ['contract', 'formats', 'derivations', 'platform'],
  http: ['platform', 'db', 'files', 'contract'],
  accounts: ['platform', 'db', 'http'],
  catalogue: base,
  records: [...base, 'accounts', 'formats', 'catalogue'],
  ingest: intake,
  publication: [...intake, 'ingest', 'disclosure'],
  'annual-lists': meaning,
  venues: meaning,
  participation: meaning,
  transfer: [...base, 'formats', 'bundle', ...above],
  pull: ['platform', 'contract', 'bundle', 'db'],
  protocols: ['platform', 'db', 'contract', 'formats', 'http', ...above, 'annual-lists', 'venues'],
  portal: [
    ...['platform', 'contract', 'formats', 'derivations', 'http', 'catalogue', 'records'],
    ...['annual-lists', 'venues', 'participation'],
  ],
}
const mayImport: Readonly<Record<string, readonly string[]>> = {
  ...below,
  operations: Object.keys(below).filter((module) => module !== 'portal'),
}

/** Modules whose files are imported one by one; all others are entered by their index.ts. */
const open = ['platform', 'db', 'files']

/** Limits that `--help` shows: the CLI reads them without loading their module. */
const limits = ['accounts/usage/usage-days.ts', 'catalogue/versions/preview-days.ts', 'pull/limits.ts']

/** Folders that compute and nothing else: no HTTP, database, file system, clock or randomness of their own. */
const pure = ['disclosure/', 'formats/', 'derivations/', 'contract/checks/']

/** The only modules that name the schema of what is not published. */
const staged = ['db', 'ingest', 'publication']

const folderFilesMax = 20
const fileLinesMax = 400
const fileLinesMin = 15

/** Longer than a file should be, each for a reason. */
const long: Readonly<Record<string, string>> = {
  'platform/problem-list.ts': 'one list of all problem codes',
}

/** Shorter than a file should be, each for a reason; every index.ts may be. */
const short: Readonly<Record<string, string>> = {
  'accounts/context.ts': 'the parts of the context that all of accounts takes',
  'accounts/usage/usage-days.ts': 'a limit that the CLI reads without the server',
  'bundle/core/cells/duplicate-filter.ts': 'core names the filter that node builds',
  'bundle/core/findings/check-definition.ts': 'the lists of checks import it, and checks.ts imports them',
  'bundle/core/openpgp/paths.ts': 'core knows the ending without the library that encrypts',
  'catalogue/versions/preview-days.ts': 'a limit that the CLI reads without the server',
  'cli/load-settings.ts': 'reads settings with their warnings, for several commands',
  'cli/migrate.ts': 'a command',
  'db/identifier.ts': 'the one function that quotes an identifier',
  'db/tables.ts': 'every module has its tables in a tables.ts',
  'ingest/pipeline/edition-lock.ts': 'shared by ingest and publication',
  'main.ts': 'an entry',
  'portal/scripts.d.ts': 'declares what build/browser-scripts.mjs gives',
  'platform/defined.ts': 'one helper for every module',
  'platform/errors.ts': 'a thrown value as an Error, for every module',
  'platform/file-exists.ts': 'one question to the file system, for several modules',
  'platform/language.ts': 'the shape of a text in two languages',
  'platform/process-alive.ts': 'one question to the operating system about a process',
}

interface Source {
  /** Below src/. */
  readonly file: string
  /** Empty for the entries and the commands, which may import any. */
  readonly module: string
  readonly text: string
  /** Without comments, so that a comment may name what the code may not. */
  readonly code: string
  /** Files below src/, and packages. */
  readonly imports: readonly string[]
}

function sourceOf(file: string, text: string): Source {
  const [folder = '', inside] = file.split('/')
  const found = text.matchAll(
    /^(?:import|export)\s[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm,
  )
  return {
    file,
    module: inside === undefined || folder === 'cli' ? '' : folder,
    text,
    code: text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1'),
    imports: [...found].map((match) => {
      const target = match[1] ?? match[2] ?? match[3] ?? ''
      return target.startsWith('.') ? normalize(join(dirname(file), target)).replaceAll('\\', '/') : target
    }),
  }
}

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => /\.tsx?$/.test(file))
  .map((file) => sourceOf(file, readFileSync(join('src', file), 'utf8')))
const files = new Set(sources.map(({ file }) => file))
const isOurs = (target: string) => /\.tsx?$/.test(target)
const isPure = ({ file }: Source) => pure.some((folder) => file.startsWith(folder))

/** What is wrong with the imports of a file. */
function importFaults(source: Source): readonly string[] {
  return source.imports.flatMap((target) => {
    const fault = isOurs(target) ? moduleFault(source, target) : packageFault(source, target)
    return fault === undefined ? [] : [`src/${source.file}: ${fault}`]
  })
}

function packageFault(source: Source, target: string): string | undefined {
  const forbidden = /^(@?fastify|postgres|pg\b|drizzle-orm|pino|node:(fs|net|https?|child_process)\b)/
  return isPure(source) && forbidden.test(target) ? `a pure module imports no ${target}` : undefined
}

function moduleFault({ file, module }: Source, target: string): string | undefined {
  const [to = '', inside] = target.split('/')
  if (to === file.split('/')[0]) return undefined
  if (inside === undefined || to === 'cli')
    return module === '' ? undefined : `${module} may not import ${target}, which is above it`
  if (module !== '' && !(mayImport[module] ?? []).includes(to)) return `${module} may not import ${to}`
  if (open.includes(to) || target === `${to}/index.ts`) return undefined
  if (file.startsWith('cli/') && limits.includes(target)) return undefined
  // A foreign key names another module's table.
  if (file === `${module}/tables.ts` && target === `${to}/tables.ts`) return undefined
  return `import ${to} by its index.ts`
}

/** Circles of a graph, as sorted lists of their members (strongly connected components, after Tarjan). */
function circlesOf(graph: ReadonlyMap<string, ReadonlySet<string>>): readonly (readonly string[])[] {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const path: string[] = []
  const circles: string[][] = []
  const visit = (node: string) => {
    index.set(node, index.size)
    low.set(node, index.get(node) ?? 0)
    path.push(node)
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) visit(next)
      if (path.includes(next)) low.set(node, Math.min(low.get(node) ?? 0, low.get(next) ?? 0))
    }
    if (low.get(node) !== index.get(node)) return
    const circle = path.splice(path.indexOf(node))
    if (circle.length > 1) circles.push(circle.sort())
  }
  for (const node of graph.keys()) if (!index.has(node)) visit(node)
  return circles
}

function graphOf(
  of: readonly Source[],
  name: (file: string) => string,
): ReadonlyMap<string, ReadonlySet<string>> {
  const graph = new Map<string, Set<string>>()
  for (const { file, imports } of of) {
    const from = name(file)
    const to = graph.get(from) ?? new Set<string>()
    for (const target of imports.filter(isOurs)) if (name(target) !== from) to.add(name(target))
    graph.set(from, to)
  }
  return graph
}

t.test('each module imports only what it may', async (t) => {
  t.ok(sources.length > 300, 'the sources were found')
  t.same(
    sources.filter(({ module }) => module !== '' && !(module in mayImport)).map(({ file }) => file),
    [],
    'every module is in the table',
  )
  t.same(sources.flatMap(importFaults), [])
  const known = sources.flatMap(({ imports }) => imports.filter(isOurs))
  t.same(
    known.filter((target) => !files.has(target)),
    [],
    'every import was read as it is',
  )
})

t.test('no modules and no files import each other in a circle, by types neither', async (t) => {
  const inside = sources.filter(({ module }) => module !== '')
  t.same(circlesOf(graphOf(inside, (file) => file.split('/')[0] ?? '')), [])
  t.same(circlesOf(graphOf(sources, (file) => file)), [])
})

t.test('the rules catch what they are for', async (t) => {
  const fault = (file: string, line: string) => importFaults(sourceOf(file, line))[0]?.split(': ')[1]
  t.same(
    [
      fault('records/read.ts', "import { a } from '../ingest/index.ts'"),
      fault('ingest/stage.ts', "import {\n  a,\n  b,\n} from '../catalogue/versions.ts'"),
      fault('formats/csv.ts', "import { x } from 'node:fs/promises'"),
      fault('contract/checks/ascending.ts', "import { x } from 'node:fs'"),
      fault('portal/home.ts', "import { x } from '../app.ts'"),
      fault('portal/home.ts', "import type { x } from '../context.ts'"),
      fault('http/docs.ts', "import { x } from '../cli/index.ts'"),
      fault('cli/lists/list.ts', "import { x } from '../../context.ts'"),
      fault('app.ts', "import { x } from './portal/page.ts'"),
      fault('app.ts', "import { x } from './portal/index.ts'"),
      fault('ingest/tables.ts', "import { x } from '../catalogue/tables.ts'"),
      fault('accounts/keys.ts', "await import('../portal/index.ts')"),
    ],
    [
      'records may not import ingest',
      'import catalogue by its index.ts',
      'a pure module imports no node:fs/promises',
      'a pure module imports no node:fs',
      'portal may not import app.ts, which is above it',
      'portal may not import context.ts, which is above it',
      'http may not import cli/index.ts, which is above it',
      undefined,
      'import portal by its index.ts',
      undefined,
      undefined,
      'accounts may not import portal',
    ],
  )
  const circle = [
    sourceOf('db/a.ts', "import type { B } from './b.ts'"),
    sourceOf('db/b.ts', "import './c.ts'"),
    sourceOf('db/c.ts', "export { a } from './a.ts'"),
    sourceOf('db/d.ts', "import './a.ts'"),
  ]
  t.same(circlesOf(graphOf(circle, (file) => file)), [['db/a.ts', 'db/b.ts', 'db/c.ts']])
})

t.test('only the owning module writes a table', async (t) => {
  const owners = new Map(
    sources
      .filter(({ file }) => file.endsWith('/tables.ts'))
      .flatMap(({ code, module }) =>
        [...code.matchAll(/\bqingdan\.table\(\s*'(\w+)'/g)].map((match) => [match[1], module] as const),
      ),
  )
  t.ok(owners.size > 10, 'the tables were found')
  const statement = /\b(?:INSERT INTO|UPDATE|DELETE FROM|MERGE INTO|TRUNCATE(?: TABLE)?)\s+qingdan\.(\w+)/g
  const writes = sources.flatMap(({ file, module, code }) =>
    [...code.matchAll(statement)]
      .filter(([, table]) => owners.get(table) !== module)
      .map(([, table]) => `src/${file} writes ${table}`),
  )
  const imports = sources.flatMap(({ file, module, imports: targets }) =>
    targets
      .filter((target) => target.endsWith('/tables.ts') && !file.endsWith('/tables.ts'))
      .filter((target) => ![module, 'db'].includes(target.split('/')[0] ?? ''))
      .map((target) => `src/${file} imports ${target}`),
  )
  t.same([...writes, ...imports], [])
})

t.test('code keeps away from what is not its own', async (t) => {
  const naming = (of: readonly Source[], pattern: RegExp) =>
    of.filter(({ code }) => pattern.test(code)).map(({ file }) => `src/${file}`)
  t.same(
    naming(
      sources.filter(({ module }) => !staged.includes(module)),
      /\bstaging\b/,
    ),
    [],
    'the schema of what is not published',
  )
  t.same(
    naming(
      sources.filter(({ file }) => file.startsWith('bundle/core/')),
      /from '((\.\.\/)+node\/|node:)/,
    ),
    [],
    'core of bundle imports nothing of its folder node, and no module of Node',
  )
  t.same(
    naming(sources.filter(isPure), /\bnew Date\(\)|\bDate\.now\(|\bMath\.random\(|\brandomUUID\b/),
    [],
    'pure modules have no clock and no randomness',
  )
})

t.test(
  'nothing in src names a dataset',
  { skip: !existsSync('datasets') && 'no datasets are here' },
  async (t) => {
    const slugs = readdirSync('datasets', { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'codes')
      .map(({ name }) => name)
      // A slug of one word is also a word of comments, and the name of the kind.
      .filter((slug) => slug.includes('-'))
    t.ok(slugs.length > 0, 'datasets were found')
    t.same(
      sources.flatMap(({ file, text }) =>
        slugs.filter((slug) => text.includes(slug)).map((slug) => `src/${file} names ${slug}`),
      ),
      [],
    )
  },
)

t.test('folders and files keep their size, and no file is a hub by its name', async (t) => {
  const counts = new Map<string, number>()
  for (const { file } of sources) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1)
  const full = [...counts].filter(([, count]) => count > folderFilesMax).map(([folder]) => folder)
  t.same(full, [], `at most ${folderFilesMax} files in a folder`)
  const lines = sources.map(({ file, text }) => ({ file, count: text.trimEnd().split('\n').length }))
  const named = (test: (count: number) => boolean) =>
    lines.filter(({ count }) => test(count)).map(({ file }) => file)
  t.same(
    named((count) => count > fileLinesMax),
    Object.keys(long),
    `at most ${fileLinesMax} lines in a file`,
  )
  t.same(
    named((count) => count < fileLinesMin)
      .filter((file) => !file.endsWith('index.ts'))
      .sort(),
    Object.keys(short).sort(),
    `at least ${fileLinesMin} lines in a file`,
  )
  const hubs = /(^|\/)(utils?|helpers?|common|lib|types|services?|controllers?)(\/|\.ts$)/
  t.same(
    [...files].filter((file) => hubs.test(file)),
    [],
  )
})
