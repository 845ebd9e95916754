/**
 * Whether SIGHUP was ignored when this process was started. Node resets ignored signals before any code runs, so
 * only traces are left: what `nohup` does to the standard input, and the parent, which passed the signal on as
 * ignored. Only Linux shows them; a shell that replaced itself by this process leaves none.
 */
import { constants, readFileSync, readlinkSync } from 'node:fs'

export function isHangupIgnored(): boolean {
  return isUnderNohup() || ignoresHangup(process.ppid)
}

/** `nohup` replaces a terminal as standard input by /dev/null, opened for writing only. */
function isUnderNohup(): boolean {
  const flags = Number.parseInt(find(/^flags:\s*([0-7]+)$/m, '/proc/self/fdinfo/0') ?? '0', 8)
  if ((flags & accessMode) !== constants.O_WRONLY) return false
  try {
    return readlinkSync('/proc/self/fd/0') === '/dev/null'
  } catch {
    return false
  }
}

/** O_ACCMODE of fcntl.h. */
const accessMode = 3

/** Whether a process ignores SIGHUP, as after `trap '' HUP` in a shell; signal 1 is the lowest bit of the mask. */
function ignoresHangup(pid: number): boolean {
  const mask = find(/^SigIgn:\s*([0-9a-f]+)$/m, `/proc/${pid}/status`)
  return (BigInt(`0x${mask ?? '0'}`) & 1n) === 1n
}

function find(pattern: RegExp, path: string): string | undefined {
  try {
    return pattern.exec(readFileSync(path, 'utf8'))?.[1]
  } catch {
    // Not Linux, or no such process.
    return undefined
  }
}
