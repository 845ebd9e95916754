/**
 * Lets the service import a script for browsers as a text: `import('./browser/score.ts?script')` gives the TypeScript
 * file, bundled with what it imports and minified. So the script is compiled with the service and stays out of it.
 */
import { dirname, resolve } from 'node:path'

/** Browsers of the last four years. */
const target = ['chrome109', 'firefox115', 'safari16']

export const browserScripts = {
  name: 'browser-scripts',
  setup({ onResolve, onLoad, esbuild, initialOptions }) {
    onResolve({ filter: /\?script$/ }, ({ path, importer }) => ({
      path: resolve(dirname(importer), path.replace(/\?script$/, '')),
      namespace: 'browser-script',
    }))
    onLoad({ filter: /.*/, namespace: 'browser-script' }, async ({ path }) => {
      const { outputFiles, metafile } = await esbuild.build({
        absWorkingDir: initialOptions.absWorkingDir,
        entryPoints: [path],
        bundle: true,
        minify: true,
        format: 'iife',
        platform: 'browser',
        // Modules that a script does not use may need Node; nothing of them is left.
        external: ['node:*'],
        metafile: true,
        target,
        charset: 'utf8',
        legalComments: 'none',
        write: false,
        logLevel: 'silent',
      })
      const needed = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map((one) => one.path))
      if (needed.length > 0) return { errors: [{ text: `A browser has no ${needed.join(', ')}: ${path}` }] }
      return { contents: `export const text = ${JSON.stringify(outputFiles[0].text)}`, loader: 'js' }
    })
  },
}
