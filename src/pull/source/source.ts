/**
 * The source's addresses that the puller uses: feed, versions, contracts and labels, all public. Addresses
 * are built from names here and never taken from responses, so that no response can redirect the puller.
 */
import { defined } from '../../platform/defined.ts'
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
  type PulledFacts,
  parseJson,
  ResponseFacts,
  TableSchemaShape,
} from '../response-shapes.ts'
import type { Client, TextResponse } from './client.ts'

interface SourcePageRequest {
  readonly after: string | undefined
  readonly datasets: readonly string[] | undefined
  /** Seconds to wait if there is no change after the cursor. */
  readonly wait?: number
}

/** The start of a version's addresses. */
export function versionPath({ dataset, edition, version }: VersionKey): string {
  return `/v1/datasets/${dataset}/editions/${edition}/versions/${version}`
}

/** Name of a version's file in a format. */
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
    ...defined({ after }),
    ...(wait === undefined ? {} : { wait: String(wait) }),
  })
  const path = `/v1/changes?${query}`
  const response = await client.text(path, wait === undefined ? {} : { waitSeconds: wait })
  const value = parseJson(response.text)
  if (response.status !== 200) {
    if (!isOf(ProblemShape, value))
      throw new PullRefusal('source-unknown', `/v1/changes answers ${response.status}.`)
    if (value.code === 'cursor-invalid') throw new PullRefusal('other-history', value.detail ?? value.title)
    throw refusalOf('/v1/changes', response)
  }
  const { meta } = Object(value) as { readonly meta?: unknown }
  if (typeof (Object(meta) as { origin?: unknown }).origin !== 'string') {
    throw new PullRefusal('source-unknown', '/v1/changes is not a feed.')
  }
  if (!isOf(Page, value)) throw new PullRefusal('answer-odd', 'A page of changes has an unknown shape.')
  return value
}

/** The immutable facts of a version; undefined if the source no longer has it. */
export async function readFacts(client: Client, key: VersionKey): Promise<PulledFacts | undefined> {
  const path = versionPath(key)
  const value = await readJson(client, path)
  if (value === undefined) return undefined
  if (!isOf(ResponseFacts, value)) throw new PullRefusal('answer-odd', `${path} has an unknown shape.`)
  return onlyFacts(value)
}

/** Only the facts, without addresses and changing states. */
function onlyFacts(value: PulledFacts): PulledFacts {
  const { dataset, edition, version, contractVersion, period, publishedAt, reason, records, sha256 } = value
  const { difference, synthetic, parts, waivers, warnings, suppressions, distributions } = value
  return {
    ...{ dataset, edition, version, contractVersion },
    period: { start: period.start, end: period.end },
    ...{ publishedAt, reason, records, sha256, difference, synthetic },
    parts: parts.map(({ provider, rows }) => ({ provider, ...defined({ rows }) })),
    ...{ waivers, warnings, suppressions },
    distributions: distributions.map(({ name, format, mediaType, bytes, sha256 }) => ({
      ...{ name, format, mediaType, bytes, sha256 },
    })),
  }
}

/** The contract with the digest in the feed; undefined if the source no longer has it. */
export async function readContract(
  client: Client,
  of: { readonly dataset: string; readonly contractVersion: number; readonly sha256: string },
): Promise<PulledContract | undefined> {
  const path = `/v1/datasets/${of.dataset}/contracts/${of.contractVersion}`
  const value = await readJson(client, path)
  return value === undefined ? undefined : checkContract(value, of, path)
}

/** Checks a contract's digest and shape. Throws `wrong-bytes` and `answer-odd`. */
export function checkContract(
  value: unknown,
  of: { readonly dataset: string; readonly contractVersion: number; readonly sha256: string },
  where: string,
): PulledContract {
  if (digestOf(canonicalJson(value)) !== of.sha256) {
    throw new PullRefusal('wrong-bytes', `${where}: its digest differs from the one in the feed.`)
  }
  const isOwn = isOf(ContractShape, value) && value.dataset === of.dataset
  if (!isOwn || value.contractVersion !== of.contractVersion) {
    throw new PullRefusal('answer-odd', `${where} has an unknown shape.`)
  }
  return value
}

/** The current labels of a contract's codes, each code once per list. */
export async function readCodes(client: Client, contract: PulledContract): Promise<readonly CodeRow[]> {
  const path = `/v1/datasets/${contract.dataset}/contracts/${contract.contractVersion}/table-schema`
  const value = await readJson(client, path)
  if (value === undefined) return []
  if (!isOf(TableSchemaShape, value)) throw new PullRefusal('answer-odd', `${path} has an unknown shape.`)
  const rows = new Map<string, CodeRow>()
  for (const { name, codes = [] } of value.fields) {
    const list = contract.fields.find((field) => field.name === name)?.codes
    if (list === undefined) continue
    for (const { value: code, titles } of codes) rows.set(`${list} ${code}`, { list, code, ...titles })
  }
  return [...rows.values()].map(({ list, code, zh, en }) => ({ list, code, zh, en }))
}

/** JSON from an address; undefined if the source no longer has it. */
async function readJson(client: Client, path: string): Promise<unknown> {
  const response = await client.text(path)
  if (response.status === 404 || response.status === 410) return undefined
  if (response.status !== 200) throw refusalOf(path, response)
  const value = parseJson(response.text)
  if (typeof value !== 'object' || value === null) throw new PullRefusal('answer-odd', `${path} is not JSON.`)
  return value
}

/**
 * The refusal for a failed request. The source's text is untrusted: only the members of a problem are shown.
 */
export function refusalOf(path: string, { status, text }: TextResponse): PullRefusal {
  const value = parseJson(text)
  if (!isOf(ProblemShape, value))
    return new PullRefusal('source-refused', `${path} responded with status ${status}.`)
  const { code, title, detail, hint } = value
  const reason = [title, detail, hint].filter((part) => part !== undefined && part !== '').join(' – ')
  return new PullRefusal('source-refused', `${path} responded with status ${status}, ${code}: ${reason}`)
}

/** Compares a version's own address with the feed. Throws `wrong-facts`; if they differ, neither is used. */
export function checkFacts(
  facts: PulledFacts,
  key: VersionKey,
  announced: { readonly records: number; readonly sha256: string; readonly files: string },
  listing: string,
): void {
  const isSame =
    nameOf(facts) === nameOf(key) &&
    facts.records === announced.records &&
    facts.sha256 === announced.sha256 &&
    listing === announced.files &&
    facts.distributions.every((file) => file.name === fileNameOf(key, file.format)) &&
    facts.distributions.some((file) => file.format === 'csv' && file.sha256 === facts.sha256)
  if (!isSame) throw new PullRefusal('wrong-facts', `${nameOf(key)}: its address and the feed differ.`)
}
