/**
 * Runs test files in one process, one after the other, as the runner sends them: starting a process and warming it
 * up takes as long as a short test. Says `# next` when it waits for one, and `# done` with the milliseconds of CPU after it.
 */
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { runFile, setUp } from './tap.ts'

/** A process that has grown larger than this many bytes ends, and the runner starts another. */
const residentMax = 900e6

/** A file to run: its path in the repository, and compiled; none ends the process. */
interface FileToRun {
  readonly name?: string
  readonly compiled?: string
}

// Past tap, which may keep a comment back until another test ends.
const say = (word: string) => process.stdout.write(`# ${word}\n`)

setUp()
while (process.memoryUsage.rss() < residentMax) {
  say('next')
  // Tap lets go of the channel.
  process.channel?.ref()
  const [{ name, compiled }] = (await once(process, 'message')) as [FileToRun]
  if (name === undefined || compiled === undefined) break
  const before = process.cpuUsage()
  await runFile(name, () => import(pathToFileURL(compiled).href))
  await setImmediate()
  const { user, system } = process.cpuUsage(before)
  say(`done ${Math.round((user + system) / 1000)}`)
}
process.disconnect?.()
