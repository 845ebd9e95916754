/** The commands about opening hours. The implementation is loaded when a command runs. */
import { type AddCommand, command, lazily } from '../command.ts'

export const hoursCommand: AddCommand = (program, end) => {
  const family = program.command('hours').description('try how opening hours are read; needs no database')
  command(family, 'parse', 'read phrases of opening hours, one JSON object a line, from standard input')
    .addHelpText(
      'after',
      `
Each line is {"id": "1", "text": "周一至周五18:30-20:30"}, with "column" and "heading" if a header names the days
(工作日, 双休日) and "locale" ("en" for English findings). With --json each line of the result is
{"id", "sessions", "finding"}: sessions with days (Mo to Su) and/or dayTypes, from, to, season and except; or a finding
that says what is unclear and how to write it; or neither for an empty cell. Without --json the result is text.

Example:
  echo '{"id":"1","text":"双休日8:00-11:00、14:00-17:00"}' \\
    | qingdan hours parse --json

The exit code is 0 even if phrases are refused, and 2 if a line is no such JSON. docs/opening-hours.md has the rules.`,
    )
    .action(lazily(() => import('./parse.ts').then(({ parse }) => parse), end))
}
