/**
 * The source as the puller asks it: its feed, versions, contracts and labels, each by the address that every reader has.
 * Addresses are made of names here and never taken from answers, so that no answer can lead elsewhere.
 */
import { canonicalJson, digestOf } from '../../platform/digest.ts'
import { nameOf, type VersionKey } from '../ledger.ts'
import { pageChangesMax } from '../limits.ts'
import { PullRefusal } from '../problems.ts'
import {
  type CodeRow,
  ContractShape,
  type FeedPage,
  isOf,
  Page,
  ProblemShape,
  type PulledContract,
  parseJson,
  ResponseFacts,
  TableSchemaShape,
  type VersionFacts,
} from '../response-shapes.ts'
import type { Answered, Client } from './client.ts'

export interface SourcePageRequest {
  readonly after: string | undefined
  readonly datasets: readonly string[] | undefined
  /** Seconds to wait where nothing is behind the cursor. */
  readonly wait?: number
}

/** Where a version's own addresses begin. */
export function versionPath({ dataset, edition, version }: VersionKey): string {
  return `/v1/datasets/${dataset}/editions/${edition}/versions/${version}`
}

/** Name of a version's file in a format, as everywhere. */
export function fileNameOf({ dataset, edition, version }: VersionKey, format: string): string {
  return `${dataset}-${edition}-v${version}.${format}`
}

/** A page of the feed. Throws `source-unknown`, `other-history`, `source-refused`, `answer-odd`. */
export async function readPage(
  client: Client,
  { after, datasets, wait }: SourcePageRequest,
): Promise<FeedPage> {
  const query = new URLSearchParams({
    limit: String(pageChangesMax),
    ...(datasets === undefined ? {} : { dataset: datasets.join(',') }),
    ...(after === undefined ? {} : { after }),
    ...(wait === undefined ? {} : { wait: String(wait) }),
  })
  const path = `/v1/changes?${query}`
  const answer = await client.text(path, wait === undefined ? {} : { waitSeconds: wait })
  const value = parseJson(answer.text)
  if (answer.status !== 200) {
    if (!isOf(ProblemShape, value))
      throw new PullRefusal('source-unknown', `/v1/changes answers ${answer.status}.`)
    if (value.code === 'cursor-invalid') throw new PullRefusal('other-history', value.detail ?? value.title)
    throw refusalOf('/v1/changes', answer)
  }
  const { meta } = Object(value) as { readonly meta?: unknown }
  if (typeof (Object(meta) as { origin?: unknown }).origin !== 'string') {
    throw new PullRefusal('source-unknown', '/v1/changes answers something else.')
  }
  if (!isOf(Page, value)) throw new PullRefusal('answer-odd', 'A page of changes has another shape.')
  return value
}

/** What stands fast of a version; undefined where the source no longer gives it. */
export async function readFacts(client: Client, key: VersionKey): Promise<VersionFacts | undefined> {
  const path = versionPath(key)
  const value = await readGiven(client, path)
  if (value === undefined) return undefined
  if (!isOf(ResponseFacts, value)) throw new PullRefusal('answer-odd', `${path} has another shape.`)
  return onlyFacts(value)
}

/** The facts alone, without addresses and states that change. */
export function onlyFacts(value: VersionFacts): VersionFacts {
  const { dataset, edition, version, contractVersion, period, publishedAt, reason, records, sha256 } = value
  const { difference, synthetic, parts, waivers, warnings, suppressions, distributions } = value
  return {
    ...{ dataset, edition, version, contractVersion },
    period: { start: period.start, end: period.end },
    ...{ publishedAt, reason, records, sha256, difference, synthetic },
    parts: parts.map(({ provider, rows }) => ({ provider, rows })),
    ...{ waivers, warnings, suppressions },
    distributions: distributions.map(({ name, format, mediaType, bytes, sha256 }) => ({
      ...{ name, format, mediaType, bytes, sha256 },
    })),
  }
}

/** A contract whose digest is the one that the feed told of; undefined where the source no longer gives it. */
export async function readContract(
  client: Client,
  of: { readonly dataset: string; readonly contractVersion: number; readonly sha256: string },
): Promise<PulledContract | undefined> {
  const path = `/v1/datasets/${of.dataset}/contracts/${of.contractVersion}`
  const value = await readGiven(client, path)
  return value === undefined ? undefined : checkContract(value, of, path)
}

/** Holds a contract to its digest and shape. Throws `wrong-bytes` and `answer-odd`. */
export function checkContract(
  value: unknown,
  of: { readonly dataset: string; readonly contractVersion: number; readonly sha256: string },
  where: string,
): PulledContract {
  if (digestOf(canonicalJson(value)) !== of.sha256) {
    throw new PullRefusal('wrong-bytes', `${where}: its digest is not the one that the feed tells.`)
  }
  const isOwn = isOf(ContractShape, value) && value.dataset === of.dataset
  if (!isOwn || value.contractVersion !== of.contractVersion) {
    throw new PullRefusal('answer-odd', `${where} has another shape.`)
  }
  return value
}

/** The labels of a contract's codes as they are now, each code once in each list. */
export async function readCodes(client: Client, contract: PulledContract): Promise<readonly CodeRow[]> {
  const path = `/v1/datasets/${contract.dataset}/contracts/${contract.contractVersion}/table-schema`
  const value = await readGiven(client, path)
  if (value === undefined) return []
  if (!isOf(TableSchemaShape, value)) throw new PullRefusal('answer-odd', `${path} has another shape.`)
  const rows = new Map<string, CodeRow>()
  for (const { name, codes = [] } of value.fields) {
    const list = contract.fields.find((field) => field.name === name)?.codes
    if (list === undefined) continue
    for (const { value: code, titles } of codes) rows.set(`${list} ${code}`, { list, code, ...titles })
  }
  return [...rows.values()].map(({ list, code, zh, en }) => ({ list, code, zh, en }))
}

/** JSON of an address; undefined where the source says that it is no longer there. */
async function readGiven(client: Client, path: string): Promise<unknown> {
  const answer = await client.text(path)
  if (answer.status === 404 || answer.status === 410) return undefined
  if (answer.status !== 200) throw refusalOf(path, answer)
  const value = parseJson(answer.text)
  if (typeof value !== 'object' || value === null) throw new PullRefusal('answer-odd', `${path} is no JSON.`)
  return value
}

/** What the source says where it refuses. Its words are data: only those of a problem are shown. */
export function refusalOf(path: string, { status, text }: Answered): PullRefusal {
  const value = parseJson(text)
  if (!isOf(ProblemShape, value)) return new PullRefusal('source-refused', `${path} answers ${status}.`)
  const { code, title, detail, hint } = value
  const said = [title, detail, hint].filter((one) => one !== undefined && one !== '').join(' – ')
  return new PullRefusal('source-refused', `${path} answers ${status}, ${code}: ${said}`)
}

/**
 * Holds what a version's own address tells to what the feed told of it. Throws `wrong-facts`, so that of two answers that
 * differ neither is taken.
 */
export function checkFacts(
  facts: VersionFacts,
  key: VersionKey,
  told: { readonly records: number; readonly sha256: string; readonly files: string },
  listing: string,
): void {
  const isSame =
    nameOf(facts) === nameOf(key) &&
    facts.records === told.records &&
    facts.sha256 === told.sha256 &&
    listing === told.files &&
    facts.distributions.every((file) => file.name === fileNameOf(key, file.format)) &&
    facts.distributions.some((file) => file.format === 'csv' && file.sha256 === facts.sha256)
  if (!isSame)
    throw new PullRefusal('wrong-facts', `${nameOf(key)}: its address and the feed tell different digests.`)
}
