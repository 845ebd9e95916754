/** `qingdan serve` and `qingdan migrate`: the service itself, and its database alone. */
import { type AddCommand, type Common, command, withContext } from './command.ts'
import { print } from './output.ts'

export const serveCommand: AddCommand = (program, end) => {
  program
    .command('serve')
    .description('start the service and serve until SIGTERM or Ctrl+C')
    .action(async () => {
      // Only this command needs the HTTP service, whose modules take longest to load.
      const { serve } = await import('./run-service.ts')
      end(await serve(process.env))
    })
}

export const migrateCommand: AddCommand = (program) => {
  command(program, 'migrate', 'bring the database to the newest form, and do nothing else').action(
    async (options: Common) =>
      withContext(async () =>
        print.result(options, { newest: true }, () => print.line('The database has the newest form.')),
      ),
  )
}
