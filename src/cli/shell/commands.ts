/** The command that prints completion scripts. */
import type { Command } from 'commander'
import { type AddCommand, UsageError } from '../command.ts'
import { phrase } from '../phrases.ts'

export const completionCommand: AddCommand = (program) => {
  program
    .command('completion')
    .description('print a script that completes commands, options and datasets in a shell')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText(
      'after',
      `
Load the script in each new shell, or write it to the folder from which the shell loads completions.

Examples:
  echo 'source <(qingdan completion bash)' >> ~/.bashrc
  echo 'source <(qingdan completion zsh)' >> ~/.zshrc
  qingdan completion fish > ~/.config/fish/completions/qingdan.fish`,
    )
    .action(async (shell: string, _options: unknown, own: Command) => {
      const { completionScript, printDatasets } = await import('./completion.ts')
      // The scripts call this for the slugs, which change without them.
      if (shell === 'datasets') return printDatasets()
      const script = completionScript(shell, own.parent ?? own)
      if (script === undefined) throw new UsageError(phrase('The shell must be one of bash, zsh, fish.'))
      process.stdout.write(script)
    })
}
