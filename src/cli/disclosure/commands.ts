/** The commands about withheld counts. The implementation is loaded when one runs. */
import { type AddCommand, command, examples, lazily } from '../command.ts'

export const disclosureCommand: AddCommand = (program, end) => {
  const disclosure = program.command('disclosure').description('check and explain what versions withhold')
  command(disclosure, 'verify', 'check the proofs of withheld counts again, without a solver')
    .argument('<dataset>', 'the slug of the dataset')
    .argument('<edition>', 'such as 2025 or 2025-2026')
    .addHelpText(
      'after',
      `
The proofs are destroyed with the confidential statistics; the command then says so. The faults name cells: they are
confidential.

Exit code 1: a proof does not hold. Exit code 4: nothing is left to check.
${examples('qingdan disclosure verify school-canteens 2026')}`,
    )
    .action(lazily(() => import('./disclosure.ts').then(({ verify }) => verify), end))
  command(disclosure, 'explain', 'say in words what the versions of an edition withhold')
    .argument('<dataset>', 'the slug of the dataset')
    .argument('<edition>', 'such as 2025 or 2025-2026')
    .addHelpText('after', examples('qingdan disclosure explain school-canteens 2026'))
    .action(lazily(() => import('./disclosure.ts').then(({ explain }) => explain)))
}
