/**
 * Starts the service (`main`) or the CLI (`cli`) from compiled files, or only compiles (`build`). The sources
 * are compiled first if they have changed.
 */
import { pathToFileURL } from 'node:url'
import { BuildRefusal } from './build.mjs'
import { compiled, ensureCompiled } from './compiled.mjs'
import { readableStacks } from './readable-stacks.mjs'

/** The same exit code as the CLI's for a failure. */
const failed = 1

export async function start(what, args = []) {
  try {
    if (what === 'build') await ensureCompiled()
    else {
      readableStacks()
      const module = await import(pathToFileURL(await compiled(what)).href)
      if (what === 'cli') process.exitCode = await module.run(args)
    }
  } catch (error) {
    if (!(error instanceof BuildRefusal)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = failed
  }
}
