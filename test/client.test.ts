/**
 * The documents are good enough to make clients of: openapi-typescript makes types of the generic document, of one
 * dataset's and of openapi.yaml; a program compiles against them under `strict` and pages, filters and selects over a
 * real socket; wrong names and values don't compile.
 */
import { execFile } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { openTestContext, sampleRows } from './support/open-test-context.ts'
import { foreign, plainly } from './support/run-cli.ts'

const workspace = createRequire(new URL('client/package.json', import.meta.url))
const folder = t.testdir({
  'package.json': '{ "type": "module" }',
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      target: 'es2022',
      module: 'nodenext',
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      types: ['node'],
      lib: ['es2022'],
      // Only what is installed: the generated types are no .d.ts.
      skipLibCheck: true,
    },
    // Wrong programs are among them: what is right is written all the same, and one start of the compiler is enough.
    files: ['program.ts', 'wrong.ts', 'openapi.ts'],
  }),
})

interface Ran {
  readonly code: number
  readonly out: string
}

/** Runs a program of the workspace, without what tap hooks into Node. */
async function run(program: string, ...words: readonly string[]): Promise<Ran> {
  const [command, ...args] = plainly(process.execPath, [program, ...words])
  try {
    const { stdout } = await promisify(execFile)(command, args, { cwd: folder, env: foreign() })
    return { code: 0, out: stdout }
  } catch (error) {
    const {
      code = 1,
      stdout = '',
      stderr = '',
    } = error as { code?: number; stdout?: string; stderr?: string }
    return { code, out: `${stdout}${stderr}` }
  }
}

const dataset = 'school-sports-venues'
const { app, get, take, publish } = await openTestContext(t)
const documents = {
  'generic.json': (await get('/openapi.json')).text,
  'venues.json': (await get(`/v1/datasets/${dataset}/openapi.json`)).text,
  'openapi.yaml': readFileSync('openapi.yaml', 'utf8'),
}
for (const [name, text] of Object.entries(documents)) writeFileSync(join(folder, name), text)
const types = await run(
  fileURLToPath(new URL('client/make-types.js', import.meta.url)),
  ...Object.keys(documents),
)
for (const file of ['program.ts', 'wrong.ts']) copyFileSync(join('test/client', file), join(folder, file))

const compiler = join(dirname(workspace.resolve('typescript/package.json')), 'bin/tsc')
const compiled = await run(compiler, '-p', '.')

t.test('a correct program compiles; wrong names and values do not', async (t) => {
  t.same(types, { code: 0, out: '' }, 'types were generated from each document')
  const errors = [...compiled.out.matchAll(/^([\w.]+)\((\d+),/gm)]
  t.same(
    errors.filter(([, file]) => file !== 'wrong.ts').map(([error]) => error),
    [],
    compiled.out,
  )
  const wrong = readFileSync('test/client/wrong.ts', 'utf8')
    .split('\n')
    .flatMap((line, index) => (line.startsWith('await ') ? [index + 1] : []))
  t.equal(wrong.length, 9)
  t.same([...new Set(errors.map(([, , line]) => Number(line)))], wrong, compiled.out)
})

t.test('no body is both JSON and plain text', async (t) => {
  const mixed = Object.entries(documents)
    .filter(([name]) => name.endsWith('.json'))
    .flatMap(([, text]) => bodiesOf(JSON.parse(text)))
    .filter((types) => types.some(([, isText]) => isText) && types.some(([, isText]) => !isText))
  t.same(mixed, [])
})

/** The media types of each 200 answer, and whether its body is a text. */
function bodiesOf(document: Json): readonly (readonly (readonly [string, boolean])[])[] {
  const { paths, components } = document as unknown as {
    paths: Record<string, Record<string, { responses: Record<string, Json> }>>
    components: { responses: Record<string, Json> }
  }
  return Object.values(paths)
    .flatMap((methods) => Object.values(methods))
    .map(({ responses }) => {
      const { $ref, content } = responses['200'] ?? {}
      const shared = components.responses[String($ref).split('/').at(-1) ?? '']
      const types = (content ?? shared?.['content'] ?? {}) as Record<string, { schema?: Json }>
      return Object.entries(types).map(([type, { schema }]) => [type, schema?.['type'] === 'string'] as const)
    })
}

type Json = Readonly<Record<string, unknown>>

t.test('the program pages, filters, sorts, selects and counts', async (t) => {
  const samples = await sampleRows(dataset, '2026')
  const [first, ...others] = samples
  const waivers = others.map(({ provider }) => ({ provider, reason: 'Left out.' }))
  for (const edition of ['2025', '2026']) {
    await take({
      dataset,
      edition,
      provider: first?.provider ?? '',
      rows: first?.rows ?? '',
      contractVersion: 3,
    })
    await publish(dataset, edition, { waivers })
  }
  const [header = '', ...rows] = (first?.rows ?? '').trimEnd().split('\n')
  const names = header.split(',')
  const sessions = rows.map((row) => {
    const cells = row.split(',')
    return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']))
  })
  const wanted = sessions.filter(
    (session) =>
      ['weekend', 'public-holiday'].includes(session['day_type'] ?? '') &&
      (session['opens'] ?? '') >= '07:00' &&
      session['activities']?.split(';').includes('running'),
  )
  t.ok(wanted.length > 7, `more than a page: ${wanted.length}`)
  const ran = await run('program.js', await app.listen({ host: '127.0.0.1', port: 0 }))
  t.equal(ran.code, 0, ran.out)
  const output = JSON.parse(ran.out) as {
    venues: string[]
    free: number
    largest: unknown[]
    joined: object[]
    refused: unknown[]
  }
  const venues = wanted.map(({ venue = '' }) => venue)
  t.same(output.venues, venues.sort().reverse())
  t.match(output.joined, [{ edition: '2025', venue: String, school: String }, { edition: '2025' }])
  const counts = new Map<string, number>()
  for (const { day_type: type = '' } of sessions) counts.set(type, (counts.get(type) ?? 0) + 1)
  t.same(output.largest, [...counts].sort(([, a], [, b]) => b - a)[0])
  t.same(output.refused, [404, 'dataset-not-found'])
})
