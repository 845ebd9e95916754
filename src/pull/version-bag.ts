/**
 * A version as a signed bag of the source: verified with a trusted key, compared with the feed, and unpacked
 * into scratch. Refuses other signatures, altered bytes, a bag of another version or origin, and facts that
 * differ from the feed's.
 */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { parse } from 'csv-parse/sync'
import {
  type Bag,
  BundleRefusal,
  exportLimits,
  openBag,
  type PublicKeyFile,
  paths,
  proveBag,
  readContent,
  textOf,
} from '../bundle/index.ts'
import type { CarriedVersion } from '../contract/index.ts'
import { defined } from '../platform/defined.ts'
import { asTargetFault } from './folder/file-errors.ts'
import { nameOf, type VersionKey } from './ledger.ts'
import { PullRefusal } from './problems.ts'
import {
  type CodeRow,
  isOf,
  type PulledContract,
  type PulledFacts,
  parseJson,
  ResponseFacts,
} from './response-shapes.ts'
import { checkContract } from './source/source.ts'

interface BagOrder {
  /** Path of the bag, a ZIP file. */
  readonly path: string
  readonly key: VersionKey
  readonly origin: string
  readonly keys: readonly PublicKeyFile[]
  readonly contract: { readonly contractVersion: number; readonly sha256: string }
  /** Whether to unpack a format. */
  readonly isWanted: (format: string) => boolean
  /** The target path for a format. */
  readonly to: (format: string) => string
}

interface UnpackedBag {
  readonly facts: PulledFacts
  readonly contract: PulledContract
  readonly codes: readonly CodeRow[]
  readonly files: ReadonlyMap<string, string>
  readonly signedBy: string
}

/** A contract takes a few kilobytes, a code list some hundred. */
const textBytesMax = 16 << 20

/**
 * Verifies a bag and unpacks it. Throws `wrong-signature` without a trusted signature, otherwise
 * `wrong-bytes` or `wrong-facts`.
 */
export async function unpackVersionBag(order: BagOrder): Promise<UnpackedBag> {
  const name = nameOf(order.key)
  try {
    const bag = await openBag(order.path, 'zip', exportLimits)
    try {
      return await unpack(bag, order, name)
    } finally {
      await bag.close()
    }
  } catch (error) {
    if (!(error instanceof BundleRefusal)) throw asTargetFault(error)
    const checks = [...new Set(error.findings.map(({ check }) => check))]
    const isSignature = checks.some((check) => /^export-(signature|unsigned)$/.test(check))
    const expected = error.findings.find(({ expected }) => expected !== undefined)?.expected
    throw new PullRefusal(
      isSignature ? 'wrong-signature' : 'wrong-bytes',
      `${name}: ${checks.join(', ')}${expected === undefined ? '' : ` (${expected})`}.`,
      { cause: error },
    )
  }
}

async function unpack(bag: Bag, order: BagOrder, name: string): Promise<UnpackedBag> {
  const trust = { keys: order.keys, at: new Date(), progress: () => undefined }
  const { purpose, signedBy, digests } = await proveBag(bag, trust)
  const { versions } = await readContent(bag, digests, Number.MAX_SAFE_INTEGER)
  const [carried, ...others] = versions
  const isOwn = purpose.origin === order.origin && purpose.excerpt?.join() === name && others.length === 0
  if (!isOwn || carried === undefined)
    throw new PullRefusal('wrong-facts', `${name}: its bag contains something else.`)
  const facts = factsOf(carried)
  if (!isOf(ResponseFacts, facts))
    throw new PullRefusal('answer-odd', `${name}: the facts in its bag have an unknown shape.`)
  const contractPath = paths.contract(order.key.dataset, order.contract.contractVersion)
  const json = parseJson(await textOf(bag, contractPath, textBytesMax))
  const contract = checkContract(json, { dataset: order.key.dataset, ...order.contract }, contractPath)
  return {
    ...{ facts, contract, signedBy },
    codes: await codesOf(bag, contract),
    files: await unpackFiles(bag, carried, order),
  }
}

function factsOf(carried: CarriedVersion): PulledFacts {
  const { dataset, edition, number, contractVersion, publishedAt, reason, records, digest } = carried
  return {
    ...{ dataset, edition, version: number, contractVersion },
    period: { start: carried.periodStart, end: carried.periodEnd },
    ...{ publishedAt, reason, records, sha256: digest },
    difference: carried.difference,
    synthetic: carried.parts.some(({ synthetic }) => synthetic),
    parts: carried.parts.map(({ provider, rows }) => ({ provider, ...defined({ rows }) })),
    waivers: [...carried.waivers],
    warnings: [...carried.warnings],
    suppressions: { ...carried.suppressions },
    distributions: carried.distributions.map(({ name, format, mediaType, bytes, digest: sha256 }) => ({
      ...{ name, format, mediaType, bytes, sha256 },
    })),
  }
}

/**
 * The labels of the codes that the contract's fields use; of a code with several periods, the current label.
 */
async function codesOf(bag: Bag, contract: PulledContract): Promise<readonly CodeRow[]> {
  const lists = new Set(contract.fields.flatMap(({ codes }) => (codes === undefined ? [] : [codes])))
  const rows = new Map<string, CodeRow>()
  for (const list of lists) {
    const text = await textOf(bag, paths.codeList(list), textBytesMax)
    const lines = parse(text, { columns: true }) as readonly Readonly<Record<string, string>>[]
    for (const { code = '', zh = '', en = '', valid_until: until = '' } of lines) {
      const known = rows.get(`${list} ${code}`)
      // A row without an end date is the newest.
      if (known === undefined || until === '') rows.set(`${list} ${code}`, { list, code, zh, en })
    }
  }
  return [...rows.values()]
}

async function unpackFiles(
  bag: Bag,
  carried: CarriedVersion,
  { isWanted, to }: BagOrder,
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>()
  for (const { name, format, digest } of carried.distributions) {
    if (!isWanted(format)) continue
    const path = paths.file(carried, name)
    if (!bag.entries.some((entry) => entry.path === path)) {
      throw new PullRefusal('wrong-facts', `${path} is not in the bag.`)
    }
    const target = to(format)
    const hash = createHash('sha256')
    const source = bag.read(path)
    await pipeline(
      async function* () {
        for await (const chunk of source) {
          hash.update(chunk)
          yield chunk
        }
      },
      createWriteStream(`${target}.part`, { flush: true }),
    )
    // Checked again while reading: somebody with write access may have changed the bag since it was verified.
    if (hash.digest('hex') !== digest)
      throw new PullRefusal('wrong-bytes', `${path} has changed since it was verified.`)
    await rename(`${target}.part`, target)
    files.set(format, target)
  }
  return files
}
