/** The commands about published and pending versions. The implementation is loaded when a command runs. */
import { previewDaysDefault, previewDaysMax } from '../../catalogue/versions/preview-days.ts'
import { type AddCommand, command, lazily } from '../command.ts'

export const listCommand: AddCommand = (program) => {
  command(program, 'list', 'list datasets, the items of an annual list, what is due or changed, or bundles')
    .argument('[what]', 'datasets, items, due, diff or bundles', 'datasets')
    .argument('[years...]', 'with diff: the two years, the former first; or one, for the changes within it')
    .option('--year <year>', 'year of the annual list; by default the newest, with due all years')
    .option('--within <span>', 'with due: how far to look, such as 30d, 2w, 1m or 1y', '30d')
    .addHelpText(
      'after',
      '\nqingdan list due --within 30d   what falls due by then and is not open, and what is overdue, the earliest first\n' +
        'qingdan list diff 2025 2026     what the list of 2026 adds, drops and changes\n\n' +
        'Ends with 0 also where something is overdue or nothing is found, with 2 for a year or span that can not be read, ' +
        'with 4 where no list of the year is published.',
    )
    .action(lazily(() => import('./list.ts').then(({ list }) => list)))
}

export const previewCommand: AddCommand = (program, end) => {
  command(program, 'preview', 'make an address that shows a draft before it is released')
    .argument('<dataset>')
    .argument('<edition>')
    .option('--expires <span>', `how long it holds: 30m, 12h, 7d; ${previewDaysDefault}d without it`)
    .option('--list', 'the previews that the draft has, without their tokens')
    .option('--revoke <id>', 'let one hold no longer')
    .addHelpText(
      'after',
      `
Only what waits to be released can be shown: it has passed disclosure control, its records are loaded and its files
written (qingdan publish --at, or a contract that asks for an approval). Whoever has the address sees that version, its
records and its files, and no other; it is in no list and no search. At most ${previewDaysMax}d. The token is printed this once.`,
    )
    .action(lazily(() => import('./preview.ts').then(({ preview }) => preview), end))
}

export const publicationsCommand: AddCommand = (program) => {
  command(program, 'publications', 'what was asked for and waits to become public')
    .argument('[dataset]', 'only of this dataset')
    .argument('[edition]', 'only of this edition')
    .option('--all', 'also what has come to an end: done, refused, dropped')
    .action(lazily(() => import('./publications.ts').then(({ list }) => list)))
}

export const approveCommand: AddCommand = (program, end) => {
  command(program, 'approve', 'approve the publication that waits, as another person than who asked for it')
    .argument('<dataset>')
    .argument('<edition>')
    .option('--sha256 <digest>', 'of the plain CSV that you looked at; refused where it is another one now')
    .addHelpText(
      'after',
      '\nWho asked for it can not approve it: accounts of this machine and keys count as persons. The approval is for what ' +
        'is\nprepared now; prepared anew it is void. Where nothing else is waited for, this releases it.',
    )
    .action(lazily(() => import('./publications.ts').then(({ approve }) => approve), end))
}

export const dropCommand: AddCommand = (program) => {
  command(program, 'drop', 'call off the publication that waits; what is public stays')
    .argument('<dataset>')
    .argument('<edition>')
    .requiredOption('--reason <text>', 'why; it is kept in the audit')
    .action(lazily(() => import('./publications.ts').then(({ drop }) => drop)))
}

export const publishCommand: AddCommand = (program, end) => {
  command(program, 'publish', 'make an edition public from the parts in hand, at once or at a moment')
    .argument('<dataset>')
    .argument('<edition>', 'such as 2025 or 2025-2026')
    .option('--reason <text>', 'why this version is made; needed for a correction, and published')
    .option('--waive <provider=reason...>', 'publish without this part; the reason is published')
    .option('--at <moment>', 'prepare now, release then: 2026-03-01T09:00 in Shanghai, or an instant with Z')
    .addHelpText(
      'after',
      `
The version is prepared at once: its records are loaded and its files written, and nobody sees them. It is released
in the same run, unless it waits:
  for its moment (--at)   The running service releases it then, whether or not this command has ended. Where the service
                          is down at that moment, it is released when the service starts again. A moment that is past is
                          refused.
  for an approval         Where the contract asks for it, a second person approves: qingdan approve <dataset> <edition>.
While it waits: qingdan publications shows it, qingdan preview lets others look, qingdan drop calls it off. Asked for
again it is prepared anew, and an approval is void. The printed sha256 is that of the plain CSV; nothing else is released.`,
    )
    .action(lazily(() => import('./publish.ts').then(({ publish }) => publish), end))
}

export const withdrawCommand: AddCommand = (program) => {
  command(program, 'withdraw', 'take a published version back; its address answers 410 from then on')
    .argument('<dataset>')
    .argument('<edition>')
    .argument('<version>', 'number of the version')
    .requiredOption('--reason <text>', 'why; it is published')
    .action(lazily(() => import('./publish.ts').then(({ withdrawVersion }) => withdrawVersion)))
}
