/** The commands about opening hours and closures. The implementation is loaded when a command runs. */
import { type AddCommand, command, examples, lazily } from '../command.ts'

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

export const closuresCommand: AddCommand = (program) => {
  const family = program.command('closures').description('close venues temporarily, or open them once')
  command(family, 'add', 'close a venue or open it once, or many by a CSV file')
    .argument('[venue]', 'code of the venue, such as 310101-0003-1')
    .option('--file <csv>', 'a file with the columns venue,kind,from,until,reason instead of one venue')
    .option('--open', 'open the venue once instead of closing it')
    .option('--from <time>', 'such as 2026-05-01T08:00:00+08:00; by default now')
    .option('--until <time>', 'by default until it is removed')
    .option('--reason <text>', 'the reason, which is public')
    .addHelpText(
      'after',
      `
A closure is in force at once; the running service shows it within a second, and it is in the feed of changes. Of a file
all lines are added or none. The exit code is 4 if it is refused.
${examples('qingdan closures add 310101-0003-1 --reason 高考', 'qingdan closures add --file typhoon.csv')}`,
    )
    .action(lazily(() => import('./closures.ts').then(({ add }) => add)))
  command(family, 'list', 'list closures and one-off openings that have not ended')
    .argument('[venue]', 'only of this venue')
    .option('--all', 'also those that have ended')
    .addHelpText('after', examples('qingdan closures list --json'))
    .action(lazily(() => import('./closures.ts').then(({ list }) => list)))
  command(family, 'remove', 'remove a closure; the venue is open again at its hours')
    .argument('<id>', 'id of the closure, from qingdan closures list')
    .addHelpText('after', examples('qingdan closures remove 4b1c6e0e-5f5e-4f0f-8a55-6d3a1f1d9d0b'))
    .action(lazily(() => import('./closures.ts').then(({ remove }) => remove)))
}
