/** `npm run acceptance`: compiles the service, the campaign and its journeys, which start as processes, and runs it. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureCompiled } from '../../build/compiled.mjs'
import { compileTests } from '../runner/compile.mjs'

await ensureCompiled()
const compiled = await compileTests()
process.env['TEST_COMPILED'] = compiled
await import(pathToFileURL(join(compiled, 'test/acceptance/main.js')).href)
