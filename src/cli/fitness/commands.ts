/** The command that scores fitness results. The implementation is loaded when it runs. */
import { Option } from 'commander'
import { type AddCommand, command, examples, findingsOption, lazily, sheetOption } from '../command.ts'

export const fitnessCommand: AddCommand = (program, end) => {
  const fitness = program
    .command('fitness')
    .description("score pupils' results by the national fitness standard; needs no database")
  command(fitness, 'score', "score a school's own file in the national upload template")
    .argument('<file>', 'the CSV or XLSX file of the school')
    .addOption(
      new Option('--system <system>', 'years of primary and lower secondary school')
        .choices(['6+3', '5+4'])
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--sixth-grade <code>', 'the code of grade 6 (预初) in a 5+4 school')
        .choices(['21', '16'])
        .default('21'),
    )
    .option('--out <file>', 'write the scores to this new file instead of standard output')
    .option(...sheetOption)
    .option(...findingsOption)
    .addHelpText(
      'after',
      `
Each line has the number of the row, the score of each item, the bonus, the total and its level. Names and pupil numbers
are not repeated. Rows with an error have no line; the findings name their cells. Nothing is stored or sent.

Exit code 3: rows could not be scored.
${examples(
  'qingdan fitness score --system 5+4 --out scores.csv pupils.xlsx',
  'qingdan fitness score --system 6+3 --json pupils.csv',
)}`,
    )
    .action(lazily(() => import('./score.ts').then(({ score }) => score), end))
}
