/** `npm run corpus`: compiles the campaign and its runner, which starts as a process, and runs it. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compileTests } from '../runner/compile.mjs'

const compiled = await compileTests()
process.env['TEST_COMPILED'] = compiled
await import(pathToFileURL(join(compiled, 'test/corpus/main.js')).href)
