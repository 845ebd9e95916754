/**
 * Reads the rows of a part into its derivation. The rows themselves are not stored: what remains of them are the
 * part's statistics and the digests of its keys.
 */
import { copyPaths, type FileCount, type ValidateOptions } from '../../bundle/index.ts'
import type { AppContext } from '../../catalogue/index.ts'
import { intakeFields, intakeKey, partsOf } from '../../contract/index.ts'
import { getDerivation, type PartDerivation, type StatisticsRow } from '../../derivations/index.ts'
import { defined } from '../../platform/defined.ts'
import type { DirectoryPin } from '../pipeline/parts.ts'
import { readDirectories } from './directories.ts'
import { buildKeyDigests, type KeyDigests, loadDigestKey } from './key-digests.ts'

export interface PartRead {
  readonly files: readonly FileCount[]
  readonly rows: number
  readonly statistics: () => Iterable<StatisticsRow>
  readonly digests: KeyDigests
}

/** Reads a part. `optionsOf` gives what each path reads with, since a later path starts from the beginning. */
export async function readPart(
  context: AppContext,
  directories: readonly DirectoryPin[],
  optionsOf: (path: number) => ValidateOptions,
): Promise<PartRead> {
  const first = optionsOf(0)
  const { contract, manifest } = first
  const use = contract.derivation
  if (use === undefined) throw new Error(`${contract.dataset} has no derivation`)
  const derivation = getDerivation(use.name)
  const of = {
    ...{ contract, use, edition: manifest.edition },
    directories: await readDirectories(context, directories),
  }
  const part = partsOf(contract).find(({ provider }) => provider === manifest.provider)
  if (part === undefined) throw new Error(`${manifest.provider} has no part`)
  const digestKey = await loadDigestKey(context, manifest)
  for (const [index, read] of copyPaths.entries()) {
    const derived = derivation.openPart(of, part)
    const digests = buildKeyDigests(digestKey)
    const taker = buildTaker(first, derived, digests)
    const options = index === 0 ? first : optionsOf(index)
    const reading = read({ ...options, derive: { faults: derivation.faults, open: () => taker } })
    // Nothing but the derivation gets the rows.
    for await (const _ of reading.chunks);
    const files = reading.files()
    if (files === undefined) continue
    const rows = files.reduce((sum, { rowsTaken }) => sum + rowsTaken, 0)
    return { files, rows, statistics: () => derived.finish(), digests }
  }
  throw new Error('the strict path always reads to the end')
}

/** Adds the digest of each row that the derivation accepts. */
function buildTaker(
  { contract, manifest }: ValidateOptions,
  derived: PartDerivation,
  digests: KeyDigests,
): Pick<PartDerivation, 'add' | 'addBytes' | 'isNote' | 'warnings'> {
  const fields = intakeFields(contract).map(({ name }) => name)
  const places = intakeKey(contract).map((name) => fields.indexOf(name))
  const files = new Map(manifest.files.map(({ path }, index) => [path, index]))
  const [keyAt, ...more] = places
  const { addBytes, isNote, warnings } = derived
  return {
    ...defined({ isNote, warnings }),
    ...(addBytes === undefined || keyAt === undefined || more.length > 0
      ? {}
      : {
          addBytes: (row, at) => {
            if (!addBytes(row, at)) return false
            const place = { file: files.get(at.file) ?? 0, row: at.row }
            digests.addBytes(row.bytes, row.begins[keyAt] ?? 0, row.ends[keyAt] ?? 0, place)
            return true
          },
        }),
    add: (values, at, report) => {
      if (!derived.add(values, at, report)) return false
      const key = places.map((place) => values[place] ?? '')
      digests.add(key, { file: files.get(at.file) ?? 0, row: at.row })
      return true
    },
  }
}
