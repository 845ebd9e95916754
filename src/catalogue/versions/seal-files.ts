/** Seals the files of published versions, so that no later write replaces them, whatever the database says. */

import type { VersionName } from '../../contract/index.ts'
import type { Files } from '../../files/files.ts'
import { versionFolder } from '../addresses.ts'
import type { AppContext } from '../context.ts'

/**
 * Seals the files of a version that has just been published. Never throws: the version is published, and the
 * next start seals what is missing.
 */
export async function sealVersion(
  { files }: Pick<AppContext, 'files'>,
  { dataset, edition, number }: VersionName,
): Promise<void> {
  const stored = await files.list(versionFolder({ dataset, edition, number })).catch(() => [])
  for (const name of stored) await files.seal(name).catch(() => undefined)
}

/** How many files are sealed at the same time. */
const filesAtOnce = 32

/** Seals the files of all published versions: those of earlier releases, and where a crash came between. */
export async function sealPublished({
  database,
  files,
}: Pick<AppContext, 'database'> & { readonly files: Pick<Files, 'seal'> }): Promise<void> {
  const rows = await database.work<{ dataset: string; edition: string; number: number; name: string }[]>`
    SELECT e.dataset, e.edition, v.number, d.name
    FROM qingdan.distribution d JOIN qingdan.version v ON v.id = d.version_id
      JOIN qingdan.edition e ON e.id = v.edition_id
    WHERE v.published_at IS NOT NULL`
  for (let at = 0; at < rows.length; at += filesAtOnce) {
    const some = rows.slice(at, at + filesAtOnce)
    await Promise.all(some.map((row) => files.seal(`${versionFolder(row)}/${row.name}`).catch(() => false)))
  }
}
