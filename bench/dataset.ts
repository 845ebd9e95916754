/**
 * The dataset of the bench: synthetic measurements from a fixed seed, a contract with a key, two indexes and
 * every common type, about 108 bytes a row. The data are synthetic; equal sizes give equal bytes.
 */
import { createWriteStream } from 'node:fs'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { shippedDatasets } from '../src/context.ts'
import type { Contract } from '../src/contract/index.ts'
import { contractOf, field } from '../test/support/fields.ts'
import { between, oneOf, type Random, randomOf } from '../test/support/samples/random.ts'

export const benchDataset = 'bench-measurements'
export const benchEdition = '2025'

const required = { constraints: { required: true } }

export const benchContract: Contract = contractOf(
  [
    field('record_id', 'string', {
      role: 'key',
      constraints: { required: true, pattern: '^\\d{6}-\\d{7}$' },
    }),
    field('district', 'string', { role: 'dimension', codes: 'districts', ...required }),
    field('school', 'string', { role: 'dimension', ...required }),
    field('grade', 'string', { role: 'dimension', codes: 'grades', ...required }),
    field('sex', 'string', { role: 'dimension', codes: 'sex', ...required }),
    field('indicator', 'string', { role: 'dimension', codes: 'fitness-indicators', ...required }),
    field('tested_on', 'date', { role: 'dimension', ...required }),
    field('value', 'number', { role: 'measure', scale: 2 }),
    field('score', 'integer', { role: 'measure' }),
    field('passed', 'boolean', { role: 'attribute', ...required }),
    field('remark', 'string'),
  ],
  ['record_id'],
  {
    dataset: benchDataset,
    themes: ['education'],
    formats: ['csv', 'csv.gz', 'ndjson'],
    indexes: [['district', 'tested_on'], ['school']],
  },
)

/** Writes the folder of contracts and code lists that `QINGDAN_DATASETS` names. */
export async function writeBenchDatasets(folder: string): Promise<void> {
  await cp(join(shippedDatasets, 'codes'), join(folder, 'codes'), { recursive: true })
  await mkdir(join(folder, benchDataset), { recursive: true })
  const text = JSON.stringify(benchContract, null, 2)
  await writeFile(join(folder, benchDataset, 'contract.v1.json'), text)
}

const districts = [
  ...['310101', '310104', '310105', '310106', '310107', '310109', '310110', '310112'],
  ...['310113', '310114', '310115', '310116', '310117', '310118', '310120', '310151'],
] as const

/** Records of one district on one day: slightly more than a page of 100, so any such query fills a page. */
const recordsPerDay = 104

/** The values of two indexed fields, which select a range of records. */
export interface DistrictDay {
  readonly district: string
  readonly day: string
}

/** Every district and day that has a full page of records, in a fixed order. */
export function listDistrictDays(records: number): readonly DistrictDay[] {
  const perDistrict = Math.floor(records / districts.length)
  const days = Math.floor(perDistrict / recordsPerDay)
  return Array.from({ length: days }, (_, n) =>
    districts.map((district) => ({ district, day: dayOf(n) })),
  ).flat()
}

/** Writes the rows as a provider delivers them: a header of field names, LF, quotes only where needed. */
export async function writeRows(path: string, records: number, seed = 2025): Promise<void> {
  await pipeline(Readable.from(listChunks(records, seed), { objectMode: false }), createWriteStream(path))
}

/** Writes the same rows to several files of a folder, each with the header, in order. Returns their paths. */
export async function writeRowFiles(
  folder: string,
  records: number,
  files: number,
): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true })
  const perFile = Math.ceil(records / files)
  const paths: string[] = []
  const rows = listRows(records, 2025)
  for (let n = 0; n < files; n += 1) {
    const path = join(folder, `rows-${String(n + 1).padStart(5, '0')}.csv`)
    const lines = [header]
    for (let left = Math.min(perFile, records - n * perFile); left > 0; left -= 1)
      lines.push(rows.next().value ?? '')
    await writeFile(path, lines.join(''))
    paths.push(path)
  }
  return paths
}

/**
 * Writes the same rows, but in every `every` rows one has another score, one is left out, and one has a new
 * key: an edition to compare with.
 */
export async function writeChangedRows(path: string, records: number, every: number): Promise<void> {
  await pipeline(
    Readable.from(listChangedChunks(records, every), { objectMode: false }),
    createWriteStream(path),
  )
}

function* listChangedChunks(records: number, every: number): Generator<string> {
  let lines = [header]
  let n = 0
  for (const row of listRows(records, 2025)) {
    const place = n++ % (3 * every)
    if (place === every) continue
    if (place === 2 * every) lines.push(row.replace(/^(\d{6}-)\d/, '$19'))
    else lines.push(place === 0 ? row.replace(/,\d+,(true|false),/, ',100,$1,') : row)
    if (lines.length < rowsPerChunk) continue
    yield lines.join('')
    lines = []
  }
  yield lines.join('')
}

const rowsPerChunk = 2_000
const header = `${benchContract.fields.map(({ name }) => name).join(',')}\n`

function* listChunks(records: number, seed: number): Generator<string> {
  yield header
  let lines: string[] = []
  for (const row of listRows(records, seed)) {
    lines.push(row)
    if (lines.length < rowsPerChunk) continue
    yield lines.join('')
    lines = []
  }
  yield lines.join('')
}

function* listRows(records: number, seed: number): Generator<string, undefined> {
  const random = randomOf(seed, 'bench')
  const perDistrict = Math.ceil(records / districts.length)
  for (let n = 0; n < records; n += 1) {
    yield rowOf(random, districts[Math.floor(n / perDistrict)] ?? districts[0], n % perDistrict)
  }
}

const grades = ['11', '12', '13', '14', '15', '16', '31', '32', '33', '41', '42', '43'] as const
const indicators = ['bmi', 'vital_capacity', 'run_50m', 'sit_reach'] as const
const kinds = ['实验小学', '中心小学', '外国语学校', '第一中学', '附属学校'] as const
const remarks = ['免试', '补测，天气原因', '"二次"测试', 'retest, indoor track'] as const

function rowOf(random: Random, district: string, n: number): string {
  const school = `第${district.slice(4)}区${between(random, 1, 60)}号${oneOf(random, kinds)}`
  const score = between(random, 0, 99)
  const value = random() < 0.02 ? '' : (between(random, 500, 499_999) / 100).toFixed(2)
  const remark =
    random() < 0.7 ? `第${between(random, 1, 9)}组测试，室内` : random() < 0.5 ? '' : oneOf(random, remarks)
  const cells = [
    `${district}-${String(n + 1).padStart(7, '0')}`,
    district,
    school,
    oneOf(random, grades),
    between(random, 1, 2),
    oneOf(random, indicators),
    dayOf(Math.floor(n / recordsPerDay)),
    value,
    score,
    score >= 50,
    /[",]/.test(remark) ? `"${remark.replaceAll('"', '""')}"` : remark,
  ]
  return `${cells.join(',')}\n`
}

const dayMilliseconds = 86_400_000

function dayOf(n: number): string {
  return new Date(Date.UTC(2024, 0, 1) + n * dayMilliseconds).toISOString().slice(0, 10)
}
