/**
 * A case of the corpus: a random good bundle from a seed, with one to three kinds of damage at one layer. In most
 * cases the digests are corrected afterwards, as an attacker would do, so that later stages are reached.
 * A seed and a number give the same bytes on every machine.
 */
import iconv from 'iconv-lite'
import { type BagFiles, describe, seal, zipFiles } from '../support/bag-files.ts'
import { between, oneOf, type Random, randomOf } from '../support/samples/random.ts'
import { bagDamage, descriptorDamage, renewManifests } from './mutate-bag.ts'
import { byteDamage, softSpot } from './mutate-bytes.ts'
import { tableDamage } from './mutate-table.ts'
import { workbookOf, xlsxDamage } from './mutate-xlsx.ts'
import { zipDamage } from './mutate-zip.ts'
import {
  type CsvForm,
  corpusDataset,
  corpusEdition,
  corpusProvider,
  csvText,
  drawForm,
  drawTable,
  type Table,
} from './trial.ts'

export type Layer =
  | 'none'
  | 'zip'
  | 'bag'
  | 'descriptor'
  | 'csv bytes'
  | 'csv table'
  | 'xlsx table'
  | 'xlsx parts'

export interface Case {
  readonly layer: Layer
  readonly damage: readonly string[]
  /** Whether sizes and digests were corrected after the damage. */
  readonly redigested: boolean
  readonly zip: Buffer
  /** Set if the bundle is delivered as a folder; the ZIP then has the same files. */
  readonly folder?: BagFiles
}

/** Of a hundred cases. */
const shares: readonly (readonly [Layer, number])[] = [
  ['none', 2],
  ['zip', 12],
  ['bag', 10],
  ['descriptor', 8],
  ['csv bytes', 20],
  ['csv table', 24],
  ['xlsx table', 9],
  ['xlsx parts', 15],
]

/** Damage returns new content, or changes it in place. */
type Kinds<T> = Readonly<Record<string, (random: Random, what: T) => unknown>>

/** Builds a case. */
export async function makeCase(seed: number, number: number): Promise<Case> {
  const random = randomOf(seed, 'corpus', number)
  const layer = draw(random, shares)
  const damage: string[] = []
  const times = layer === 'none' ? 0 : oneOf(random, [1, 1, 1, 1, 2, 3])
  const hurt = <T>(kinds: Kinds<T>, what: T): T => {
    let now = what
    for (let n = 0; n < times; n += 1) {
      const name = oneOf(random, Object.keys(kinds))
      damage.push(name)
      now = (kinds[name]?.(random, now) as T | undefined) ?? now
    }
    return now
  }
  const makes = {
    table: (table: Table) => (layer.endsWith('table') ? hurt(tableDamage, table) : soften(table)),
    workbook: (bytes: Buffer) => (layer === 'xlsx parts' ? hurt(xlsxDamage, bytes) : bytes),
  }
  const files = drawBag(random, layer.startsWith('xlsx'), makes)
  if (layer === 'csv bytes') {
    const path = oneOf(random, payloadOf(files))
    files.set(path, hurt(byteDamage, files.get(path) ?? Buffer.alloc(0)))
  }
  const redigested =
    ['csv table', 'xlsx table', 'xlsx parts', 'descriptor', 'none'].includes(layer) ||
    (layer === 'csv bytes' && random() < 0.85)
  if (layer !== 'csv bytes' || redigested) seal(files)
  if (layer === 'bag') hurt(bagDamage, files)
  if (layer === 'descriptor') {
    hurt(descriptorDamage, files)
    renewManifests(files)
  }
  const zip = await zipFiles(files)
  const about = { layer, damage, redigested }
  if (layer === 'zip') return { ...about, zip: hurt(zipDamage, zip) }
  return random() < 0.1 && isFolder(files) ? { ...about, zip, folder: files } : { ...about, zip }
}

function draw(random: Random, choices: typeof shares): Layer {
  let left = random() * 100
  for (const [layer, share] of choices) {
    left -= share
    if (left < 0) return layer
  }
  return 'none'
}

/** Puts the soft spot into a cell of free text, if there is such a column. */
function soften(table: Table): Table {
  const column = table[0]?.findIndex((header) => /note/.test(header)) ?? -1
  const cells = table.at(-1)
  if (column >= 0 && cells !== undefined && table.length > 1) cells[column] = `ab${softSpot}cd`
  return table
}

const payloadOf = (files: BagFiles) => [...files.keys()].filter((path) => path.startsWith('data/'))

/** A ZIP can have a path that is also a folder; a file system cannot. */
const isFolder = (files: BagFiles) =>
  [...files.keys()].every((path) => ![...files.keys()].some((other) => other.startsWith(`${path}/`)))

interface Makes {
  readonly table: (table: Table) => Table
  readonly workbook: (bytes: Buffer) => Buffer
}

function drawBag(random: Random, asWorkbook: boolean, makes: Makes): BagFiles {
  const files: BagFiles = new Map()
  const forms: CsvForm[] = []
  const count = oneOf(random, [1, 1, 2, 3])
  let sheet = -1
  const hurtFile = between(random, 0, count - 1)
  for (let n = 0; n < count; n += 1) {
    const table = drawTable(random, n)
    const form = drawForm(random)
    const isHurt = n === hurtFile
    const hurt = isHurt ? makes.table(table) : table
    forms.push(form)
    if (isHurt && asWorkbook) {
      sheet = n
      files.set(`data/${'abc'[n]}.xlsx`, makes.workbook(workbookOf(random, hurt)))
    } else files.set(`data/${'abc'[n]}.csv`, encode(csvText(hurt, form), form))
  }
  const tags = {
    'bagit.txt': 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n',
    'datapackage.json': JSON.stringify({
      qingdan: purpose(random),
      resources: payloadOf(files).map(resourceOf),
    }),
  }
  for (const [path, text] of Object.entries(tags)) files.set(path, Buffer.from(text))
  describe(files, ({ resources }) => {
    for (const [n, { delimiter, encoding }] of forms.entries()) {
      const resource = resources[n] ?? {}
      if (n === sheet) continue
      if (delimiter !== ',') resource['dialect'] = { delimiter }
      if (random() < 0.3) resource['encoding'] = encoding
    }
  })
  seal(files)
  return files
}

function encode(text: string, { encoding }: CsvForm): Buffer {
  if (encoding === 'gb18030') return iconv.encode(text, 'gb18030')
  return Buffer.from(encoding === 'utf-8-sig' ? `\ufeff${text}` : text)
}

const resourceOf = (path: string, n: number) => ({ name: `rows-${n + 1}`, path })

const purpose = (random: Random) => ({
  dataset: corpusDataset,
  edition: corpusEdition,
  contractVersion: 1,
  provider: corpusProvider,
  mode: 'full',
  ...(random() < 0.3 ? { sequence: between(random, 1, 9) } : {}),
})
