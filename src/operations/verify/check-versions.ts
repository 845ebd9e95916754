/**
 * Compares each version with the record of its publication: the files and the table of records. A damaged
 * file is rendered again from the records, a damaged table is loaded again from the plain CSV; both only if
 * the result has the recorded digest. What can't be made again is set aside.
 */
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { type RecordedVersion, readRecorded, storedName } from '../../catalogue/index.ts'
import type { StoredDistribution } from '../../contract/index.ts'
import type { FileFault } from '../../files/files.ts'
import { FormatRefusal, getFormat } from '../../formats/index.ts'
import { lockOf } from '../../ingest/index.ts'
import { renderAgain } from '../../publication/index.ts'
import { checkTable, restoreRecords } from '../../records/index.ts'
import { repairedFolder, type Verification } from './verification.ts'

const plainFormat = 'csv'
const gzipFormat = 'csv.gz'

/** Checks every version that is published or prepared. */
export async function checkVersions(verification: Verification): Promise<void> {
  const { context, counts, progress, repair } = verification
  const versions = await readRecorded(context.database.work)
  for (const [index, version] of versions.entries()) {
    progress('versions', index, versions.length)
    const state = await stateOf(verification, version)
    counts.versions += 1
    counts.files += version.distributions.length
    counts.bytes += version.distributions.reduce((sum, { bytes }) => sum + bytes, 0)
    counts.records += version.records
    if (isIntact(state) || (await isChanged(verification, version))) continue
    // The lock excludes a release, a withdrawal and the end of a draft.
    if (repair && state.hasContract)
      await context.database.lock(lockOf(version), () => repairVersion(verification, version))
    else reportState(verification, version, state)
  }
}

type Table = Awaited<ReturnType<typeof checkTable>>

interface VersionState {
  readonly files: ReadonlyMap<StoredDistribution, FileFault>
  readonly table: Table
  readonly isOfPlain: boolean
  /** Without its contract, the records can't be rendered, so they are not compared. */
  readonly hasContract: boolean
}

const isIntact = ({ files, table, isOfPlain, hasContract }: VersionState) =>
  files.size === 0 && table === undefined && isOfPlain && hasContract

async function stateOf({ context }: Verification, version: RecordedVersion): Promise<VersionState> {
  const files = new Map<StoredDistribution, FileFault>()
  for (const file of ordered(version)) {
    const fault = await context.files.check(storedName(version, file.format), file, { again: true })
    // Nobody may read a withdrawn version, so its files may be missing; what is stored must be right.
    if (fault !== undefined && !(version.isWithdrawn && fault === 'missing')) files.set(file, fault)
  }
  const loaded = context.contracts.find(version.dataset, version.contractVersion)
  const of = { ...version, table: version.recordsTable }
  const table = loaded === undefined ? undefined : await checkTable(context.database, loaded.contract, of)
  const plain = version.distributions.find(({ format }) => format === plainFormat)
  return { files, table, isOfPlain: plain?.digest === version.digest, hasContract: loaded !== undefined }
}

/** Rendered files first, because others are recoded from them. */
function ordered({ distributions }: RecordedVersion): readonly StoredDistribution[] {
  const isRecoded = ({ format }: StoredDistribution) => Number('from' in getFormat(format))
  return [...distributions].sort((a, b) => isRecoded(a) - isRecoded(b))
}

/** Whether the version was withdrawn, dropped or prepared again while it was read. */
async function isChanged({ context }: Verification, version: RecordedVersion): Promise<boolean> {
  const [now] = await readRecorded(context.database.work, version.id)
  return now?.digest !== version.digest || now.isWithdrawn !== version.isWithdrawn
}

const subjectOf = ({ dataset, edition, number }: RecordedVersion) => `${dataset} ${edition} v${number}`

function reportState({ report }: Verification, version: RecordedVersion, state: VersionState): void {
  if (!state.hasContract) report('contract-missing', `${version.dataset} ${version.contractVersion}`)
  if (!state.isOfPlain) report('record-differs', subjectOf(version))
  if (state.table !== undefined) report(`table-${state.table}`, subjectOf(version))
  for (const [file, fault] of state.files) report(`file-${fault}`, storedName(version, file.format))
}

async function repairVersion(verification: Verification, version: RecordedVersion): Promise<void> {
  const { report } = verification
  // Read again under the lock: another process may have repaired it.
  const state = await stateOf(verification, version)
  if (!state.isOfPlain) report('record-differs', subjectOf(version))
  let isTableRight = state.table === undefined
  if (state.table !== undefined) {
    const movedTo = await restoreTable(verification, version, state.files)
    isTableRight = movedTo !== undefined
    const outcome = isTableRight ? ('repaired' as const) : null
    report(`table-${state.table}`, subjectOf(version), { action: outcome, movedTo: movedTo ?? null })
  }
  const damaged = new Set([...state.files.keys()].map(({ format }) => format))
  for (const [file, fault] of state.files) {
    const stored = storedName(version, file.format)
    const format = getFormat(file.format)
    const isSourceRight = 'from' in format ? !damaged.has(format.from) : isTableRight
    const repaired = isSourceRight ? await makeAgain(verification, version, file) : undefined
    const movedTo = await verification.setAside(stored)
    if (repaired !== undefined) {
      const { files } = verification.context
      await files.move(repaired, stored)
      // As the release did: only the files of a version that waits for its release may still be replaced.
      if (version.isServed || version.isWithdrawn) await files.seal(stored)
      damaged.delete(file.format)
    }
    const aside = movedTo === null ? null : ('set-aside' as const)
    report(`file-${fault}`, stored, { action: repaired === undefined ? aside : 'repaired', movedTo })
  }
}

/** Ends a rendering whose digest is not the recorded one; nothing of it stays. */
class OtherBytes extends Error {}

/** Makes a file again beside its place. Returns its name; undefined if its bytes are not those recorded. */
async function makeAgain(
  { context }: Verification,
  version: RecordedVersion,
  file: StoredDistribution,
): Promise<string | undefined> {
  const name = `${repairedFolder}/${randomUUID()}/${file.name}`
  try {
    await context.files.write(
      ({ digest }) => {
        if (digest !== file.digest) throw new OtherBytes()
        return name
      },
      renderAgain(context, version, file.format),
    )
    return name
  } catch (error) {
    if (error instanceof OtherBytes || error instanceof FormatRefusal) return undefined
    throw error
  }
}

/**
 * Loads the table again from the plain CSV, or from its compressed form. Returns where the damaged table is
 * now, null if there was none, and undefined if neither file gives the recorded records.
 */
async function restoreTable(
  { context }: Verification,
  version: RecordedVersion,
  damaged: ReadonlyMap<StoredDistribution, FileFault>,
): Promise<string | null | undefined> {
  const { contract } = context.contracts.get(version.dataset, version.contractVersion)
  for (const format of [plainFormat, gzipFormat]) {
    const file = version.distributions.find((one) => one.format === format)
    if (file === undefined || damaged.has(file)) continue
    const bytes = context.files.read(storedName(version, format))
    const plain = format === gzipFormat ? unpacked(bytes) : bytes
    const of = { table: version.recordsTable, digest: version.digest, at: new Date() }
    const movedTo = await restoreRecords(context.database, contract, of, plain)
    if (movedTo !== undefined) return movedTo === null ? null : `published.${movedTo}`
  }
  return undefined
}

function unpacked(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const gunzip = createGunzip()
  // An error destroys the stream, so its reader gets it.
  pipeline(Readable.from(bytes), gunzip).catch(() => undefined)
  return gunzip
}
