/** Prints whether SIGHUP was ignored when this process was started. */
import { isHangupIgnored } from '../../src/cli/ignored-hangup.ts'

process.stdout.write(`${isHangupIgnored()}\n`)
