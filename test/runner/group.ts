/**
 * Runs test files in one process, one after the other, as the runner sends them: starting a process and warming it
 * up takes as long as a short test. Says `# next` when it waits for one, and `# done` with the milliseconds of CPU after
 * it: of this process, and of the processes that it started and that have ended.
 */
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
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
  const endedBefore = cpuOfEnded()
  await runFile(name, () => import(pathToFileURL(compiled).href))
  await setImmediate()
  const { user, system } = process.cpuUsage(before)
  say(`done ${Math.round((user + system) / 1000)} ${cpuOfEnded() - endedBefore}`)
}
process.disconnect?.()

/** Milliseconds of CPU of ended child processes; 0 where the system doesn't tell. Linux counts it in hundredths of a second. */
function cpuOfEnded(): number {
  if (!existsSync('/proc/self/stat')) return 0
  const stat = readFileSync('/proc/self/stat', 'latin1')
  // The second field, a name in brackets, may have blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) * 10
}
