/**
 * The command line, for officers on the machine itself. It opens the database directly, so access to the data
 * folder or the URL is the authority; the audit records each action. It works beside a running service.
 */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { exitCodes, UsageError } from './cli/command.ts'
import { commands } from './cli/commands.ts'
import { configureHelp, finishHelp } from './cli/display/help.ts'
import { chooseLanguage, phrase } from './cli/phrases.ts'
import { clearProgress, writeRefusal } from './cli/terminal.ts'
import type { Language } from './platform/language.ts'
import { packageFile } from './platform/package-root.ts'

/** Runs a command line and returns the exit code. Results go to stdout, progress and errors to stderr. */
export async function run(argv: readonly string[]): Promise<number> {
  quietOnClosedPipe()
  if (process.stderr.isTTY) reportCrashesPlainly()
  let code: number = exitCodes.ok
  try {
    const { words, language } = takeLanguage(argv)
    chooseLanguage(language)
    const program = buildProgram((result) => {
      code = result
    })
    await program.parseAsync([...words], { from: 'user' })
    return code
  } catch (error) {
    return explain(error)
  } finally {
    clearProgress()
  }
}

/** The program with all commands; `end` receives any exit code but 0. */
export function buildProgram(end: (code: number) => void): Command {
  const program = new Command('qingdan')
  configureHelp(program)
  program
    .description('Qingdan 清单: the open-data service of an education authority.')
    .version(packageVersion(), '--version', 'print the version')
    .option('--lang <zh|en>', 'language of texts; by default that of LC_ALL, LC_MESSAGES or LANG')
    .exitOverride()
    // A command that has commands of its own must not take their options, such as --json of qingdan erase bundle.
    .enablePositionalOptions()
    .showHelpAfterError(phrase('(qingdan --help, or qingdan <command> --help)'))
    .addHelpText('after', aboutAll)
  for (const add of commands) add(program, end)
  finishHelp(program)
  return program
}

const aboutAll = `
Settings are environment variables, see .env.example. The data folder is ./var, or QINGDAN_DATA if set.

Exit codes: 0 success, 1 failure, 2 invalid usage or settings, 3 data refused, 4 not possible now.

Examples:
  qingdan serve
  qingdan ingest --help
  qingdan list --lang zh`

/** Takes `--lang` from a command line, where it may stand anywhere before `--`. Throws UsageError. */
function takeLanguage(argv: readonly string[]): {
  readonly words: readonly string[]
  readonly language?: Language
} {
  const end = argv.indexOf('--')
  const at = argv.findIndex((word, index) => (end === -1 || index < end) && /^--lang(=|$)/.test(word))
  const word = argv[at]
  if (word === undefined) return { words: argv }
  const hasOwnWord = word === '--lang'
  const language = hasOwnWord ? argv[at + 1] : word.slice('--lang='.length)
  if (language !== 'zh' && language !== 'en')
    throw new UsageError('--lang 为 zh 或 en。--lang must be zh or en.')
  return { words: argv.toSpliced(at, hasOwnWord ? 2 : 1), language }
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }).version
}

/** `qingdan list | head` closes the pipe early, which is no error: the command still runs to its end. */
function quietOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
}

let reportsCrashes = false

/** In a terminal an error that nothing caught is one sentence; QINGDAN_LOG_LEVEL asks for the stack trace. */
function reportCrashesPlainly(): void {
  if (reportsCrashes || process.env['QINGDAN_LOG_LEVEL'] !== undefined) return
  reportsCrashes = true
  process.on('uncaughtException', (error) => {
    writeRefusal(error instanceof Error ? error.message : String(error))
    process.exit(exitCodes.failed)
  })
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
