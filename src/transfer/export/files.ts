/** The files of an export: their paths in the bag, and their bytes, which are read when needed. */

import { readFile } from 'node:fs/promises'
import { type PayloadFile, paths } from '../../bundle/index.ts'
import { type AppContext, storedName } from '../../catalogue/index.ts'
import {
  type CarriedVersion,
  type Contract,
  codeFileText,
  codeListsOf,
  type LoadedContract,
} from '../../contract/index.ts'
import { canonicalJson, digestOf } from '../../platform/digest.ts'
import type { Selection } from './selection.ts'

/** Every file of an export, sorted by path. */
export function payloadOf(context: AppContext, selection: Selection): readonly PayloadFile[] {
  const { changes, versions, contracts } = selection
  const lists = codeListsOf(contracts)
  const files = [
    text(paths.changes, () => changes.map((change) => `${canonicalJson(change)}\n`).join('')),
    ...contracts.map((loaded) => contractFile(loaded)),
    ...lists.map((name) => text(paths.codeList(name), () => codeFileText(context.contracts.codes(name)))),
    ...versions.flatMap((version) => versionFiles(context, version, carriesFiles(selection, version))),
  ]
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** A version's files come with its publication, unless it is withdrawn: nobody may read them then. */
function carriesFiles({ changes }: Selection, { withdrawn, ...of }: CarriedVersion): boolean {
  if (withdrawn !== null) return false
  return changes.some(
    ({ kind, dataset, edition, version }) =>
      (kind === 'version-published' || kind === 'version-corrected') &&
      dataset === of.dataset &&
      edition === of.edition &&
      version === of.number,
  )
}

function text(path: string, make: () => string): PayloadFile {
  return {
    path,
    isPacked: true,
    data: async function* () {
      yield make()
    },
  }
}

/** The bytes of the file as loaded. Throws a plain Error if it has changed since: its digest is pinned. */
function contractFile({ contract, digest, file }: LoadedContract): PayloadFile {
  return {
    path: paths.contract(contract.dataset, contract.contractVersion),
    isPacked: true,
    data: async function* () {
      const bytes = await readFile(file)
      const value = JSON.parse(bytes.toString('utf8')) as Contract
      if (digestOf(canonicalJson(value)) !== digest) {
        throw new Error(`The contract ${file} was changed since it was loaded. Restore it.`)
      }
      yield bytes
    },
  }
}

/** Formats that are compressed already. */
const packedFormats: ReadonlySet<string> = new Set(['csv.gz', 'xlsx', 'parquet', 'zip'])

function versionFiles(
  context: AppContext,
  version: CarriedVersion,
  withFiles: boolean,
): readonly PayloadFile[] {
  const facts = text(paths.version(version), () => `${JSON.stringify(version, null, 2)}\n`)
  if (!withFiles) return [facts]
  return [
    facts,
    ...version.distributions.map(
      ({ name, format, bytes, digest }): PayloadFile => ({
        path: paths.file(version, name),
        isPacked: !packedFormats.has(format),
        expected: { bytes, digest },
        data: () => context.files.read(storedName(version, format)),
      }),
    ),
  ]
}
