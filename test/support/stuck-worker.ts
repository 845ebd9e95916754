/** A process that takes the job `deadly`, prints a line, and never ends it, to be killed by a test. */

import { openJobs } from '../../src/db/jobs/open-jobs.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import { databaseOptions } from './database.ts'

const database = await openDatabase(databaseOptions(process.argv[2] ?? ''))
const jobs = await openJobs({ database, observe: () => undefined, pollSeconds: 0.5 })
await jobs.work('deadly', async () => {
  process.stdout.write('at work\n')
  await new Promise(() => {})
})
