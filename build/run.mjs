/** `node build/run.mjs main` starts the service, and `node build/run.mjs build` compiles it: for the scripts of npm. */
import { start } from './start.mjs'

await start(process.argv[2], process.argv.slice(3))
