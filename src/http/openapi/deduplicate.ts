/**
 * What operations have in common stands once, under `components`: equal parameters and equal responses. Without it the
 * document of five datasets would be several times as long, and every generated client with it.
 */
import {
  type Json,
  mapValues,
  type OpenapiDocument,
  type Operation,
  type Paths,
  sorted,
} from './document-shape.ts'

/** The document with parameters and responses that occur more than once referred to. */
export function shareEquals(document: OpenapiDocument): OpenapiDocument {
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
  const parameters = buildShelf(
    operations.flatMap((owner) =>
      (owner.parameters ?? []).map((value) => ({ owner, key: value.name, value })),
    ),
    ({ owner, key }) => [datasetOf(owner), key],
  )
  const responses = buildShelf(
    operations.flatMap((owner) =>
      Object.entries(owner.responses ?? {}).map(([key, value]) => ({ owner, key, value })),
    ),
    ({ owner, key }) => [owner.operationId, key],
  )
  const share = (operation: Operation): Operation => ({
    ...operation,
    ...(operation.parameters === undefined
      ? {}
      : { parameters: operation.parameters.map((one) => parameters.refer('parameters', operation, one)) }),
    responses: mapValues(operation.responses ?? {}, (one) => responses.refer('responses', operation, one)),
  })
  const paths: Paths = mapValues(document.paths, (methods) => mapValues(methods, share))
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

interface Shelf {
  readonly content: Json
  /** A reference to what is shared, else the value itself. */
  readonly refer: <T extends Json>(kind: string, owner: Operation, value: T) => T
}

/**
 * What occurs more than once, each with a name of its own. What only datasets have is kept apart for each of them: two
 * that agree by chance today must not lose their names when one changes.
 */
function buildShelf(
  found: readonly Found[],
  nameOf: (first: Found) => readonly (string | undefined)[],
): Shelf {
  const generic = new Set(
    found.filter(({ owner }) => datasetOf(owner) === undefined).map(({ value }) => JSON.stringify(value)),
  )
  const keyOf = (owner: Operation, value: Json) => {
    const text = JSON.stringify(value)
    return generic.has(text) ? text : `${datasetOf(owner)} ${text}`
  }
  const byKey = new Map<string, Found[]>()
  for (const one of found) {
    const key = keyOf(one.owner, one.value)
    byKey.set(key, [...(byKey.get(key) ?? []), one])
  }
  const names = new Map<string, string>()
  const content = new Map<string, Json>()
  for (const [key, all] of byKey) {
    const first = all.find(({ owner }) => datasetOf(owner) === undefined) ?? all[0]
    if (first === undefined || all.length === 1) continue
    const short = nameOf(first)
      .filter((part) => part !== undefined)
      .join('.')
    // An edition in the path and one in the query share a name, and are two parameters.
    const name = content.has(short) ? `${first.owner.operationId}.${first.key}` : short
    names.set(key, name)
    content.set(name, first.value)
  }
  return {
    content: sorted(Object.fromEntries(content)),
    refer: (kind, owner, value) => {
      const name = names.get(keyOf(owner, value))
      // Readers of the document find the same behind the reference.
      return name === undefined
        ? value
        : ({ $ref: `#/components/${kind}/${name}` } as unknown as typeof value)
    },
  }
}

/** The dataset that an operation is of, by its name: `listRecords.<dataset>`; undefined for a generic one. */
function datasetOf({ operationId = '' }: Operation): string | undefined {
  return operationId.split('.')[1]
}
