/** A small invented contract, and bags built for it; a bad bundle is a good one with one change. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Bag,
  type BagSource,
  type BundleLimits,
  type BundleManifest,
  BundleRefusal,
  createBag,
  type FileCount,
  openBag,
  type RowBatch,
  type ValidateOptions,
  validateBag,
  verifyBag,
} from '../../src/bundle/index.ts'
import type { Code, CodeList, Contract, Contracts, Field, LoadedContract } from '../../src/contract/index.ts'
import type { Digest } from '../../src/platform/digest.ts'
import type { Finding } from '../../src/platform/finding.ts'

export const limits: BundleLimits = {
  filesMax: 50,
  bytesMax: 512 << 20,
  inflationMax: 200,
  rowsMax: 5_000_000,
  fieldBytesMax: 1 << 20,
  findingsMax: 1000,
  findingsCountedMax: 1_000_000,
  bagsMax: 100,
}

export const clock = () => new Date('2026-03-01T02:00:00Z')

export function field(name: string, zh: string, type: Field['type'], more: Partial<Field> = {}): Field {
  const title = { zh, en: `The ${name}` }
  return { name, type, role: 'attribute', title, description: title, ...more }
}

export const contract: Contract = {
  dataset: 'garden-counts',
  contractVersion: 2,
  title: { zh: '花园计数', en: 'Garden counts' },
  description: { zh: '虚构', en: 'Invented' },
  themes: [],
  keywords: [],
  providers: ['parks'],
  parts: [{ provider: 'parks' }, { provider: 'north', scope: { area: '01' } }],
  licence: { name: 'x', title: { zh: '许可', en: 'Licence' } },
  source: { zh: '虚构', en: 'Invented' },
  period: 'year',
  updateFrequency: 'yearly',
  shareClass: 'open',
  openClass: 'open',
  shareMethods: [],
  fields: [
    field('area', '片区', 'string', { role: 'key', codes: 'areas' }),
    field('plot', '地块', 'string', { role: 'key', aliases: ['地块名称', 'Plot 5″'] }),
    field('trait', '指标', 'string', { codes: 'traits', constraints: { required: true } }),
    field('grade', '等级', 'string', { codes: 'grades', codesBy: 'trait' }),
    field('trees', '树木数', 'integer', { role: 'count', constraints: { required: true, minimum: 0 } }),
    field('height', '平均高度', 'number', { scale: 1, unit: 'm' }),
    field('opened', '开放日期', 'date'),
    field('tools', '工具', 'list', { codes: 'tools', separators: ['、', '，'] }),
    field('note', '备注', 'string'),
    field('withheld', '隐去', 'string', { role: 'status' }),
  ],
  primaryKey: ['area', 'plot'],
  missingValues: ['', '-', '未提供'],
  formats: ['csv'],
  ignoredHeaders: ['序号'],
}

const code = (code: string, zh: string, en: string, more: Partial<Code> = {}): Code => ({
  code,
  label: { zh, en },
  extra: {},
  ...more,
})

const lists: Readonly<Record<string, readonly Code[]>> = {
  areas: [
    code('01', '北片', 'North'),
    code('02', '南片', 'South'),
    code('09', '旧片', 'Old quarter', { validUntil: '2015-11-03', replacedBy: '01' }),
    code('10', '新片', 'New quarter', { validFrom: '2030-01-01' }),
  ],
  traits: [code('size', '大小', 'Size'), code('health', '健康', 'Health')],
  grades: [
    code('big', '大', 'Big', { under: ['size'] }),
    code('good', '好', 'Good', { under: ['health'] }),
    code('fair', '中', 'Fair'),
  ],
  tools: [code('spade', '铲', 'Spade'), code('rake', '耙', 'Rake')],
}

export function contractsOf(...all: readonly Contract[]): Contracts {
  const loaded = all.map(
    (contract): LoadedContract => ({
      ...{ contract, document: { ...contract }, formerKeywords: [] },
      ...{ digest: '' as Digest, file: '' },
    }),
  )
  const versions = (dataset: string) => loaded.filter((one) => one.contract.dataset === dataset)
  const find = (dataset: string, n?: number) =>
    versions(dataset).find((one) => n === undefined || one.contract.contractVersion === n)
  return {
    list: () => loaded,
    versions,
    find,
    get: (dataset, n) => {
      const found = find(dataset, n)
      if (found === undefined) throw new Error('The fixture has no such contract.')
      return found
    },
    codes: (name): CodeList => {
      const codes = lists[name] ?? []
      const byCode = new Map(codes.map((one) => [one.code, codes.filter((other) => other.code === one.code)]))
      return { name, codes, byCode }
    },
    setAside: [],
  }
}

export const header = 'area,plot,trait,grade,trees,height,opened,tools,note'
export const goodRows = [
  '01,A1,size,big,12,3.5,2020-05-01,spade,first',
  '01,A2,health,good,0,,,spade;rake,',
  '02,A1,health,fair,7,10.2,2021-06-30,,"two\nlines, ""quoted"""',
]
export const goodCsv = `${[header, ...goodRows].join('\n')}\n`

export interface Purpose {
  readonly edition?: string
  readonly provider?: string
  readonly contractVersion?: number
}

/** Writes a good bag around files and returns its folder. */
export async function writeBag(
  folder: string,
  files: readonly BagSource[],
  purpose: Purpose = {},
): Promise<string> {
  await createBag({
    folder,
    dataset: contract.dataset,
    edition: '2025',
    contractVersion: 2,
    provider: 'parks',
    ...purpose,
    files,
    clock,
  })
  return folder
}

export const goodFile = { name: 'rows.csv', source: Buffer.from(goodCsv) }

/** Writes tagmanifest-sha256.txt again after a tag file was changed on purpose. */
export function renewTagManifest(folder: string): void {
  const lines = readdirSync(folder)
    .filter((name) => name.endsWith('.txt') || name.endsWith('.json'))
    .filter((name) => name !== 'tagmanifest-sha256.txt')
    .map((name) => `${sha256(readFileSync(join(folder, name)))}  ${name}\n`)
  writeFileSync(join(folder, 'tagmanifest-sha256.txt'), lines.join(''))
}

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

export const checksOf = (findings: readonly Finding[]) => findings.map(({ check }) => check).sort()

export interface Outcome {
  readonly findings: readonly Finding[]
  readonly rows: RowBatch
  readonly counts: readonly FileCount[]
}

export interface ReadOptions {
  readonly contract?: Contract
  readonly limits?: Partial<BundleLimits>
  readonly encoding?: string
  readonly delimiter?: string
  /** Of workbooks. */
  readonly sheet?: NonNullable<BundleManifest['files'][number]['sheet']>
  readonly provider?: string
}

/** A bag in memory, as validation sees any bag. */
export function bagOf(files: Readonly<Record<string, Uint8Array>>, chunkBytes = 1 << 16): Bag {
  return {
    packing: 'folder',
    entries: Object.entries(files).map(([path, bytes]) => ({ path, bytes: bytes.byteLength })),
    read: async function* (path) {
      const bytes = files[path] ?? new Uint8Array()
      for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
    },
    close: async () => {},
  }
}

/**
 * The validation of files as one bundle, without a bag around them, and the list of findings that it fills.
 */
export function validationOf(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: ReadOptions = {},
): { readonly validation: ValidateOptions; readonly findings: readonly Finding[] } {
  const bytes = Object.fromEntries(
    Object.entries(files).map(([name, data]) => [
      `data/${name}`,
      typeof data === 'string' ? Buffer.from(data) : data,
    ]),
  )
  const { encoding, delimiter = ',', sheet = {}, provider = 'parks' } = options
  const manifest: BundleManifest = {
    dataset: contract.dataset,
    edition: '2025',
    contractVersion: 2,
    provider,
    mode: 'full',
    files: Object.entries(bytes).map(([path, data]) => ({
      path,
      bytes: data.byteLength,
      digest: sha256(data) as Digest,
      delimiter,
      ...(path.endsWith('.xlsx') ? { sheet } : {}),
      ...(encoding === undefined ? {} : { encoding }),
    })),
  }
  const findings: Finding[] = []
  const validation = {
    bag: bagOf(bytes),
    manifest,
    contract: options.contract ?? contract,
    contracts: contractsOf(),
    limits: { ...limits, ...options.limits },
    editionDay: '2025-12-31',
    onFinding: (finding: Finding) => void findings.push(finding),
  }
  return { validation, findings }
}

/** Validates files as one bundle. */
export async function readRows(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: ReadOptions = {},
): Promise<Outcome> {
  const { validation, findings } = validationOf(files, options)
  const reading = validateBag(validation)
  const rows: RowBatch[number][] = []
  for await (const batch of reading) rows.push(...batch)
  return { findings, rows, counts: reading.counts() }
}

/** Opens and verifies the bundle at a path. */
export async function verifyAt(path: string, packing: 'zip' | 'folder', more: Partial<BundleLimits> = {}) {
  const bag = await openBag(path, packing, { ...limits, ...more })
  try {
    return await verifyBag(bag, { ...limits, ...more })
  } finally {
    await bag.close()
  }
}

/** Names of the checks that keep the bundle from being opened. */
export const refusalOf = async (work: Promise<unknown>): Promise<readonly string[]> => {
  try {
    await work
    return []
  } catch (error) {
    if (error instanceof BundleRefusal) return checksOf(error.findings)
    throw error
  }
}
