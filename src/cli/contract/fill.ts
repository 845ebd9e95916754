/** `qingdan contract fill`: puts the texts and names of texts.csv into the contract beside it. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { limitsOf, readLooseTable } from '../../bundle/index.ts'
import type { Contract } from '../../contract/index.ts'
import { type Common, exitCodes, requirePaths, UsageError } from '../command.ts'
import { loadSettings } from '../load-settings.ts'
import { print } from '../output.ts'
import { loadDatasetFolder, printFaults } from './dataset-folder.ts'
import { textColumns, textsFile } from './texts.ts'

/** More lines than a contract of 200 fields has texts. */
const linesMax = 1_000

export async function fill(folder: string, options: Common): Promise<number> {
  const [texts, file] = [join(folder, textsFile), join(folder, 'contract.v1.json')]
  await requirePaths([texts, file])
  const { table, findings } = await readLooseTable(texts, {
    limits: limitsOf(loadSettings(process.env)),
    rowsMax: linesMax,
  })
  if (table === undefined) {
    print.findings(texts, findings)
    return exitCodes.refused
  }
  const contract = JSON.parse(await readFile(file, 'utf8'))
  const filled = fillIn(contract, linesOf(table, texts))
  await writeFile(file, `${JSON.stringify(filled, null, 2)}\n`)
  const loaded = await loadDatasetFolder(folder)
  print.result(options, { file, faults: loaded.faults }, () => {
    print.line(`filled  ${file}`)
    if (loaded.faults.length > 0) printFaults(loaded)
    else print.line('The contract is valid. Try it with a file: qingdan contract preview')
  })
  return loaded.faults.length === 0 ? exitCodes.ok : exitCodes.refused
}

type Line = Readonly<Record<(typeof textColumns)[number], string>>

function linesOf(
  table: { readonly headers: readonly string[]; readonly rows: readonly (readonly string[])[] },
  path: string,
) {
  const indexes = textColumns.map((column) => table.headers.indexOf(column))
  if (indexes.slice(0, 4).includes(-1))
    throw new UsageError(`${path} needs the columns path, name, zh and en.`)
  return table.rows.map(
    (row) =>
      Object.fromEntries(textColumns.map((column, at) => [column, row[indexes[at] ?? -1] ?? ''])) as Line,
  )
}

/** The contract with the texts of the lines; an empty cell changes nothing. Names are changed wherever they are used. */
function fillIn(contract: Contract, lines: readonly Line[]): unknown {
  const names = new Map<string, string>()
  for (const { path, zh, en, name } of lines) {
    const steps = path.split('/')
    const place = steps.reduce<unknown>((value, step) => Object(value)[step], contract)
    if (typeof place !== 'object' || place === null) throw new UsageError(`The contract has no text ${path}.`)
    if (zh !== '') Object.assign(place, { zh })
    if (en !== '') Object.assign(place, { en })
    const field = steps.length === 3 && name !== '' ? contract.fields[Number(steps[1])] : undefined
    if (field !== undefined && field.name !== name) names.set(field.name, name)
  }
  const renamed = (name: string) => names.get(name) ?? name
  const { fields, primaryKey, coordinates, ...others } = contract
  return {
    ...others,
    fields: fields.map((field) => ({ ...field, name: renamed(field.name) })),
    primaryKey: primaryKey.map(renamed),
    ...(coordinates === undefined
      ? {}
      : {
          coordinates: {
            ...coordinates,
            longitude: renamed(coordinates.longitude),
            latitude: renamed(coordinates.latitude),
          },
        }),
  }
}
