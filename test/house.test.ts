/** The plan of the house, kept as a test: which room opens which door, and the walls behind it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'
import { aboveRooms, mayOpen } from './support/plan.ts'

/** Rooms that compute and nothing else: no database, no HTTP, no clock or randomness of their own. */
const pure = ['checks', 'disclosure', 'formats', 'derivations']

/** Rooms that any file may enter without the door: they are the ground. */
const ground = ['base', 'store']

interface Source {
  readonly file: string
  readonly room: string
  readonly text: string
  readonly imports: readonly { readonly target: string; readonly typeOnly: boolean }[]
}

const sources: readonly Source[] = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => {
    const text = readFileSync(join('src', file), 'utf8')
    return { file, room: roomOf(file), text, imports: importsOf(text) }
  })

/** Files right under src/ (app, main, cli and what stands beside them), and the commands, are above the rooms. */
function roomOf(file: string): string {
  const [folder = '', inside] = file.split('/')
  return inside === undefined || aboveRooms.includes(folder) ? '' : folder
}

function importsOf(text: string): Source['imports'] {
  const found = text.matchAll(
    /^(?:import|export)(\s+type)?\s[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm,
  )
  return [...found].map((match) => ({
    target: match[2] ?? match[3] ?? match[4] ?? '',
    typeOnly: match[1] !== undefined,
  }))
}

/** The code without comments, so that a comment may name what the code may not. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}

/** What is wrong with one import of a file, or undefined. */
function faultOf({ file, room }: Source, { target }: Source['imports'][number]): string | undefined {
  if (!target.startsWith('.')) {
    const forbidden = /^(@?fastify|postgres|pg\b|drizzle-orm|pino|node:(fs|net|https?|child_process)\b)/
    return pure.includes(room) && forbidden.test(target) ? `${room}/ is pure: no ${target}` : undefined
  }
  const [to = '', ...rest] = normalize(join(dirname(file), target))
    .replaceAll('\\', '/')
    .split('/')
  if (to === file.split('/')[0]) return undefined
  const inside = rest.join('/')
  if (inside === '') return room === '' ? undefined : `${room}/ may not open ${to}, which stands above it`
  if (room !== '' && aboveRooms.includes(to)) return `${room}/ may not open ${to}/, which stands above it`
  if (room !== '' && !(mayOpen[room] ?? []).includes(to)) return `${room}/ may not open ${to}/`
  if (ground.includes(to) || inside === 'index.ts') return undefined
  // A foreign key is the one other door.
  if (file.endsWith('/tables.ts') && inside === 'tables.ts') return undefined
  return `enter ${to}/ by its door, index.ts`
}

t.test('each room keeps to the plan', async (t) => {
  t.ok(sources.length > 20, 'the sources were found')
  for (const source of sources) {
    t.ok(source.room === '' || source.room in mayOpen, `${source.room}/ is on the plan`)
    const faults = source.imports.map((one) => faultOf(source, one)).filter((fault) => fault !== undefined)
    t.same(faults, [], `src/${source.file} opens only what it may`)
  }
})

t.test('the plan itself catches what it is for', async (t) => {
  const source = (file: string, line: string): Source => ({
    file,
    room: roomOf(file),
    text: line,
    imports: importsOf(line),
  })
  const fault = (file: string, line: string) => {
    const one = source(file, line)
    const [first] = one.imports
    return first === undefined ? 'no import was read' : faultOf(one, first)
  }
  t.equal(fault('records/read.ts', "import { a } from '../ingest/index.ts'"), 'records/ may not open ingest/')
  t.equal(
    fault('ingest/stage.ts', "import {\n  a,\n  b,\n} from '../catalogue/versions.ts'"),
    'enter catalogue/ by its door, index.ts',
  )
  t.equal(
    fault('formats/csv.ts', "import { x } from 'node:fs/promises'"),
    'formats/ is pure: no node:fs/promises',
  )
  t.equal(
    fault('portal/home.ts', "import { x } from '../app.ts'"),
    'portal/ may not open app.ts, which stands above it',
  )
  t.equal(
    fault('http/docs.ts', "import { x } from '../commands/index.ts'"),
    'http/ may not open commands/, which stands above it',
  )
  t.equal(fault('commands/list.ts', "import { x } from '../house.ts'"), undefined)
  t.equal(fault('app.ts', "import { x } from './portal/page.ts'"), 'enter portal/ by its door, index.ts')
  t.equal(fault('app.ts', "import { x } from './portal/index.ts'"), undefined)
  t.equal(fault('ingest/tables.ts', "import { x } from '../catalogue/tables.ts'"), undefined)
  t.equal(fault('access/keys.ts', "await import('../portal/index.ts')"), 'access/ may not open portal/')
})

t.test('only the owning room imports its tables', async (t) => {
  for (const { file, room, imports } of sources) {
    for (const { target } of imports) {
      if (!target.startsWith('.') || !target.endsWith('tables.ts')) continue
      const [owner] = normalize(join(dirname(file), target))
        .replaceAll('\\', '/')
        .split('/')
      const mayName = owner === room || owner === 'store' || file.endsWith('/tables.ts')
      t.ok(mayName, `src/${file} leaves the tables of ${owner}/ alone`)
    }
  }
})

t.test('only ingest names the schema of unpublished rows, and store, which grants on it', async (t) => {
  for (const { file, room, text } of sources) {
    if (room === 'ingest' || room === 'store') continue
    t.notMatch(codeOf(text), /\bstaging\b/, `src/${file} does not name it`)
  }
})

t.test('modules of the pure rooms have no clock and no chance of their own', async (t) => {
  for (const { file, text } of sources.filter(({ room }) => pure.includes(room))) {
    t.notMatch(codeOf(text), /\bnew Date\(\)|\bDate\.now\(|\bMath\.random\(|\brandomUUID\b/, `src/${file}`)
  }
})

t.test(
  'nothing in src names a dataset',
  { skip: !existsSync('datasets') && 'no datasets are here' },
  async (t) => {
    const slugs = readdirSync('datasets', { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'codes')
      .map(({ name }) => name)
    t.ok(slugs.length > 0, 'datasets were found')
    for (const { file, text } of sources) {
      t.same(
        slugs.filter((slug) => text.includes(slug)),
        [],
        `src/${file}`,
      )
    }
  },
)

t.test('no room becomes a hub by its name', async (t) => {
  const hubs = /(^|\/)(utils?|helpers?|common|lib|types|services?|controllers?)(\/|\.ts$)/
  t.same(
    sources.map(({ file }) => file).filter((file) => hubs.test(file)),
    [],
  )
})
