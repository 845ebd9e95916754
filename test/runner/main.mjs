/** `npm test`: compiles the tests and the runner, then runs the runner. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureCompiled } from '../../build/compiled.mjs'
import { compileTests } from './compile.mjs'

// The service and the CLI, which tests start as processes.
await ensureCompiled()
const compiled = await compileTests()
const { run } = await import(pathToFileURL(join(compiled, 'test/runner/run.js')).href)
process.exitCode = await run(process.argv.slice(2), compiled)
