/**
 * A start whose folder of files and database do not belong together is refused, and changes neither; a pair
 * from before the guard is adopted once, also after a crash. The first case is the one that lost data.
 */
import { cp, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { pino } from 'pino'
import t from 'tap'
import { bindRestored, sealPublished } from '../../src/catalogue/index.ts'
import { openContext } from '../../src/context.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { databaseEnvironment, emptyDatabase } from '../support/database.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, type TestContext } from '../support/open-test-context.ts'

const trees = contractOf(
  [field('tree', 'string', { role: 'key', constraints: { required: true } })],
  ['tree'],
  { dataset: 'tree-register', themes: ['education'], formats: ['csv', 'json'] },
)

async function furnish(tree: string): Promise<TestContext> {
  const made = await openTestContext(t, { contracts: [trees] })
  await made.take({ dataset: 'tree-register', edition: '2026', rows: `tree\n${tree}\n` })
  await made.publish('tree-register', '2026')
  return made
}

const [ours, theirs] = [await furnish('oak'), await furnish('ash')]
const filesOf = ({ folder }: TestContext) => join(folder, 'var', 'files')
const owner = '.owner.json'
const versionOf = (number: number) => join('editions', 'tree-register', '2026', `v${number}`)
const file = 'tree-register-2026-v1.csv'

/** Names, bytes and modes of everything in a folder. */
async function snapshotOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const shown = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name)
    const { mode, mtimeMs } = await lstat(path)
    return `${path} ${mode} ${entry.isFile() ? `${mtimeMs} ${await readFile(path, 'base64')}` : ''}`
  })
  return (await Promise.all(shown)).sort()
}

/** What a start could change in a database: its tables, and the facts that the service stores. */
async function factsOf(url: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query(
      `SELECT schemaname, tablename FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2`,
    )
    if (!rows.some((row) => row.tablename === 'note')) return rows
    return [rows, (await client.query('SELECT * FROM qingdan.note ORDER BY name')).rows]
  } finally {
    await client.end()
  }
}

const log = pino({ level: 'silent' })

async function start(data: string, url?: string): Promise<void> {
  const datasets = join(ours.folder, 'datasets')
  const config = loadConfig({
    QINGDAN_DATA: data,
    QINGDAN_DATASETS: datasets,
    ...(url === undefined ? {} : databaseEnvironment(url)),
  })
  await (await openContext(config, log)).close()
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

interface Case {
  readonly name: string
  /** The service whose files are copied into the data folder; none by default. */
  readonly files?: TestContext
  /** Changes the data folder; gets its path. */
  readonly arrange?: (data: string) => Promise<void>
  /** The database: of a service, an empty one, or else the embedded one of the data folder. */
  readonly database?: TestContext | 'empty'
  readonly says: RegExp
}

const unmarked = (data: string) => rm(join(data, 'files', owner))

const cases: readonly Case[] = [
  {
    name: 'files of unknown origin and no database, as the issue describes it',
    arrange: (data) => write(join(data, 'files/editions/school-calendar/2026/v1', file), 'REAL\n'),
    says: /holds files of a database without a recorded id,[\s\S]*holds no database, and none was created/,
  },
  {
    name: 'files of a database on a server, and DATABASE_URL forgotten',
    files: ours,
    says: /holds files of the database [0-9a-f-]{36},[\s\S]*set DATABASE_URL/,
  },
  {
    name: 'an owner file without files, and no database',
    files: ours,
    arrange: async (data) => {
      for (const name of ['editions', 'bundles']) await rm(join(data, 'files', name), { recursive: true })
    },
    says: /holds no database/,
  },
  {
    name: 'the volume of the embedded database is not mounted',
    files: ours,
    arrange: async (data) => void (await mkdir(join(data, 'database'))),
    says: /mount it/,
  },
  {
    name: 'the place of the embedded database is empty',
    files: ours,
    arrange: async (data) => {
      await mkdir(join(data, 'elsewhere'))
      await writeFile(join(data, 'database-place'), `${join(data, 'elsewhere')}\n`)
    },
    says: /mount it/,
  },
  {
    name: 'only the key of a service is left',
    arrange: (data) => write(join(data, 'keys/service.asc'), 'KEY'),
    says: /keys holds the key of a service, but [\s\S]*restore database and files/,
  },
  {
    name: 'only the key of a service is left, and a new database on a server',
    arrange: (data) => write(join(data, 'keys/service.asc'), 'KEY'),
    database: 'empty',
    says: /the data folder holds the key of a service, and the database is new/,
  },
  {
    name: 'the cluster of the embedded database is gone, but its password is there',
    arrange: (data) => write(join(data, 'database/password'), 'secret\n'),
    says: /database.password is the password of a database, but [\s\S]*mount it/,
  },
  {
    name: 'the folder of files is a link to nothing',
    arrange: (data) => symlink(join(data, 'volume'), join(data, 'files')),
    says: /files is a link to .*volume, which is no folder[\s\S]*Mount the volume/,
  },
  {
    name: 'the folder of files is a file',
    arrange: (data) => writeFile(join(data, 'files'), 'x'),
    says: /files is not a folder[\s\S]*restore the folder/,
  },
  {
    name: 'the folder of the database is a link to nothing',
    arrange: (data) => symlink('/nowhere', join(data, 'database')),
    says: /database is a link to \/nowhere, which is no folder/,
  },
  {
    name: 'an empty database on a server over bound files',
    files: ours,
    database: 'empty',
    says: /belongs to another database[\s\S]*database: no recorded id/,
  },
  {
    name: 'an empty database on a server over files without an owner',
    files: ours,
    arrange: unmarked,
    database: 'empty',
    says: /the folder holds files, and the database knows none/,
  },
  {
    name: 'an empty database over one received bundle',
    arrange: (data) => write(join(data, 'files/bundles/0a/bundle.zip'), 'PK'),
    database: 'empty',
    says: /the folder holds files, and the database knows none/,
  },
  {
    name: 'the database of another service over bound files',
    files: ours,
    database: theirs,
    says: /belongs to another database[\s\S]*folder: {3}[0-9a-f-]{36}\n {2}database: [0-9a-f-]{36} \(/,
  },
  {
    name: 'the database of another service over files without an owner',
    files: ours,
    arrange: async (data) => {
      await unmarked(data)
      // Otherwise both publish files of the same names and sizes.
      await rename(join(data, 'files', versionOf(1)), join(data, 'files', versionOf(2)))
    },
    database: theirs,
    says: /holds the version tree-register 2026 v2, which the database does not know/,
  },
  {
    name: 'the volume of the files is not mounted',
    database: ours,
    says: /the database knows published files or bundles, and the folder is empty/,
  },
  {
    name: 'half of the files were restored',
    files: ours,
    arrange: async (data) => {
      await unmarked(data)
      await rm(join(data, 'files', 'editions'), { recursive: true })
    },
    database: ours,
    says: /of 3 files and bundles of the database the folder holds 1/,
  },
  {
    name: 'a database older than its files',
    files: ours,
    arrange: (data) =>
      cp(join(data, 'files', versionOf(1)), join(data, 'files', versionOf(2)), { recursive: true }),
    database: ours,
    says: /published version tree-register 2026 v2, which the database does not know/,
  },
  {
    name: 'an owner file that is cut off',
    files: ours,
    arrange: (data) => write(join(data, 'files', owner), '{"database":"0'),
    database: ours,
    says: /does not name a database/,
  },
]

for (const [index, { name, files, arrange, database, says }] of cases.entries()) {
  t.test(`refused: ${name}`, async (t) => {
    const data = join(ours.folder, `case-${index}`)
    await mkdir(data)
    if (files !== undefined) {
      const options = { recursive: true, preserveTimestamps: true }
      await cp(filesOf(files), join(data, 'files'), options)
    }
    await arrange?.(data)
    const url = database === 'empty' ? await emptyDatabase(t) : database?.url
    const [folder, facts] = [await snapshotOf(data), url && (await factsOf(url))]
    await t.rejects(start(data, url), says)
    t.same(await snapshotOf(data), folder, 'the data folder is unchanged')
    if (url !== undefined) t.same(await factsOf(url), facts, 'the database is unchanged')
  })
}

t.test('a pair from before the guard is adopted once, and again after a crash', async (t) => {
  const { context, url } = ours
  const data = join(ours.folder, 'var')
  const ownerFile = join(data, 'files', owner)
  const bound = await readFile(ownerFile, 'utf8')
  await rm(ownerFile)
  await context.database.work`DELETE FROM qingdan.note WHERE name = 'data-folder'`
  // As earlier versions wrote it: nothing is sealed, a file is damaged, a draft has only a folder.
  const csv = await context.files.localPath(`${versionOf(1)}/${file}`)
  t.equal((await stat(csv)).mode & 0o777, 0o400, 'a published file is sealed')
  await rm(csv)
  await writeFile(csv, 'tree\noak\n', { mode: 0o600 })
  await start(data, url)
  t.equal(await readFile(ownerFile, 'utf8'), bound, 'the id is that of the origin')
  await rm(ownerFile)
  await Promise.all([start(data, url), start(data, url)])
  t.equal(await readFile(ownerFile, 'utf8'), bound, 'a crash before the owner file was written')
  await sealPublished(context)
  t.equal((await stat(csv)).mode & 0o777, 0o400, 'files of earlier versions are sealed')
  await t.rejects(
    context.files.write(`${versionOf(1)}/${file}`, ['tree\nelm\n'] as never, { replace: true }),
    { name: 'FileConflict' },
  )
})

t.test('a restored pair is bound under an id of its own', async (t) => {
  const data = join(ours.folder, 'restored')
  await cp(filesOf(theirs), join(data, 'files'), { recursive: true })
  await bindRestored(theirs.context.database.work, join(data, 'files'))
  await start(data, theirs.url)
  await t.rejects(start(join(theirs.folder, 'var'), theirs.url), /belongs to another database/)
})
