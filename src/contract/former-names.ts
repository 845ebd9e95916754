/**
 * Former names of contract keywords and code lists. Contract files in use never change, so old keywords stay
 * readable; code behind the loader sees current names only. A contract with both names of one is refused.
 */
import type { Bilingual } from '../platform/language.ts'
import type { CodeList } from './codes/codes.ts'
import type { Complaint } from './contract-errors.ts'

interface Renamed {
  readonly former: string
  readonly current: string
  /** The former name of the code list of its values, renamed with it. */
  readonly formerList: string
  readonly currentList: string
}

/** Keywords of contracts, and properties of the kind `annual-list`. */
const renamed: readonly Renamed[] = [
  {
    former: 'rhythm',
    current: 'updateFrequency',
    formerList: 'rhythms',
    currentList: 'update-frequencies',
  },
  { former: 'shareWays', current: 'shareMethods', formerList: 'share-ways', currentList: 'share-methods' },
]

const currentKeywords = new Map(renamed.map(({ former, current }) => [former, current]))
const currentLists = new Map(renamed.map(({ formerList, currentList }) => [formerList, currentList]))

/** A former keyword in a contract file, and its replacement, as JSON pointers such as `/rhythm`. */
export interface FormerKeyword {
  readonly path: string
  readonly replacement: string
}

type Json = Readonly<Record<string, unknown>>

/** A contract with current keywords only. `found` lists the former ones, `complaints` those given twice. */
export function renameKeywords(document: unknown): {
  readonly value: unknown
  readonly found: readonly FormerKeyword[]
  readonly complaints: readonly Complaint[]
} {
  const found: FormerKeyword[] = []
  const complaints: Complaint[] = []
  const rename = (object: Json, at: string): Json => {
    const entries = Object.entries(object).map(([name, value]): [string, unknown] => {
      const current = currentKeywords.get(name)
      if (current === undefined) return [name, value]
      found.push({ path: `${at}/${name}`, replacement: `${at}/${current}` })
      if (Object.hasOwn(object, current)) {
        complaints.push([
          `${at}/${name}`,
          `is the former name of "${current}", which is also present; remove it`,
        ])
      }
      return [current, value]
    })
    return Object.fromEntries(entries)
  }
  if (!isObject(document)) return { value: document, found, complaints }
  const value = rename(document, '')
  const { kind } = value
  if (isObject(kind) && kind['name'] === 'annual-list' && isObject(kind['bind'])) {
    return {
      value: { ...value, kind: { ...kind, bind: rename(kind['bind'], '/kind/bind') } },
      found,
      complaints,
    }
  }
  return { value, found, complaints }
}

/**
 * Contracts of the first release called their source synthetic, which is a property of versions: their samples were,
 * real editions are not. Such a source is read as that of any data that providers deliver.
 */
const sampleSources: readonly string[] = [
  '合成示例数据，由固定种子生成；不描述任何真实学校或个人。',
  '示例数据：节假日和调休日参照国务院办公厅各年通知，学期与寒暑假为示例，不可据以安排工作。',
]

/** The source of a contract, without a statement about samples. */
export function currentSource(source: Bilingual): Bilingual {
  return sampleSources.includes(source.zh)
    ? { zh: '由各提供方报送。', en: 'Delivered by its providers.' }
    : source
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A path of the contract as written in its file, so that the author finds the keyword they used. */
export function pathInFile(path: string, found: readonly FormerKeyword[]): string {
  const former = found.find(({ replacement }) => `${path}/`.startsWith(`${replacement}/`))
  return former === undefined ? path : `${former.path}${path.slice(former.replacement.length)}`
}

/** The current name of a code list. */
export function currentListName(name: string): string {
  return currentLists.get(name) ?? name
}

/** The lists, with each renamed one also under its former name, which contracts in use refer to. */
export function withFormerLists(lists: ReadonlyMap<string, CodeList>): ReadonlyMap<string, CodeList> {
  const all = new Map(lists)
  for (const { formerList, currentList } of renamed) {
    const list = lists.get(currentList)
    if (list !== undefined) all.set(formerList, { ...list, name: formerList })
  }
  return all
}

/** The name by which a contract file refers to a shared list: the former one with the former keyword. */
export function listNameIn(document: Json, list: string): string {
  const found = renamed.find(({ currentList }) => currentList === list)
  return found !== undefined && Object.hasOwn(document, found.former) ? found.formerList : list
}
