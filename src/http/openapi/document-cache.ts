/**
 * The OpenAPI documents that the service serves: built in slices at first request, one at a time, and cached
 * compressed under what they depend on: a contract's digests and code lists, or the list of open datasets.
 */
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { LRUCache } from 'lru-cache'
import { type Contracts, type LoadedContract, listCodes } from '../../contract/index.ts'
import { canonicalJson, digestOf } from '../../platform/digest.ts'
import type { Language } from '../../platform/language.ts'
import type { App } from '../route-helpers.ts'
import type { DatasetPart } from './dataset-operations.ts'
import { basisSteps, datasetSteps, genericSteps, openDatasets, type Steps } from './document.ts'
import type { OpenapiDocument } from './document-shape.ts'
import { sliceQueue } from './slices.ts'

/** A document as gzip. `tag` identifies its text. */
export interface RenderedDocument {
  readonly gzip: Buffer
  readonly tag: string
}

/** Documents by language; without a language, the datasets are described in both. */
interface DocumentCache {
  readonly generic: (contracts: Contracts, language: Language | undefined) => Promise<RenderedDocument>
  readonly dataset: (
    contracts: Contracts,
    loaded: LoadedContract,
    language: Language | undefined,
  ) => Promise<RenderedDocument>
}

/** Enough for some hundred documents of about 20 kB each as gzip; the least recently used are evicted. */
const cacheBytesMax = 16 * 1024 ** 2

const compress = promisify(gzip)
const expand = promisify(gunzip)

/** The text of a document, for a caller that does not accept gzip. */
export function expandDocument({ gzip: bytes }: RenderedDocument): Promise<Buffer> {
  return expand(bytes)
}

/** Caches the documents of an app. None is built before its first request. */
export function buildDocumentCache(app: App, parts: readonly DatasetPart[]): DocumentCache {
  const run = sliceQueue()
  const documents = new LRUCache<string, RenderedDocument>({
    maxSize: cacheBytesMax,
    sizeCalculation: ({ gzip: bytes }) => bytes.length,
  })
  const building = new Map<string, Promise<RenderedDocument>>()
  const bases = new Map<Language | undefined, OpenapiDocument>()

  function* basisOf(language: Language | undefined): Steps<OpenapiDocument> {
    const basis = bases.get(language) ?? (yield* basisSteps(app, { parts, language }))
    bases.set(language, basis)
    return basis
  }

  const get = (key: string, steps: () => Steps<OpenapiDocument>): Promise<RenderedDocument> => {
    const known = documents.get(key)
    if (known !== undefined) return Promise.resolve(known)
    const pending = building.get(key)
    if (pending !== undefined) return pending
    const built = build(() => run(() => textSteps(steps)))
      .then((document) => {
        documents.set(key, document)
        return document
      })
      .finally(() => building.delete(key))
    building.set(key, built)
    return built
  }

  return {
    generic: (contracts, language) =>
      get(`${genericKey(contracts)} ${language}`, () => genericSteps(app, contracts, language)),
    dataset: (contracts, loaded, language) =>
      get(`${datasetKey(contracts, loaded)} ${language}`, function* () {
        const basis = yield* basisOf(language)
        return yield* datasetSteps(basis, loaded.contract, contracts, { parts, language })
      }),
  }
}

function* textSteps(steps: () => Steps<OpenapiDocument>): Steps<string> {
  const document = yield* steps()
  yield
  return JSON.stringify(document)
}

async function build(write: () => Promise<string>): Promise<RenderedDocument> {
  const text = await write()
  return { gzip: await compress(text), tag: digestOf(text).slice(0, 32) }
}

/** Keyed by the contracts object, which is new after each loading, so that a digest is made once. */
const genericKeys = new WeakMap<Contracts, string>()
const datasetKeys = new WeakMap<LoadedContract, string>()

/** What the generic document depends on besides the routes: names and titles of the open datasets. */
function genericKey(contracts: Contracts): string {
  const known = genericKeys.get(contracts)
  if (known !== undefined) return known
  const named = openDatasets(contracts).map(({ contract: { dataset, title } }) => ({ dataset, title }))
  const key = digestOf(canonicalJson(named))
  genericKeys.set(contracts, key)
  return key
}

/** What a dataset's document depends on besides the routes: its contracts and their code lists. */
function datasetKey(contracts: Contracts, loaded: LoadedContract): string {
  const known = datasetKeys.get(loaded)
  if (known !== undefined) return known
  const versions = contracts.versions(loaded.contract.dataset)
  const lists = new Set(
    versions.flatMap(({ contract }) => contract.fields.flatMap(({ codes }) => codes ?? [])),
  )
  const codes = [...lists].map((list) => ({ list, codes: listCodes(contracts, list) }))
  const key = digestOf(canonicalJson({ digests: versions.map(({ digest }) => digest), codes }))
  datasetKeys.set(loaded, key)
  return key
}
