/**
 * What is stored after a fault and its repetition: compared with what should be, and with `verify`, each fault in
 * one of five classes; `unclear` is an error of a disk that does not say so.
 */
import { readdir } from 'node:fs/promises'
import { listVersions, readChanges } from '../../src/catalogue/index.ts'
import { type OpenContext, openContext } from '../../src/context.ts'
import { bundleFolder } from '../../src/ingest/index.ts'
import { type Defect, verify } from '../../src/operations/index.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { canonicalJson, digestOfFile } from '../../src/platform/digest.ts'
import { quarantineEdition, trialDataset, trialRecords } from './trial.ts'

export const classes = ['lost', 'duplicated', 'half visible', 'wrong bytes', 'unclear'] as const

export interface Wrong {
  readonly class: (typeof classes)[number]
  readonly what: string
}

type Environment = Readonly<Record<string, string>>

/** The class of each defect of `verify`; all others are wrong bytes. */
const defectClasses: Partial<Record<Defect['kind'], Wrong['class']>> = {
  'file-missing': 'lost',
  'table-missing': 'lost',
  'bundle-missing': 'lost',
  'contract-missing': 'lost',
  'key-missing': 'lost',
  'change-gap': 'lost',
  'change-missing': 'lost',
  'change-surplus': 'duplicated',
  'file-size': 'half visible',
  'file-extra': 'half visible',
  'table-count': 'half visible',
  'table-numbers': 'half visible',
}

/** Opens a context for one check of the result. */
export async function within<T>(
  { QINGDAN_DATA, QINGDAN_DATASETS }: Environment,
  inContext: (context: OpenContext) => Promise<T>,
): Promise<T> {
  const silent = () => undefined
  const log = { debug: silent, info: silent, warn: silent, error: silent }
  const context = await openContext(
    loadConfig({ QINGDAN_DATA, QINGDAN_DATASETS, QINGDAN_POOL_MAX: '4' }),
    log,
  )
  try {
    return await inContext(context)
  } finally {
    await context.close()
  }
}

/** The defects that `verify` finds, in their classes. */
export async function verified(context: OpenContext): Promise<readonly Wrong[]> {
  const { defects } = await verify(context, { repair: false, progress: () => undefined })
  return defects.map(({ kind, subject }) => ({
    class: defectClasses[kind] ?? 'wrong bytes',
    what: `verify: ${kind} ${subject}`,
  }))
}

/** What a second service has otherwise than the first: every change, version, record and file. */
export async function compared(environment: Environment, dataFolder: string): Promise<readonly Wrong[]> {
  const atOrigin = await within(environment, holdings)
  return within({ ...environment, QINGDAN_DATA: dataFolder }, async (context) => {
    const isSame = (await holdings(context)) === atOrigin
    const different: Wrong = { class: 'wrong bytes', what: `${dataFolder} differs from its origin` }
    return [...(isSame ? [] : [different]), ...(await verified(context))]
  })
}

/**
 * All that is published, as one text: changes, versions with state and digest, record counts, file digests.
 */
async function holdings({ database, files }: OpenContext): Promise<string> {
  const changes = await readChanges(database.work, 0)
  const versions = []
  for (const { edition, number, state, digest, records, recordsTable } of await listVersions(database)) {
    const held = state === 'published' ? await countOf(database.work, recordsTable) : null
    versions.push({ edition, number, state, digest, records, held })
  }
  const stored = []
  for (const name of await files.list('editions'))
    stored.push([name, await digestOfFile(await files.localPath(name))])
  return canonicalJson({ changes, versions, stored })
}

async function countOf(work: OpenContext['database']['work'], table: string): Promise<number | undefined> {
  const [counted] = await work.unsafe(`SELECT count(*)::int AS records FROM published.${table}`)
  return counted?.['records']
}

/** The digest of the edition's version if there is exactly one, and what is wrong with it. */
export async function inspectPublished(
  { database }: OpenContext,
  edition: string,
): Promise<{ readonly digest: string | undefined; readonly wrong: readonly Wrong[] }> {
  const wrong: Wrong[] = []
  const is = (found: boolean, ofClass: Wrong['class'], what: string) => {
    if (found) wrong.push({ class: ofClass, what: `${edition}: ${what}` })
  }
  const { work } = database
  const [version, ...more] = await listVersions(database, { dataset: trialDataset, edition })
  const { versions, changes } = await countRows(work, edition)
  is(version === undefined || versions === 0, 'lost', 'no version')
  is(more.length > 0 || versions > 1, 'duplicated', `${versions} versions`)
  is(changes === 0, 'lost', 'no change in the log')
  is(changes > 1, 'duplicated', `${changes} changes in the log`)
  if (version === undefined) return { digest: undefined, wrong }
  const { state, number, records, digest, recordsTable } = version
  is(state !== 'published' || number !== 1, 'half visible', `version ${number} is ${state}`)
  const held = await countOf(work, recordsTable)
  is(records !== trialRecords || held !== trialRecords, 'half visible', `${held} records of ${records}`)
  // What was prepared and approved is what was released, once; replaced requests have ended.
  const publications = await work<{ state: string; same: boolean }[]>`
    SELECT p.state, p.digest = v.digest AND p.approved_digest = v.digest AS same FROM qingdan.publication p
    JOIN qingdan.version v ON v.id = p.version_id JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE e.edition = ${edition} AND p.state <> 'dropped'`
  const [done] = publications
  is(publications.length !== 1, 'duplicated', `${publications.length} publications`)
  is(done?.state !== 'done', 'half visible', `the publication is ${done?.state}`)
  is(done?.same !== true, 'wrong bytes', 'another digest than the approved one is published')
  return { digest, wrong }
}

async function countRows(work: OpenContext['database']['work'], edition: string) {
  const [counted] = await work<{ versions: number; changes: number }[]>`
    SELECT (SELECT count(*)::int FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id
        WHERE e.edition = ${edition}) AS versions,
      (SELECT count(*)::int FROM qingdan.change
        WHERE edition = ${edition} AND kind LIKE 'version-%') AS changes`
  return counted ?? { versions: 0, changes: 0 }
}

/** What is left of an erased edition, or missing of its tombstone. */
export async function inspectErased(context: OpenContext, edition: string): Promise<readonly Wrong[]> {
  const { work } = context.database
  const wrong: Wrong[] = []
  const half = (what: string) => wrong.push({ class: 'half visible', what: `${edition}, erased: ${what}` })
  const changes = await work<{ kind: string }[]>`
    SELECT kind FROM qingdan.change WHERE edition = ${edition} AND kind LIKE 'version-%' ORDER BY position`
  const kinds = changes.map(({ kind }) => kind).join(', ')
  if (kinds !== 'version-published, version-withdrawn')
    wrong.push({
      class: changes.length > 2 ? 'duplicated' : 'lost',
      what: `${edition}, erased: changes ${kinds}`,
    })
  const versions = await work<{ erased: boolean; held: boolean }[]>`
    SELECT v.erased_at IS NOT NULL AS erased, to_regclass('published.' || v.records_table) IS NOT NULL AS held
    FROM qingdan.version v JOIN qingdan.edition e ON e.id = v.edition_id WHERE e.edition = ${edition}`
  if (versions.length !== 1) half(`${versions.length} versions`)
  for (const { erased, held } of versions)
    if (!erased || held) half(held ? 'its table remains' : 'no tombstone')
  for (const name of await context.files.list(`editions/${trialDataset}/${edition}`)) half(`${name} remains`)
  const bundles = await work<{ id: string; erased: boolean }[]>`
    SELECT id, erased_at IS NOT NULL AS erased FROM qingdan.bundle WHERE edition = ${edition}`
  for (const { id, erased } of bundles) {
    const stored = await context.files.list(bundleFolder(id))
    if (!erased || stored.length > 0) half(`bundle ${id} remains`)
  }
  return wrong
}

/** Whether one bundle was released and staged, and the other dropped with its bytes. */
export async function inspectQuarantined(context: OpenContext, edition: string): Promise<readonly Wrong[]> {
  const { work } = context.database
  const bundles = await work<{ id: string; state: string }[]>`
    SELECT id, state FROM qingdan.bundle WHERE edition = ${quarantineEdition(edition)} ORDER BY state`
  const states = bundles.map(({ state }) => state).join(', ')
  const wrong: Wrong[] = []
  if (states !== 'dropped, staged')
    wrong.push({ class: 'half visible', what: `quarantined bundles: ${states}` })
  for (const { id } of bundles.filter(({ state }) => state === 'dropped')) {
    if ((await context.files.list(bundleFolder(id))).length > 0)
      wrong.push({ class: 'half visible', what: `the dropped bundle ${id} has bytes` })
  }
  return wrong
}

/** Whether the bundle of the inbox is where it belongs, once. */
export async function inspectInbox(stick: string, edition: string): Promise<readonly Wrong[]> {
  const found = (await readdir(`${stick}/inbox`, { recursive: true })).filter(
    (path) => path.endsWith('.zip') && (path.split('/').at(-1) ?? '').startsWith(`${edition}-`),
  )
  if (found.length === 1 && found[0]?.startsWith('done/') === true) return []
  return [
    {
      class: found.length > 1 ? 'duplicated' : 'lost',
      what: `in the inbox: ${found.join(', ') || 'nothing'}`,
    },
  ]
}
