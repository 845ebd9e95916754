/** The commands about published and pending versions. The implementation is loaded when a command runs. */

import type { Command } from 'commander'
import { previewDaysDefault, previewDaysMax } from '../../catalogue/versions/preview-days.ts'
import { type AddCommand, command, examples, lazily } from '../command.ts'

export const listCommand: AddCommand = (program) => {
  command(
    program,
    'list',
    'list datasets, items of an annual list, due items, changes between lists, or bundles',
  )
    .argument('[what]', 'datasets, items, due, diff or bundles', 'datasets')
    .argument(
      '[years...]',
      'with diff: two years, the earlier one first; or one year, for the changes within it',
    )
    .option('--year <year>', 'year of the annual list; by default the newest, with due all years')
    .option('--within <span>', 'with due: how far ahead to look, such as 30d, 2w, 1m or 1y', '30d')
    .addHelpText(
      'after',
      `
"list due" shows items that are overdue or due within the span and not open yet, the earliest first; "list diff" shows
items that the later list adds, drops and changes.

The exit code is 0 even if items are overdue or nothing is found, 2 if a year or span is invalid, and 4 if no list of
the year is published.

Examples:
  qingdan list
  qingdan list due --within 30d
  qingdan list diff 2025 2026`,
    )
    .action(lazily(() => import('./list.ts').then(({ list }) => list)))
}

export const previewCommand: AddCommand = (program, end) => {
  editionArguments(
    command(program, 'preview', 'create a link that shows a prepared version before its release'),
  )
    .option(
      '--expires <span>',
      `how long the link is valid, such as 30m, 12h or 7d (default: ${previewDaysDefault}d)`,
    )
    .option('--list', 'list the previews of the version, without their tokens')
    .option('--revoke <id>', 'revoke a preview')
    .addHelpText(
      'after',
      `
Only a version that is prepared and not yet released can be previewed (qingdan publish --at, or a contract that requires
an approval): it has passed disclosure control, and its records and files are complete. The link shows that version with
its records and files, and nothing else; no list or search includes it. A preview is valid for at most ${previewDaysMax}d.
The link is printed only once.`,
    )
    .addHelpText(
      'after',
      examples(
        'qingdan preview school-canteens 2026 --expires 7d',
        'qingdan preview school-canteens 2026 --list',
      ),
    )
    .action(lazily(() => import('./preview.ts').then(({ preview }) => preview), end))
}

export const publicationsCommand: AddCommand = (program) => {
  command(program, 'publications', 'list pending publications')
    .argument('[dataset]', 'only of this dataset')
    .argument('[edition]', 'only of this edition')
    .option('--all', 'also those that are done, refused or dropped')
    .addHelpText('after', examples('qingdan publications', 'qingdan publications school-canteens --all'))
    .action(lazily(() => import('./publications.ts').then(({ list }) => list)))
}

export const approveCommand: AddCommand = (program, end) => {
  editionArguments(command(program, 'approve', 'approve a pending publication, and with it its warnings'))
    .option('--sha256 <digest>', 'digest of the plain CSV you reviewed; refused if the prepared one differs')
    .addHelpText(
      'after',
      '\nThe person who requested the publication may not approve it; accounts of this machine and keys count as persons.\n' +
        'If the contract requires no approval and the publication waits only because of its warnings, anybody may.\n' +
        'The approval holds for the version as it is prepared now and is void if it is prepared again. If nothing else is\n' +
        'pending, the version is released at once.',
    )
    .addHelpText('after', examples('qingdan approve school-canteens 2026'))
    .action(lazily(() => import('./publications.ts').then(({ approve }) => approve), end))
}

export const dropCommand: AddCommand = (program) => {
  editionArguments(command(program, 'drop', 'cancel a pending publication; published versions stay'))
    .requiredOption('--reason <text>', 'the reason, recorded in the audit log')
    .addHelpText('after', examples('qingdan drop school-canteens 2026 --reason "A part is wrong."'))
    .action(lazily(() => import('./publications.ts').then(({ drop }) => drop)))
}

export const publishCommand: AddCommand = (program, end) => {
  editionArguments(
    command(program, 'publish', 'publish an edition from its current parts, at once or at a given time'),
  )
    .option('--reason <text>', 'the reason for this version; required for a correction, and published')
    .option(
      '--waive <provider=reason...>',
      'publish without the part of this provider; the reason is published',
    )
    .option(
      '--at <moment>',
      'prepare now and release at this time: 2026-03-01T09:00 in Shanghai, or with Z in UTC',
    )
    .addHelpText(
      'after',
      `
The version is prepared at once: its records are loaded and its files written, but nobody can see them yet. It is
released in the same run, unless it waits for its release time or for an approval.

With --at the running service releases it at that time, even if this command has ended. If the service is down then, it
releases the version when it starts again. A time in the past is refused.

If the contract requires an approval, a second person runs qingdan approve <dataset> <edition>.

Until then qingdan publications shows it, qingdan preview creates a link for reviewers, and qingdan drop cancels it.
If it is requested again, the version is prepared again and its approval is void. The printed sha256 is that of the
plain CSV; exactly that version is released.`,
    )
    .addHelpText(
      'after',
      examples(
        'qingdan publish school-canteens 2026',
        'qingdan publish --dataset school-canteens --edition 2026 --at 2026-03-01T09:00',
      ),
    )
    .action(lazily(() => import('./publish.ts').then(({ publish }) => publish), end))
}

export const withdrawCommand: AddCommand = (program, end) => {
  editionArguments(
    command(program, 'withdraw', 'withdraw a published version; its address answers 410 from then on'),
    { hasVersion: true },
  )
    .requiredOption('--reason <text>', 'the reason, which is published')
    .option('--yes', 'do not ask; without a terminal nothing is asked')
    .addHelpText(
      'after',
      examples('qingdan withdraw school-canteens 2026 2 --reason "A district was missing."'),
    )
    .action(lazily(() => import('./publish.ts').then(({ withdrawVersion }) => withdrawVersion), end))
}

/** Adds dataset and edition, as arguments in this order or as options with the names that `ingest` has. */
function editionArguments(command: Command, { hasVersion = false } = {}): Command {
  command
    .argument('[dataset]', 'the slug of the dataset; required here or as --dataset')
    .argument('[edition]', 'such as 2025 or 2025-2026; required here or as --edition')
  if (hasVersion) command.argument('[version]', 'the number of the version; required here or as --version')
  command
    .option('--dataset <slug>', 'the dataset, as an option')
    .option('--edition <name>', 'the edition, as an option')
  return hasVersion ? command.option('--version <number>', 'the version, as an option') : command
}
