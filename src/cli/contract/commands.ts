/** The commands about contracts: names, options and help. The implementation is loaded when a command runs. */
import { type AddCommand, command, examples, lazily, sheetOption } from '../command.ts'

export const contractCommand: AddCommand = (program, end) => {
  const contract = program
    .command('contract')
    .description('draft, complete and check the contract of a dataset; needs no database')
  command(contract, 'draft', 'draft the contract of a new dataset from a CSV or XLSX file')
    .argument('<file>', 'a file as providers will send it')
    .requiredOption('--dataset <slug>', 'name of the dataset in addresses, such as school-canteens')
    .option('--title <text>', 'title of the dataset; by default the title in the file, or its name')
    .option('--provider <code>', 'who brings the data; by default the provider of the other datasets')
    .option('--key <column...>', 'the columns that identify a record; by default they are inferred')
    .option('--name <header=name...>', 'the name of a field; by default its header, or its pinyin')
    .option(...sheetOption)
    .option('--out <folder>', 'where the folder of the dataset is created', '.')
    .addHelpText(
      'after',
      `
Writes <slug>/contract.v1.json and <slug>/texts.csv. Fill in the empty cells of texts.csv in a spreadsheet, then
run contract fill and contract preview. Nothing is overwritten. The columns are inferred from the first 50,000 rows; preview reads all of them.

Examples:
  qingdan contract draft canteens.xlsx --dataset school-canteens
  qingdan contract fill school-canteens
  qingdan contract preview school-canteens canteens.xlsx`,
    )
    .action(lazily(() => import('./draft.ts').then(({ draft }) => draft), end))
  command(contract, 'fill', 'put the texts and names of texts.csv into the contract beside it')
    .argument('<folder>', 'the folder of the dataset')
    .addHelpText('after', examples('qingdan contract fill school-canteens'))
    .action(lazily(() => import('./fill.ts').then(({ fill }) => fill), end))
  command(contract, 'check', 'check the contracts and code lists of one dataset, and report all faults')
    .argument('<path>', 'the folder of the dataset, or a file in it')
    .addHelpText('after', examples('qingdan contract check school-canteens'))
    .action(lazily(() => import('./check.ts').then(({ check }) => check), end))
  command(contract, 'preview', 'show how a file reads under a contract')
    .argument('<path>', 'the folder of the dataset, or a contract in it')
    .argument('<file>', 'a CSV or XLSX file')
    .option('--edition <name>', 'the edition, such as 2025 or 2025-2026; by default the current one')
    .option('--provider <code>', 'the provider, if the dataset has several')
    .option('--rows <number>', 'how many records to show', '3')
    .option(...sheetOption)
    .addHelpText('after', examples('qingdan contract preview school-canteens canteens.xlsx --edition 2026'))
    .action(lazily(() => import('./preview.ts').then(({ preview }) => preview), end))
}
