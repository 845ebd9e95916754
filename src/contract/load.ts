/**
 * Loads contracts and code lists from folders once, at start. A folder is all a dataset needs: no code names
 * one. Reports all errors together, each with the file, the position in it and what to do.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson, digestOf } from '../platform/digest.ts'
import { problem } from '../platform/problem.ts'
import { joinCodes, listComplaints, parseCodeFile } from './codes/code-files.ts'
import type { Code, CodeList } from './codes/codes.ts'
import type { Contract, LoadedContract } from './contract.ts'
import { type Complaint, ContractError, type ContractFault } from './contract-errors.ts'
import { contractComplaints, type KnownNames } from './contract-rules.ts'
import type { Contracts } from './contracts.ts'
import type { CodeLists } from './field-rules.ts'
import { currentListName, pathInFile, renameKeywords, withFormerLists } from './former-names.ts'
import { readContractSchema, type SchemaCheck } from './schema.ts'

interface LoadOptions {
  /**
   * Folders such as `datasets`; later ones add to earlier ones. A missing folder is allowed, because
   * `$QINGDAN_DATA/contracts` is empty at first.
   */
  readonly folders: readonly string[]
  /** Names that other modules offer. What is left out is not checked. */
  readonly known?: KnownNames
}

/**
 * Reads `<folder>/codes/*.csv`, `<folder>/<slug>/codes/*.csv` and `<folder>/<slug>/contract.vN.json`.
 * Throws ContractError with every fault. Contracts do not change until the next start.
 */
export async function loadContracts({ folders, known = {} }: LoadOptions): Promise<Contracts> {
  const faults: ContractFault[] = []
  const slugFolders = await findSlugFolders(folders)
  const codeFolders = [...folders, ...slugFolders.map(({ path }) => path)].map((path) => join(path, 'codes'))
  const lists = await readCodeLists(codeFolders, faults)
  const loaded = await readContracts(slugFolders, faults)
  const others = (dataset: string) =>
    loaded
      .map(({ contract }) => contract)
      .filter((contract) => contract.dataset === dataset)
      .sort((a, b) => b.contractVersion - a.contractVersion)[0]
  for (const { contract, file, formerKeywords } of loaded) {
    for (const [path, message] of contractComplaints(contract, { lists, known, others })) {
      faults.push({ file, path: pathInFile(path, formerKeywords), message })
    }
  }
  const versions = joinVersions(loaded, faults)
  if (versions.size === 0 && faults.length === 0) {
    faults.push({ file: folders.join(', '), path: '', message: 'holds no <slug>/contract.v1.json; add one' })
  }
  if (faults.length > 0) throw new ContractError(faults)
  return buildContracts(versions, lists)
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

async function readCodeLists(folders: readonly string[], faults: ContractFault[]): Promise<CodeLists> {
  const files = new Map<string, { readonly file: string; readonly codes: readonly Code[] }[]>()
  for (const folder of folders) {
    for (const entry of await entriesOf(folder)) {
      if (!entry.name.endsWith('.csv')) continue
      const file = join(folder, entry.name)
      const { codes, complaints } = parseCodeFile(await readFile(file))
      for (const [path, message] of complaints) faults.push({ file, path, message })
      const name = currentListName(entry.name.slice(0, -'.csv'.length))
      files.set(name, [...(files.get(name) ?? []), { file, codes }])
    }
  }
  const lists = new Map<string, CodeList>()
  for (const [name, parts] of files) {
    const list = joinCodes(
      name,
      parts.map(({ codes }) => codes),
    )
    const file = parts.map((part) => part.file).join(' + ')
    for (const message of listComplaints(list)) faults.push({ file, path: '', message })
    lists.set(name, list)
  }
  return withFormerLists(lists)
}

async function readContracts(
  slugFolders: readonly SlugFolder[],
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
      if (read !== undefined) loaded.push({ ...read, digest: digestOf(canonicalJson(read.document)), file })
    }
  }
  return loaded
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
  const contract = deepFreeze(value as Contract)
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
    const gap = found.findIndex((one, index) => one.contract.contractVersion !== index + 1)
    const after = found[gap]
    if (after !== undefined) {
      const message = `the contract ${gap + 1} of "${dataset}" is missing; contracts are numbered without a gap`
      faults.push({ file: after.file, path: '/contractVersion', message })
    }
  }
  return versions
}

function buildContracts(versions: Versions, lists: CodeLists): Contracts {
  const slugs = [...versions.keys()].sort()
  const versionsOf = (dataset: string) => versions.get(dataset) ?? []
  const find = (dataset: string, contractVersion?: number) =>
    contractVersion === undefined ? versionsOf(dataset).at(-1) : versionsOf(dataset)[contractVersion - 1]
  return Object.freeze({
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
