/**
 * The command line, for officers on the machine itself. It opens the database directly, so access to the data
 * folder or the URL is the authority; the audit records each action. It works beside a running service.
 */
import { Command, CommanderError } from 'commander'
import { exitCodes, UsageError } from './cli/command.ts'
import { commands } from './cli/commands.ts'
import { writeRefusal } from './cli/terminal.ts'

/** Runs a command line and returns the exit code. Results go to stdout, progress and errors to stderr. */
export async function run(argv: readonly string[]): Promise<number> {
  quietOnClosedPipe()
  let code: number = exitCodes.ok
  const program = buildProgram((result) => {
    code = result
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    return explain(error)
  }
}

function buildProgram(end: (code: number) => void): Command {
  const program = new Command('qingdan')
    .description('Qingdan 清单: the open-data service of an education authority.')
    .exitOverride()
    // A command that has commands of its own must not take their options, such as --json of qingdan erase bundle.
    .enablePositionalOptions()
    .showHelpAfterError('(qingdan --help, or qingdan <command> --help)')
    .addHelpText(
      'after',
      '\nSettings are environment variables, see .env.example. The data folder is ./var, or QINGDAN_DATA if set.\n' +
        'Exit codes: 0 success, 1 failure, 2 invalid usage or settings, 3 data refused, 4 not possible now.',
    )
  for (const add of commands) add(program, end)
  return program
}

/** `qingdan list | head` closes the pipe early, which is no error: the command still runs to its end. */
function quietOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
}

async function explain(error: unknown): Promise<number> {
  // Commander has already printed the error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  if (error instanceof UsageError) {
    writeRefusal(error.message)
    return exitCodes.usage
  }
  const { explainError } = await import('./cli/explain-error.ts')
  return explainError(error)
}
