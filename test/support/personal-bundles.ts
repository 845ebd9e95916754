/** A small dataset about invented persons, whose rows are counted and not stored, and encrypted bundles for it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { loadServiceKey } from '../../src/accounts/index.ts'
import { createBag, type NewBag, readPublicKey } from '../../src/bundle/index.ts'
import type { OpenContext } from '../../src/context.ts'
import type { Contract } from '../../src/contract/index.ts'
import { type Receipt, receive, takeBundle } from '../../src/ingest/index.ts'
import { contractOf, field } from './fields.ts'

export const swimmers = 'swimmers'

/** In the cells of rows about persons; must never be found anywhere. */
export const personMarker = 'Xq9Swimmer'

const required = { constraints: { required: true } }
const district = field('district', 'string', { role: 'dimension', codes: 'districts', ...required })
const sex = field('sex', 'string', { role: 'dimension', codes: 'sex', ...required })

/** Swimmers of two districts: counted, and their lengths added up, by district and sex. */
export const swimmersContract = contractOf(
  [
    district,
    sex,
    field('swimmers', 'integer', { role: 'count' }),
    field('lengths', 'integer', { role: 'measure' }),
    field('conf_status', 'string', { role: 'status', codes: 'conf-status' }),
  ],
  ['district', 'sex'],
  {
    dataset: swimmers,
    themes: ['education'],
    formats: ['csv', 'xlsx'],
    parts: [
      { provider: 'edu-310101', scope: { district: '310101' } },
      { provider: 'edu-310104', scope: { district: '310104' } },
    ],
    tolerance: { errors: 1 },
    intake: {
      personal: true,
      correctionDays: 30,
      quarantineDays: 7,
      fields: [
        field('number', 'string', { role: 'key', constraints: { required: true, maxLength: 40 } }),
        district,
        sex,
        field('lengths_swum', 'integer', { constraints: { minimum: 0, maximum: 1000 } }),
        field('name', 'string'),
      ],
      primaryKey: ['number'],
    },
    derivation: {
      name: 'count-cells',
      by: ['district', 'sex'],
      count: 'swimmers',
      sums: { lengths: 'lengths_swum' },
    },
    disclosure: {
      ...{ rule: 'minimum-count', count: 'swimmers', minimum: 3 },
      ...{ withhold: ['swimmers', 'lengths'], status: 'conf_status' },
    },
  },
)

const style = field('style', 'string', { role: 'dimension', ...required })

/** A newer contract of the same dataset that proves what it publishes, so that it takes real rows. */
export const provenSwimmersContract: Contract = {
  ...swimmersContract,
  contractVersion: 2,
  fields: [district, sex, style, ...swimmersContract.fields.slice(2)],
  primaryKey: ['district', 'sex', 'style'],
  intake: {
    ...(swimmersContract.intake as NonNullable<Contract['intake']>),
    fields: [...(swimmersContract.intake?.fields ?? []), style],
  },
  derivation: { ...swimmersContract.derivation, name: 'count-cells', by: ['district', 'sex', 'style'] },
  disclosure: {
    rule: 'audited-suppression',
    base: { count: 'swimmers', minimum: 10 },
    levels: { field: 'style', count: 'swimmers', sensitive: { '*': ['none'] }, small: 10 },
    ...{ protection: { width: 5 }, withhold: ['swimmers', 'lengths'], status: 'conf_status' },
  },
}

/** Both: a contract under another rule is loaded only if a newer one proves what it publishes. */
export const swimmersContracts = [swimmersContract, provenSwimmersContract]

export interface Swimmer {
  readonly number: string
  readonly district: string
  readonly sex: string
  readonly lengths: string
}

/** Numbered swimmers of a district, whose cells have the marker. */
export function swimmersOf(district: string, count: number, from = 1): readonly Swimmer[] {
  return Array.from({ length: count }, (_, index) => ({
    number: `${personMarker}-${district}-${from + index}`,
    district,
    sex: String(1 + (index % 2)),
    lengths: String((index * 7) % 40),
  }))
}

/** The file of a list of swimmers. */
export function swimmersCsv(all: readonly Swimmer[]): string {
  const lines = all.map(
    ({ number, district, sex, lengths }) => `${number},${district},${sex},${lengths},${personMarker} ${sex}`,
  )
  return `number,district,sex,lengths_swum,name\n${lines.join('\n')}\n`
}

interface PersonalBundle {
  readonly provider: string
  readonly rows: string
  readonly edition?: string
  readonly more?: Partial<NewBag>
}

/** Writes an encrypted bundle in a folder of its own and returns the folder. */
export async function writePersonalBag(
  context: OpenContext,
  inside: string,
  { provider, rows, edition = '2025', more = {} }: PersonalBundle,
): Promise<string> {
  const folder = await mkdtemp(join(inside, 'bag-'))
  await createBag({
    ...{ folder, dataset: swimmers, edition, provider, contractVersion: 1, synthetic: true },
    files: [{ name: 'rows.csv', source: Buffer.from(rows) }],
    clock: () => new Date('2026-01-01T00:00:00Z'),
    encryptTo: await readPublicKey((await loadServiceKey(context)).publicKey),
    ...more,
  })
  return folder
}

/** Delivers an encrypted bundle and processes it to its end. */
export async function bringPersonal(
  context: OpenContext,
  inside: string,
  bundle: PersonalBundle,
): Promise<Receipt> {
  const folder = await writePersonalBag(context, inside, bundle)
  try {
    const { id } = await receive(context, { path: folder, broughtBy: 'cli:test' })
    return await takeBundle(context, id)
  } finally {
    await rm(folder, { recursive: true })
  }
}
