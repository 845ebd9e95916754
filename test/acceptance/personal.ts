/**
 * An act with rows about persons: encrypted bundles of two providers are delivered and published. Whatever happens
 * meanwhile, the statistics are published once, and no row is left in any table or file.
 */
import { mkdir, mkdtemp, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { listVersions } from '../../src/catalogue/index.ts'
import type { OpenContext } from '../../src/context.ts'
import { findInTables } from '../../src/db/traces.ts'
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
    if (!(error instanceof Problem) || error.code !== 'nothing-to-publish') throw error
  }
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
