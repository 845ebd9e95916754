/** `node build/run.mjs main` starts the service; `node build/run.mjs build` compiles it. For npm scripts. */
import { start } from './start.mjs'

await start(process.argv[2], process.argv.slice(3))
