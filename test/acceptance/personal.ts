/**
 * An act with rows about persons: encrypted bundles of two providers are delivered and published. Whatever happens
 * meanwhile, the statistics are published once, and no row is left in any table or file.
 */
import { mkdir, mkdtemp, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { listVersions } from '../../src/catalogue/index.ts'
import type { OpenContext } from '../../src/context.ts'
import { findInTables } from '../../src/db/traces.ts'
import { closeCorrections } from '../../src/ingest/derived/corrections.ts'
import { receive, takeBundle } from '../../src/ingest/index.ts'
import { findInFiles } from '../../src/operations/erasure/find-in-files.ts'
import { Problem } from '../../src/platform/problem.ts'
import { publishEdition, requestPublication } from '../../src/publication/index.ts'
import {
  personMarker,
  swimmers,
  swimmersCsv,
  swimmersOf,
  writePersonalBag,
} from '../support/personal-bundles.ts'
import { actor, exists, type Scene } from './acts.ts'
import { personalEdition } from './trial.ts'
import type { Wrong } from './verdict.ts'

const swimmersPerPart = 200

/** Delivers both parts and publishes them. Encrypted bundles differ each time, so they are kept on the stick. */
export async function deliverPersonal(
  context: OpenContext,
  { edition: of, stick, reach }: Scene,
): Promise<void> {
  const edition = personalEdition(of)
  for (const district of ['310101', '310104']) {
    const path = join(stick, `personal-${edition}-${district}`)
    if (!(await exists(path))) {
      await mkdir(stick, { recursive: true })
      const inside = await mkdtemp(join(stick, 'personal-'))
      const rows = swimmersCsv(swimmersOf(district, swimmersPerPart))
      const bundle = { provider: `edu-${district}`, rows, edition }
      await rename(await writePersonalBag(context, inside, bundle), path)
    }
    reach('personal-bundle')
    const { id } = await receive(context, { path, broughtBy: actor })
    const { state } = await takeBundle(context, id)
    if (state !== 'staged') throw new Error(`the part of ${district} is ${state}`)
  }
  try {
    const { id } = await requestPublication(context, { dataset: swimmers, edition, askedBy: actor })
    const { state } = await publishEdition(context, id)
    if (state !== 'done') throw new Error(`the publication is ${state}`)
  } catch (error) {
    if (!(error instanceof Problem) || !repeated.includes(error.code)) throw error
  }
}

/** Problems of a publication that is requested again after it was done, or after the parts have ended. */
const repeated = ['nothing-to-publish', 'edition-incomplete']

/** Days after the publication at which no correction is accepted any more: more than the trial's contract says. */
const daysLater = 31

/** Ends the time for corrections of all editions that are published. */
export async function closePersonal(context: OpenContext): Promise<void> {
  const clock = () => new Date(context.clock().getTime() + daysLater * 86_400_000)
  await closeCorrections({ ...context, clock })
}

/** What is left of the statistics of an edition whose time for corrections is over. */
export async function inspectClosed(context: OpenContext, of: string): Promise<readonly Wrong[]> {
  const edition = personalEdition(of)
  const wrong: Wrong[] = []
  const parts = await context.database.work<{ bundle: string; current: boolean }[]>`
    SELECT left(bundle_id, 40) AS bundle, replaced_at IS NULL AS current FROM qingdan.part
    WHERE dataset = ${swimmers} AND edition = ${edition}`
  if (parts.some(({ current }) => current))
    wrong.push({ class: 'half visible', what: `${edition}: a part is still current` })
  const tables = await context.database.work<{ name: string }[]>`
    SELECT tablename AS name FROM pg_tables
    WHERE schemaname = 'staging' AND substr(tablename, 3) = ANY(${parts.map(({ bundle }) => bundle)})`
  for (const { name } of tables)
    wrong.push({ class: 'half visible', what: `${edition}: statistics are left in ${name}` })
  const key = join(context.config.QINGDAN_DATA, 'keys', 'editions', `${swimmers}.${edition}.key`)
  if (await exists(key)) wrong.push({ class: 'half visible', what: `${edition}: the key of digests is left` })
  return wrong
}

/** What is wrong with the published statistics, and where a row is left. */
export async function inspectPersonal(context: OpenContext, of: string): Promise<readonly Wrong[]> {
  const edition = personalEdition(of)
  const wrong: Wrong[] = []
  const [version, ...more] = await listVersions(context.database, { dataset: swimmers, edition })
  if (version === undefined) return [{ class: 'lost', what: `${edition}: no statistics` }]
  if (more.length > 0) wrong.push({ class: 'duplicated', what: `${edition}: several versions of statistics` })
  const [counted] = await context.database.work.unsafe(
    `SELECT sum(swimmers)::int AS pupils FROM published.${version.recordsTable}`,
  )
  if (counted?.['pupils'] !== 2 * swimmersPerPart)
    wrong.push({ class: 'wrong bytes', what: `${edition}: ${counted?.['pupils']} swimmers counted` })
  const quiet = () => undefined
  const tables = await findInTables(context.database.ownerUrl, personMarker, quiet)
  const { found } = await findInFiles([context.config.QINGDAN_DATA], personMarker, quiet)
  for (const place of [...tables.map(({ table }) => table), ...found])
    wrong.push({ class: 'half visible', what: `a row about a person is in ${place}` })
  return wrong
}
