/** `qingdan contract draft`: writes the contract of a new dataset, inferred from a file, and the texts to fill in. */
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import {
  type Draft,
  draftContract,
  isTableFile,
  type LooseTable,
  limitsOf,
  readLooseTable,
} from '../../bundle/index.ts'
import { partsOf, readReservedNames } from '../../contract/index.ts'
import { defined } from '../../platform/defined.ts'
import { fileExists } from '../../platform/file-exists.ts'
import { dayInShanghai } from '../../platform/time.ts'
import { type Common, exitCodes, requirePaths, UsageError } from '../command.ts'
import { loadCurrentContracts } from '../load-contracts.ts'
import { loadSettings } from '../load-settings.ts'
import { counted, print } from '../output.ts'
import { languageInUse, localised, phrase } from '../phrases.ts'
import { emptyTexts, textsFile, writeTexts } from './texts.ts'

export interface DraftOptions extends Common {
  readonly dataset: string
  readonly title?: string
  readonly provider?: string
  readonly key?: readonly string[]
  readonly name?: readonly string[]
  readonly sheet?: string
  readonly out: string
}

/** Rows from which columns are inferred: enough for any code list, few enough for memory. */
const rowsMax = 50_000

export async function draft(path: string, options: DraftOptions): Promise<number> {
  await requirePaths([path])
  if (!isTableFile(path)) throw new UsageError(`${path} is not a CSV or XLSX file.`)
  const { dataset } = options
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(dataset))
    throw new UsageError('--dataset must consist of lower-case letters, digits and single hyphens.')
  const given = givenNames(options.name ?? [])
  const config = loadSettings(process.env)
  const contracts = await loadCurrentContracts(config)
  const folder = join(options.out, dataset)
  const file = join(folder, 'contract.v1.json')
  if (await fileExists(file))
    throw new UsageError(`${file} already exists; choose another folder with --out.`)
  if (contracts.find(dataset) !== undefined)
    throw new UsageError(`The dataset ${dataset} exists; a change of it is its next contract.vN.json.`)
  const { table, findings } = await readLooseTable(path, {
    limits: limitsOf(config),
    rowsMax,
    ...defined({ sheet: options.sheet }),
  })
  if (table === undefined || table.rows.length === 0) {
    print.findings(path, findings)
    if (table !== undefined) print.line('  It has no rows below its header.')
    return exitCodes.refused
  }
  const [model] = contracts.list()
  const provider =
    options.provider ?? (model === undefined ? undefined : partsOf(model.contract)[0]?.provider)
  if (provider === undefined) throw new UsageError('Name the provider with --provider.')
  const drafted = draftContract({
    dataset,
    headers: table.headers,
    firstRow: table.headerRow + 1,
    rows: table.rows,
    title: options.title ?? table.above[0] ?? basename(path, extname(path)),
    contracts,
    provider,
    given,
    reserved: await readReservedNames(),
    spell: await loadSpelling(),
    day: dayInShanghai(new Date()),
    ...defined({ key: options.key }),
  })
  await mkdir(folder, { recursive: true })
  await writeFile(file, `${JSON.stringify(drafted.contract, null, 2)}\n`, { flag: 'wx' })
  await writeTexts(join(folder, textsFile), drafted.contract)
  report(folder, { table, drafted }, options)
  return exitCodes.ok
}

/** Names by header, from options such as `学校名称=school_name`. */
function givenNames(options: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    options.map((option) => {
      const at = option.lastIndexOf('=')
      if (at < 1) throw new UsageError(`--name must be <header>=<name>, not ${option}.`)
      return [option.slice(0, at), option.slice(at + 1)]
    }),
  )
}

/** Pinyin without tones; loaded here, because only this command needs the dictionary. */
async function loadSpelling(): Promise<(text: string) => readonly string[]> {
  const { pinyin } = await import('pinyin-pro')
  return (text) => pinyin(text, { toneType: 'none', type: 'array', nonZh: 'consecutive', v: true })
}

function report(
  folder: string,
  { table, drafted }: { readonly table: LooseTable; readonly drafted: Draft },
  options: DraftOptions,
): void {
  const { contract, notes } = drafted
  const texts = emptyTexts(contract)
  const result = { folder, rows: table.rows.length, texts: texts.length, notes, contract }
  print.result(options, result, () => {
    print.line(
      `drafted  ${folder}/contract.v1.json from ${counted(table.rows.length, 'row')}${table.isComplete ? '' : ' (there are more)'}`,
    )
    for (const { name, type, codes, title } of contract.fields) {
      const isKey = contract.primaryKey.includes(name)
      const about = `${codes ?? type}${isKey ? phrase(', key') : ''}`
      print.data(`  ${name}  ${about}  ${shown(title.zh)} / ${shown(title.en)}`)
    }
    print.line('Look at:')
    if (table.mustBeginLater)
      print.line(
        `  The rows above row ${table.headerRow} are no header: remove them before you send the file.`,
      )
    for (const { header, message } of notes) {
      const colon = languageInUse() === 'zh' ? '：' : ': '
      print.data(`  ${header === undefined ? '' : `${header}${colon}`}${localised(message)}`)
    }
    print.line(
      `  Licence, theme, provider ${contract.providers.join(', ')} and classes are those of your other datasets.`,
    )
    print.line(
      `Fill in ${texts.length} texts in ${folder}/${textsFile}, then: qingdan contract fill ${folder}`,
    )
  })
}

/** A title as listed: one that is to be filled in is shown as a gap. */
function shown(text: string): string {
  return emptyTexts(text).length > 0 ? '…' : text
}
