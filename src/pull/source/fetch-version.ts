/**
 * Fetches what a step needs into scratch and verifies it: contracts with the labels of their codes, and
 * versions with their files. What the source no longer has counts as missing; its withdrawal comes later in the
 * feed.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { PublicKeyFile } from '../../bundle/index.ts'
import {
  type KnownVersion,
  type Ledger,
  lineageOf,
  listingOf,
  nameOf,
  type VersionKey,
  versionsOf,
} from '../ledger.ts'
import { bagOverheadBytesMax } from '../limits.ts'
import { PullRefusal } from '../problems.ts'
import type { CodeRow, PulledContract, SourceChange } from '../response-shapes.ts'
import type { FetchedContract, FetchedVersion } from '../sink.ts'
import { unpackVersionBag } from '../version-bag.ts'
import type { Client } from './client.ts'
import { download } from './download.ts'
import { checkFacts, fileNameOf, readCodes, readContract, readFacts, versionPath } from './source.ts'

export interface FetchContext {
  readonly client: Client
  readonly scratch: string
  readonly origin: string
  /** Keys trusted to sign versions; undefined if signatures are not checked. */
  readonly keys: readonly PublicKeyFile[] | undefined
  readonly isWanted: (format: string) => boolean
  readonly onBytes: (bytes: number) => void
}

/** A version and its contract. */
export interface Fetched {
  readonly version: FetchedVersion
  readonly contract: FetchedContract
}

/** Fetches a contract; undefined if it is missing. */
export async function fetchContract(
  { client }: Pick<FetchContext, 'client'>,
  ledger: Ledger,
  dataset: string,
  announced: NonNullable<SourceChange['contract']>,
): Promise<FetchedContract | undefined> {
  const { contractVersion, sha256 } = announced
  const contract = await readContract(client, { dataset, contractVersion, sha256 })
  if (contract === undefined) return undefined
  const notice =
    announced.notice === undefined ? null : { since: announced.notice.since, sunset: announced.notice.sunset }
  return fetchedContractOf(ledger, contract, sha256, await readCodes(client, contract), notice)
}

function fetchedContractOf(
  ledger: Ledger,
  contract: PulledContract,
  sha256: string,
  codes: readonly CodeRow[],
  notice: FetchedContract['notice'] = null,
): FetchedContract {
  const lineage = lineageOf(ledger, contract.dataset, contract.contractVersion)
  return { contract, sha256, lineage, codes, notice }
}

/** Fetches a version; undefined if it is missing. Throws the refusals of its parts. */
export async function fetchVersion(
  run: FetchContext,
  ledger: Ledger,
  key: VersionKey,
): Promise<Fetched | undefined> {
  const known = versionsOf(ledger, key.dataset, key.edition).get(key.version)
  const { contractVersion } = known ?? {}
  if (known === undefined || contractVersion === undefined)
    throw new Error('Expected a version known from the feed')
  const sha256 = ledger.contracts.get(key.dataset)?.get(contractVersion)?.sha256
  if (sha256 === undefined) {
    throw new PullRefusal(
      'answer-odd',
      `${nameOf(key)} follows contract ${contractVersion}, which is not in the feed.`,
    )
  }
  const of = { key, known, contractVersion, sha256 }
  return run.keys === undefined ? fetchFiles(run, ledger, of) : takeBag(run, ledger, of, run.keys)
}

interface Wanted {
  readonly key: VersionKey
  readonly known: KnownVersion
  readonly contractVersion: number
  /** Digest of the contract. */
  readonly sha256: string
}

async function fetchFiles(run: FetchContext, ledger: Ledger, of: Wanted): Promise<Fetched | undefined> {
  const { client, isWanted, onBytes } = run
  const { key, known, contractVersion, sha256 } = of
  const facts = await readFacts(client, key)
  if (facts === undefined) return undefined
  checkFacts(facts, key, known, listingOf(facts.distributions))
  const contract = await readContract(client, { dataset: key.dataset, contractVersion, sha256 })
  if (contract === undefined) return undefined
  const files = new Map<string, string>()
  for (const file of facts.distributions) {
    if (!isWanted(file.format)) continue
    const to = scratchPath(run, key, file.format)
    const path = `${versionPath(key)}/files/${file.name}`
    const order = { path, to, bytesMax: file.bytes, sha256: file.sha256, onBytes }
    if (!(await download(client, order))) return undefined
    files.set(file.format, to)
  }
  const fetched = fetchedContractOf(ledger, contract, sha256, await readCodes(client, contract))
  return { contract: fetched, version: { facts, lineage: fetched.lineage, contract, files, signedBy: null } }
}

async function takeBag(
  run: FetchContext,
  ledger: Ledger,
  of: Wanted,
  keys: readonly PublicKeyFile[],
): Promise<Fetched | undefined> {
  const { client, origin, isWanted, onBytes } = run
  const { key, known, contractVersion, sha256 } = of
  const to = scratchPath(run, key, 'bag')
  const bytesMax = Object.values(known.bytes).reduce((sum, bytes) => sum + bytes, bagOverheadBytesMax)
  if (!(await download(client, { path: `${versionPath(key)}/bag.zip`, to, bytesMax, onBytes })))
    return undefined
  const { facts, contract, codes, files, signedBy } = await unpackVersionBag({
    ...{ path: to, key, origin, keys, isWanted },
    contract: { contractVersion, sha256 },
    to: (format) => scratchPath(run, key, format),
  }).finally(() => rm(to, { force: true }))
  checkFacts(facts, key, known, listingOf(facts.distributions))
  const fetched = fetchedContractOf(ledger, contract, sha256, codes)
  return { contract: fetched, version: { facts, lineage: fetched.lineage, contract, files, signedBy } }
}

function scratchPath({ scratch }: FetchContext, key: VersionKey, format: string): string {
  return join(scratch, fileNameOf(key, format))
}
