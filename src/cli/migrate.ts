/** `qingdan migrate`: migrates the database to the newest schema, and does nothing else. */
import type { Common } from './command.ts'
import { print } from './output.ts'
import { withContext } from './with-context.ts'

export async function migrate(options: Common): Promise<void> {
  await withContext(async () =>
    print.result(options, { newest: true }, () => print.line('The database has the newest schema.')),
  )
}
