/**
 * Compares the current parts with their staging tables, and finds staging tables that nothing refers to. A table
 * that is missing or empty is no fault: a restore or a crash of the database leaves it so, and its rows are
 * staged again from the stored bundle when they are needed.
 */
import type { AppContext } from '../../catalogue/index.ts'
import { problem } from '../../platform/problem.ts'
import { lockOf } from './edition-lock.ts'
import { countStaged, dropStaged, getPart } from './parts.ts'
import { ensureStaged } from './rows.ts'

interface PartFault {
  readonly dataset: string
  readonly edition: string
  readonly provider: string
  readonly bundle: string
}

/** The current parts whose tables have another number of rows than was staged. */
export async function checkParts(context: AppContext): Promise<readonly PartFault[]> {
  const { work } = context.database
  const parts = await work<(PartFault & { rows: number })[]>`
    SELECT dataset, edition, provider, bundle_id AS bundle, rows::float8 AS rows
    FROM qingdan.part WHERE replaced_at IS NULL ORDER BY id`
  const faults: PartFault[] = []
  for (const { rows, ...part } of parts) {
    const isDifferent = async () => ![undefined, 0, rows].includes(await countStaged(work, part.bundle))
    // A second time, because its rows may have been loaded meanwhile.
    if ((await isDifferent()) && (await context.database.lock(lockOf(part), isDifferent))) faults.push(part)
  }
  return faults
}

/** Stages the rows of a part again from its stored bundle. Returns false if the bundle is not stored any more. */
export async function restagePart(context: AppContext, { bundle, ...of }: PartFault): Promise<boolean> {
  return context.database.lock(lockOf(of), async () => {
    const part = await getPart(context.database.work, bundle)
    return ensureStaged(context, part, () => undefined).then(
      () => true,
      () => false,
    )
  })
}

/** Ids of bundles, or the beginnings of ids of unknown ones, whose staging tables nothing refers to. */
export async function listOrphanStaged(context: AppContext): Promise<readonly string[]> {
  const rows = await context.database.work<{ id: string; digits: string }[]>`
    SELECT DISTINCT b.id, substr(t.tablename, 3) AS digits
    FROM pg_tables t LEFT JOIN qingdan.bundle b ON left(b.id, 40) = substr(t.tablename, 3)
    WHERE t.schemaname = 'staging' AND t.tablename ~ '^[bud]_[0-9a-f]{40}$'
      AND (b.id IS NULL OR b.state IN ('refused', 'dropped'))
      AND NOT EXISTS (SELECT FROM qingdan.part p WHERE p.bundle_id = b.id AND p.replaced_at IS NULL)
    ORDER BY 2`
  return rows.map(({ id, digits }) => id ?? digits)
}

/** How long to wait for a bundle that is being processed, which is a reference. */
const patience = { millisecondsMax: 1_000, refuse: () => problem('edition-busy') }

/** Drops the staging tables of a bundle unless something refers to them by now. Returns whether it did. */
export async function dropOrphanStaged(context: AppContext, id: string): Promise<boolean> {
  return context.database.lock(
    `bundle ${id}`,
    async () => {
      if (!(await listOrphanStaged(context)).includes(id)) return false
      await dropStaged(context.database, id)
      return true
    },
    patience,
  )
}
