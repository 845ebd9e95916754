/** The commands that look up providers and codes. The implementation is loaded when one runs. */
import { type AddCommand, command, examples, lazily } from '../command.ts'

export const providersCommand: AddCommand = (program) => {
  const family = program.command('providers').description('list who brings data; needs no database')
  command(family, 'list', 'list providers with their codes, names and datasets')
    .option('--dataset <slug>', 'only those of this dataset')
    .addHelpText(
      'after',
      examples('qingdan providers list', 'qingdan providers list --dataset school-canteens'),
    )
    .action(lazily(() => import('./providers.ts').then(({ list }) => list)))
}

export const codesCommand: AddCommand = (program) => {
  const family = program.command('codes').description('list code lists and their codes; needs no database')
  command(family, 'list', 'list the code lists, or the codes of one list with their labels')
    .argument('[list]', 'the name of a code list; without one all lists are shown')
    .option('--day <day>', 'only codes that are valid on this day, such as 2026-03-01')
    .addHelpText('after', examples('qingdan codes list', 'qingdan codes list districts --day 2026-03-01'))
    .action(lazily(() => import('./codes.ts').then(({ list }) => list)))
}
