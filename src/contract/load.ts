/**
 * Loads contracts and code lists from folders. A folder is all a dataset needs: no code names one. Reports all
 * errors together, each with the file, the position in it and what to do. Faulty files of the folders that people
 * change while the service runs are set aside; everything else is loaded.
 */
import { readdir, readFile } from 'node:fs/promises'
import { basename, join, sep } from 'node:path'
import { canonicalJson, digestOf } from '../platform/digest.ts'
import { problem } from '../platform/problem.ts'
import { joinCodes, listComplaints, parseCodeFile } from './codes/code-files.ts'
import type { Code, CodeList } from './codes/codes.ts'
import type { Contract, LoadedContract } from './contract.ts'
import { type Complaint, ContractError, type ContractFault } from './contract-errors.ts'
import { contractComplaints, type KnownNames } from './contract-rules.ts'
import type { Contracts } from './contracts.ts'
import type { CodeLists } from './field-rules.ts'
import {
  currentListName,
  currentSource,
  pathInFile,
  renameKeywords,
  withFormerLists,
} from './former-names.ts'
import { readContractSchema, type SchemaCheck } from './schema.ts'

export interface LoadOptions {
  /**
   * Folders such as `datasets`; later ones add to earlier ones. A missing folder is allowed, because
   * `$QINGDAN_DATA/contracts` is empty at first.
   */
  readonly folders: readonly string[]
  /** Folders of single datasets, each named after its slug. */
  readonly datasetFolders?: readonly string[]
  /** Those of the folders whose faulty files are set aside. A fault in another folder throws. */
  readonly setAsideIn?: readonly string[]
  /** Contracts in use: they are loaded in place of a file that was set aside or has been changed since. */
  readonly inUse?: readonly ContractInUse[]
  /** Whether the contracts are those of a mirror, to which nobody delivers. */
  readonly isMirror?: boolean
  /** Names that other modules offer. What is left out is not checked. */
  readonly known?: KnownNames
}

/** A contract under which data may be published, as it was pinned. */
export interface ContractInUse {
  readonly dataset: string
  readonly contractVersion: number
  readonly digest: string
  readonly document: LoadedContract['document']
}

/**
 * Reads `<folder>/codes/*.csv`, `<folder>/<slug>/codes/*.csv` and `<folder>/<slug>/contract.vN.json`.
 * Throws ContractError with every fault outside the folders of `setAsideIn`.
 */
export async function loadContracts(options: LoadOptions): Promise<Contracts> {
  const { folders, datasetFolders = [], known = {}, setAsideIn = [], inUse = [], isMirror = false } = options
  const faults: ContractFault[] = []
  const isTolerated = (file: string) => setAsideIn.some((folder) => file.startsWith(join(folder, sep)))
  const single = datasetFolders.map((path) => ({ slug: basename(path), path }))
  const slugFolders = [...(await findSlugFolders(folders)), ...single]
  const codeFolders = [...folders, ...slugFolders.map(({ path }) => path)].map((path) => join(path, 'codes'))
  const lists = await readCodeLists(codeFolders, isTolerated, faults)
  const found = await readContracts(slugFolders, inUse, isTolerated, faults)
  const others = (dataset: string) =>
    found
      .map(({ contract }) => contract)
      .filter((contract) => contract.dataset === dataset)
      .sort((a, b) => b.contractVersion - a.contractVersion)[0]
  const loaded = found.filter(({ contract, digest, file, formerKeywords }) => {
    const isNew = !isMirror && !inUse.some((one) => one.digest === digest && one.dataset === contract.dataset)
    const complaints = [...contractComplaints(contract, { lists, known, others, isNew })]
    for (const [path, message] of complaints)
      faults.push({ file, path: pathInFile(path, formerKeywords), message })
    return complaints.length === 0
  })
  const versions = joinVersions(loaded, faults)
  if (versions.size === 0 && faults.length === 0) {
    faults.push({ file: folders.join(', '), path: '', message: 'holds no <slug>/contract.v1.json; add one' })
  }
  if (faults.some(({ file }) => !isTolerated(file))) throw new ContractError(faults)
  return buildContracts(versions, lists, faults)
}

interface SlugFolder {
  readonly slug: string
  readonly path: string
}

async function findSlugFolders(folders: readonly string[]): Promise<readonly SlugFolder[]> {
  const found: SlugFolder[] = []
  for (const folder of folders) {
    for (const entry of await entriesOf(folder)) {
      if (!entry.isDirectory() || entry.name === 'codes' || entry.name.startsWith('.')) continue
      found.push({ slug: entry.name, path: join(folder, entry.name) })
    }
  }
  return found
}

async function entriesOf(folder: string) {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

async function readCodeLists(
  folders: readonly string[],
  isTolerated: (file: string) => boolean,
  faults: ContractFault[],
): Promise<CodeLists> {
  const files = new Map<string, CodeFile[]>()
  for (const folder of folders) {
    for (const entry of await entriesOf(folder)) {
      if (!entry.name.endsWith('.csv')) continue
      const file = join(folder, entry.name)
      const { codes, complaints } = parseCodeFile(await readFile(file))
      for (const [path, message] of complaints) faults.push({ file, path, message })
      if (complaints.length > 0 && isTolerated(file)) continue
      const name = currentListName(entry.name.slice(0, -'.csv'.length))
      files.set(name, [...(files.get(name) ?? []), { file, codes }])
    }
  }
  const lists = new Map<string, CodeList>()
  for (const [name, parts] of files) {
    let sound = parts.filter(({ file }) => !isTolerated(file))
    let list = sound.length === 0 ? undefined : joinFiles(name, sound, faults).list
    for (const part of parts.filter(({ file }) => isTolerated(file))) {
      const joined = joinFiles(name, [...sound, part], faults)
      if (!joined.isSound) continue
      sound = [...sound, part]
      list = joined.list
    }
    if (list !== undefined) lists.set(name, list)
  }
  return withFormerLists(lists)
}

interface CodeFile {
  readonly file: string
  readonly codes: readonly Code[]
}

/** Joins the files of a list. Their faults together are those of the last file. */
function joinFiles(name: string, parts: readonly CodeFile[], faults: ContractFault[]) {
  const list = joinCodes(
    name,
    parts.map(({ codes }) => codes),
  )
  const complaints = listComplaints(list)
  const file = parts.at(-1)?.file ?? ''
  const others = parts.slice(0, -1).map((part) => part.file)
  const beside = others.length === 0 ? '' : ` (beside ${others.join(', ')})`
  for (const message of complaints) faults.push({ file, path: '', message: `${message}${beside}` })
  return { list, isSound: complaints.length === 0 }
}

async function readContracts(
  slugFolders: readonly SlugFolder[],
  inUse: readonly ContractInUse[],
  isTolerated: (file: string) => boolean,
  faults: ContractFault[],
): Promise<readonly LoadedContract[]> {
  const check = await readContractSchema()
  const loaded: LoadedContract[] = []
  for (const { slug, path } of slugFolders) {
    const names = (await entriesOf(path))
      .map((entry) => entry.name)
      .filter((name) => /^contract\b/.test(name))
    if (names.length === 0) {
      faults.push({
        file: path,
        path: '',
        message: 'holds no contract.v1.json; add one or remove the folder',
      })
    }
    for (const name of names) {
      const file = join(path, name)
      const { read, complaints } = parseContract(await readFile(file, 'utf8'), name, slug, check)
      for (const [at, message] of complaints) faults.push({ file, path: at, message })
      const one = read === undefined ? undefined : loadedOf(read, file)
      const used = isTolerated(file) ? usedOf(inUse, slug, name) : undefined
      if (used !== undefined && one?.digest !== used.digest) {
        if (one !== undefined) faults.push({ file, path: '', message: changedMessage })
        const { read: pinned } = parseContract(JSON.stringify(used.document), name, slug, check)
        if (pinned !== undefined) loaded.push(loadedOf(pinned, file))
      } else if (one !== undefined) loaded.push(one)
    }
  }
  return loaded
}

const changedMessage =
  'has changed since it was first loaded, and the former contract stays in use; restore it, and put the change ' +
  'into the next contract.vN.json'

function usedOf(inUse: readonly ContractInUse[], slug: string, name: string): ContractInUse | undefined {
  return inUse.find(({ dataset, contractVersion }) => {
    return dataset === slug && name === `contract.v${contractVersion}.json`
  })
}

type ReadContract = Pick<LoadedContract, 'contract' | 'document' | 'formerKeywords'>

function loadedOf(read: ReadContract, file: string): LoadedContract {
  return { ...read, digest: digestOf(canonicalJson(read.document)), file }
}

/** The contract of a file, or the faults that its own text shows. */
function parseContract(text: string, name: string, slug: string, check: SchemaCheck) {
  const number = /^contract\.v([1-9]\d{0,3})\.json$/.exec(name)?.[1]
  if (number === undefined)
    return { complaints: [['', 'name it contract.v1.json, contract.v2.json …']] as const }
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    // The parser's message would quote the text; the author's editor shows the position better.
    return { complaints: [['', 'is not valid JSON; correct its syntax']] as const }
  }
  const { value, found, complaints: twice } = renameKeywords(document)
  if (twice.length > 0) return { complaints: twice }
  const complaints = check(value).map(([path, message]): Complaint => [pathInFile(path, found), message])
  if (complaints.length > 0) return { complaints }
  // The schema has validated both, so they have the types of Contract.
  const checked = value as Contract
  const contract = deepFreeze({ ...checked, source: currentSource(checked.source) })
  const read = {
    contract,
    document: deepFreeze(document as LoadedContract['document']),
    formerKeywords: found,
  }
  if (contract.dataset !== slug) complaints.push(['/dataset', `must be "${slug}", as the folder is named`])
  if (contract.contractVersion !== Number(number)) {
    complaints.push(['/contractVersion', `must be ${number}, as the file is named`])
  }
  return complaints.length > 0 ? { complaints } : { read, complaints }
}

function deepFreeze<Value>(value: Value): Value {
  if (value !== null && typeof value === 'object') {
    for (const inner of Object.values(value)) deepFreeze(inner)
    Object.freeze(value)
  }
  return value
}

type Versions = ReadonlyMap<string, readonly LoadedContract[]>

function joinVersions(loaded: readonly LoadedContract[], faults: ContractFault[]): Versions {
  const versions = new Map<string, LoadedContract[]>()
  for (const one of loaded) {
    const { dataset, contractVersion } = one.contract
    const others = versions.get(dataset) ?? []
    const same = others.find((other) => other.contract.contractVersion === contractVersion)
    if (same === undefined) versions.set(dataset, [...others, one])
    else if (same.digest !== one.digest) {
      const message = `differs from ${same.file}; a contract is never edited: give this one the next number`
      faults.push({ file: one.file, path: '', message })
    }
  }
  for (const [dataset, found] of versions) {
    found.sort((a, b) => a.contract.contractVersion - b.contract.contractVersion)
    // Contracts after a gap are not used.
    const gap = found.findIndex((one, index) => one.contract.contractVersion !== index + 1)
    const after = found[gap]
    if (after !== undefined) {
      const message = `the contract ${gap + 1} of "${dataset}" is missing; contracts are numbered without a gap`
      faults.push({ file: after.file, path: '/contractVersion', message })
      found.splice(gap)
      if (gap === 0) versions.delete(dataset)
    }
  }
  return versions
}

function buildContracts(versions: Versions, lists: CodeLists, setAside: readonly ContractFault[]): Contracts {
  const slugs = [...versions.keys()].sort()
  const versionsOf = (dataset: string) => versions.get(dataset) ?? []
  const find = (dataset: string, contractVersion?: number) =>
    contractVersion === undefined ? versionsOf(dataset).at(-1) : versionsOf(dataset)[contractVersion - 1]
  return Object.freeze({
    setAside,
    list: () => slugs.flatMap((slug) => versionsOf(slug).slice(-1)),
    versions: versionsOf,
    find,
    get: (dataset: string, contractVersion?: number) => {
      const found = find(dataset, contractVersion)
      if (found !== undefined) return found
      throw versions.has(dataset)
        ? problem('contract-not-found', { dataset, contractVersion })
        : problem('dataset-not-found', { dataset })
    },
    codes: (name: string) => {
      const list = lists.get(name)
      if (list === undefined) throw new Error(`no code list ${name}`)
      return list
    },
  })
}
