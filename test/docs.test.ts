/** Checks documents against the code: each name, link, table and address in them must exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { buildApp } from '../src/app.ts'
import { writeOpenapi } from '../src/cli/openapi-file.ts'
import { checks } from '../src/contract/index.ts'
import { settings } from '../src/platform/config.ts'
import { problems } from '../src/platform/problem.ts'
import { commands, documents, inlineCode, links, table } from './support/documents.ts'
import { callCli } from './support/run-cli.ts'
import { unconnectedContext } from './support/unconnected-context.ts'

const readmes = ['README.md', 'README.zh-CN.md']
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }

t.test('every problem code is documented at /v1/problems, each with its own text', async (t) => {
  const app = await buildApp(unconnectedContext().context)
  t.teardown(() => app.close())
  const { data } = (await app.inject('/v1/problems')).json() as {
    data: { code: string; title: { zh: string; en: string }; hint: string }[]
  }
  t.same(data.map(({ code }) => code).sort(), Object.keys(problems).sort())
  for (const words of ['zh', 'en'] as const) {
    t.equal(new Set(data.map(({ title }) => title[words])).size, data.length, `titles differ (${words})`)
  }
  for (const { code, hint } of data) {
    const page = await app.inject(`/v1/problems/${code}`)
    t.equal(page.statusCode, 200, code)
    t.ok(hint.length > 10, `${code} says what to do`)
  }
})

t.test('every check is documented in datasets/README.md with its parameters', async (t) => {
  const documented = table('datasets/README.md', '| check |').map(([name = '', parameters = '']) => [
    name.replaceAll('`', ''),
    [...parameters.matchAll(/`(\w+)`/g)].map((match) => match[1]),
  ])
  const real = checks.map(({ name, parameters }) => [
    name,
    Object.keys((parameters['properties'] ?? {}) as object),
  ])
  t.same(documented, real)
})

t.test('every npm script that a document names exists', async (t) => {
  const named = documents.flatMap((file) =>
    [...commands(file), ...inlineCode(file)].flatMap((text) =>
      [...text.matchAll(/npm (?:run (?:-s )?([\w:-]+)|(test|start))/g)].map(
        (match) => match[1] ?? match[2] ?? '',
      ),
    ),
  )
  t.ok(named.length > 10, 'scripts are named')
  for (const name of new Set(named)) t.ok(name in manifest.scripts, `npm run ${name}`)
})

t.test('every qingdan command that a README names exists, with its options', async (t) => {
  const help = new Map<string, string>()
  const helpOf = async (words: readonly string[]) => {
    const name = words.join(' ')
    const text = help.get(name) ?? (await callCli([...words, '--help'], {})).stdout
    help.set(name, text)
    return text
  }
  const lines = readmes.flatMap((file) => [...commands(file), ...inlineCode(file)])
  const calls = lines.filter((line) => /^qingdan |^npm run -s qingdan -- /.test(line))
  t.ok(calls.length >= 10, 'commands are named')
  for (const call of calls) {
    const words = call.replace(/^(npm run -s )?qingdan (-- )?/, '').split(' ')
    const [first = '', second = ''] = words
    if (first.startsWith('--') || first.endsWith(',')) continue
    t.match(await helpOf([]), new RegExp(`^ {2}${first}\\b`, 'm'), `${first} is a command`)
    const own = ['key', 'bundle'].includes(first) ? await helpOf([first, second]) : await helpOf([first])
    for (const option of words.filter((word) => word.startsWith('--'))) {
      t.match(own, new RegExp(`${option}\\b`), `${first} takes ${option}`)
    }
  }
})

t.test('both READMEs have the same commands and the same links', async (t) => {
  const [first = '', second = ''] = readmes
  t.same(commands(second), commands(first))
  // A page that also exists in Chinese is linked in Chinese.
  const inEnglish = (link: string) => link.replace('.zh-CN.md', '.md')
  const others = (file: string) =>
    links(file)
      .filter((link) => !readmes.includes(link) && !link.startsWith('#'))
      .map(inEnglish)
  t.same(others(second), others(first))
})

t.test('every relative link in a document resolves', async (t) => {
  t.ok(documents.length > 10, 'documents were found')
  for (const file of documents) {
    for (const link of links(file)) {
      if (/^[a-z]+:/.test(link)) continue
      const [path = ''] = link.split('#')
      t.ok(existsSync(join(dirname(file), path)), `${file} links to ${link}`)
    }
  }
  const decisions = readdirSync('docs/decisions').filter((name) => /^\d/.test(name))
  t.same(
    links('docs/decisions/README.md').filter((link) => /^\d/.test(link)),
    decisions.sort(),
    'the index names every decision, in order',
  )
})

t.test('files, settings and addresses that documents name exist', async (t) => {
  const app = await buildApp(unconnectedContext().context)
  t.teardown(() => app.close())
  await app.ready()
  const patterns = Object.keys(app.swagger().paths ?? {}).map(
    (path) => new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
  )
  for (const file of [...readmes, 'ARCHITECTURE.md', 'CONTRIBUTING.md']) {
    for (const text of inlineCode(file)) {
      if (/^(src|test|datasets|docs|drizzle|bin)\/[\w./-]*$/.test(text))
        t.ok(existsSync(text), `${file}: ${text}`)
      if (/^QINGDAN_[A-Z_]+(=|$)/.test(text)) t.ok((text.split('=')[0] ?? '') in settings, `${file}: ${text}`)
      const [address = ''] = text.replace(/^(GET|POST) /, '').split('?')
      if (!/^\/(v1|health|ready|metrics|openapi)/.test(address)) continue
      t.ok(
        patterns.some((pattern) => pattern.test(address)),
        `${file}: ${address}`,
      )
    }
  }
})

t.test('the modules in ARCHITECTURE.md are the folders of src/', (t) => {
  const names = (cell: string) => [...cell.matchAll(/`([\w-]+)`/g)].map((match) => match[1] ?? '')
  const rows = table('ARCHITECTURE.md', '| module |')
  const all = rows.map(([module = '']) => names(module)[0] ?? '')
  const built = rows.filter(([, purpose = '']) => !purpose.includes('*not built:*'))
  const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory())
  t.same(built.map(([module = '']) => names(module)[0]).sort(), folders.map(({ name }) => name).sort())
  t.same(
    rows.flatMap(([, , imports = '']) => names(imports)).filter((name) => !all.includes(name)),
    [],
    'the table lists only modules as imports',
  )
  t.end()
})

/** Generators and people read the file; a dataset beside the sample has a document of its own. */
const openapiBytesMax = 400_000

t.test('openapi.yaml matches the routes and describes every field', async (t) => {
  const stored = readFileSync('openapi.yaml', 'utf8')
  const [, sample = ''] = /--dataset (\S+)/.exec(manifest.scripts['openapi'] ?? '') ?? []
  t.ok(stored === (await writeOpenapi(['datasets'], [sample])), 'update it with `npm run openapi`')
  t.ok(Buffer.byteLength(stored) <= openapiBytesMax, 'the file stays small enough to read')
  const document = parse(stored) as Document
  const app = await buildApp(unconnectedContext().context)
  t.teardown(() => app.close())
  await app.ready()
  const routes = Object.entries(app.swagger().paths ?? {})
  t.ok(routes.length > 15, 'routes were found')
  for (const [path, operations] of routes) {
    for (const method of Object.keys(operations ?? {}))
      t.ok(document.paths[path]?.[method], `${method} ${path}`)
  }
  t.same(undescribed(document), [])
})

interface Schema {
  readonly $ref?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
}

interface Operation {
  readonly description?: string
  readonly parameters?: readonly Parameter[]
  readonly responses: Readonly<Record<string, Response>>
}

interface Parameter {
  readonly $ref?: string
  readonly name: string
  readonly description?: string
}

interface Response {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly parameters: Readonly<Record<string, Parameter>>
    readonly responses: Readonly<Record<string, Response>>
  }
}

/** Operations, parameters and body members without a description. Shared schemas are checked once. */
function undescribed({ paths, components }: Document): readonly string[] {
  const inBodies = ({ content = {} }: Response, place: string) =>
    Object.values(content).flatMap(({ schema = {} }) => silent(schema, place))
  const isSilent = (parameter: Parameter) =>
    parameter.description === undefined && parameter.$ref === undefined
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => {
      const name = `${method} ${path}`
      const bodies = Object.entries(operation.responses).flatMap(([status, response]) =>
        inBodies(response, `${name} ${status}`),
      )
      const parameters = (operation.parameters ?? []).filter(isSilent)
      return [
        ...(operation.description === undefined ? [name] : []),
        ...parameters.map((parameter) => `${name} ?${parameter.name}`),
        ...bodies,
      ]
    }),
  )
  const { schemas, parameters, responses } = components
  return [
    ...operations,
    ...Object.entries(parameters).flatMap(([name, parameter]) => (isSilent(parameter) ? [name] : [])),
    ...Object.entries(responses).flatMap(([name, response]) => inBodies(response, name)),
    ...Object.entries(schemas).flatMap(([name, schema]) => silent(schema, name)),
  ]
}

function silent(schema: Schema, place: string): readonly string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, member]) => [
    ...(member.description === undefined && member.$ref === undefined ? [`${place}.${name}`] : []),
    ...silent(member, `${place}.${name}`),
  ])
  const inner = [...(schema.items === undefined ? [] : [schema.items]), ...(schema.anyOf ?? [])]
  return [...own, ...inner.flatMap((one) => silent(one, place))]
}
