/**
 * Moves equal schemas, parameters and responses to `components`. Without it, a document and every generated
 * client would be several times as long.
 */
import {
  type Json,
  mapValues,
  type OpenapiDocument,
  type Operation,
  type Paths,
  sorted,
} from './document-shape.ts'
import { shareSchemas } from './share-schemas.ts'

/**
 * The document with repeated parameters and responses replaced by references. A generator, so that a caller
 * can build it in slices.
 */
export function* shareEquals(whole: OpenapiDocument): Generator<void, OpenapiDocument> {
  const document = yield* shareSchemas(whole)
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
  const parameters = yield* findShared(
    operations.flatMap((owner) =>
      // Names of components have no `$`, with which OData's options begin.
      (owner.parameters ?? []).map((value) => ({ owner, key: value.name.replace(/[^\w.-]/g, ''), value })),
    ),
  )
  const responses = yield* findShared(
    operations.flatMap((owner) =>
      Object.entries(owner.responses ?? {}).map(([key, value]) => ({ owner, key, value })),
    ),
  )
  const share = (operation: Operation): Operation => ({
    ...operation,
    ...(operation.parameters === undefined
      ? {}
      : {
          parameters: operation.parameters.map((one) => parameters.reference('parameters', operation, one)),
        }),
    responses: mapValues(operation.responses ?? {}, (one) =>
      responses.reference('responses', operation, one),
    ),
  })
  const paths: Record<string, Paths[string]> = {}
  for (const [path, methods] of Object.entries(document.paths)) {
    paths[path] = mapValues(methods, share)
    yield
  }
  const components = {
    ...document.components,
    parameters: parameters.content,
    responses: responses.content,
  }
  return { ...document, paths, components }
}

interface Found {
  readonly owner: Operation
  readonly key: string
  readonly value: Json
}

interface SharedValues {
  readonly content: Json
  /** A reference if the value is shared, else the value itself. */
  readonly reference: <T extends Json>(kind: string, owner: Operation, value: T) => T
}

/** How many parameters or responses are compared between two steps. */
const foundPerStep = 50

/**
 * Finds repeated values and names each. Values that only datasets have are shared per dataset: two that are
 * equal by chance today must not change names when one of them changes.
 */
function* findShared(found: readonly Found[]): Generator<void, SharedValues> {
  // Many operations share one object: it is serialised once.
  const texts = new WeakMap<Json, string>()
  const textOf = (value: Json) => {
    const text = texts.get(value) ?? JSON.stringify(value)
    texts.set(value, text)
    return text
  }
  const generic = new Set<string>()
  for (const [index, { owner, value }] of found.entries()) {
    if (datasetOf(owner) === undefined) generic.add(textOf(value))
    if (index % foundPerStep === 0) yield
  }
  const keyOf = (owner: Operation, value: Json) => {
    const text = textOf(value)
    return generic.has(text) ? text : `${datasetOf(owner)} ${text}`
  }
  const byKey = new Map<string, Found[]>()
  for (const [index, one] of found.entries()) {
    const key = keyOf(one.owner, one.value)
    const known = byKey.get(key)
    if (known === undefined) byKey.set(key, [one])
    else known.push(one)
    if (index % foundPerStep === 0) yield
  }
  const shared = [...byKey].flatMap(([key, all]) => {
    const first = all.find(({ owner }) => datasetOf(owner) === undefined) ?? all[0]
    return first === undefined || all.length === 1
      ? []
      : [{ key, first, uses: all.length, isGeneric: datasetOf(first.owner) === undefined }]
  })
  // The most frequent value gets the short name: `429`, `edition`.
  shared.sort((a, b) => Number(b.isGeneric) - Number(a.isGeneric) || b.uses - a.uses)
  const names = new Map<string, string>()
  const content = new Map<string, Json>()
  for (const { key, first } of shared) {
    const name = content.has(first.key) ? `${first.owner.operationId}.${first.key}` : first.key
    names.set(key, name)
    content.set(name, first.value)
  }
  return {
    content: sorted(Object.fromEntries(content)),
    reference: (kind, owner, value) => {
      const name = names.get(keyOf(owner, value))
      // The reference resolves to an equal value.
      return name === undefined
        ? value
        : ({ $ref: `#/components/${kind}/${name}` } as unknown as typeof value)
    },
  }
}

/** The dataset of an operation, from its id: `listRecords.<dataset>`; undefined for a generic one. */
function datasetOf({ operationId = '' }: Operation): string | undefined {
  return operationId.split('.')[1]
}
