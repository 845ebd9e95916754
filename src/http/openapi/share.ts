/**
 * What operations have in common stands once, under `components`: equal parameters and equal responses. Without it the
 * document of five datasets would be several times as long, and every generated client with it.
 */
import type { Json, OpenapiDocument, Operation, Paths } from './document.ts'

/** The document with parameters and responses that occur more than once referred to. */
export function shareEquals(document: OpenapiDocument): OpenapiDocument {
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
  const parameters = buildShelf(
    operations.flatMap((owner) =>
      (owner.parameters ?? []).map((value) => ({ owner, key: value.name, value })),
    ),
    (key, owners) => {
      const [dataset, ...others] = new Set(owners.map(datasetOf))
      return dataset === undefined || others.length > 0 ? key : `${dataset}.${key}`
    },
  )
  const responses = buildShelf(
    operations.flatMap((owner) =>
      Object.entries(owner.responses ?? {}).map(([key, value]) => ({ owner, key, value })),
    ),
    (key, [owner]) => `${owner?.operationId}.${key}`,
  )
  const share = (operation: Operation): Operation => ({
    ...operation,
    ...(operation.parameters === undefined
      ? {}
      : { parameters: operation.parameters.map((one) => refer('parameters', parameters, one)) }),
    responses: mapValues(operation.responses ?? {}, (one) => refer('responses', responses, one)),
  })
  const paths: Paths = mapValues(document.paths, (methods) => mapValues(methods, share))
  const components = {
    ...document.components,
    parameters: contentOf(parameters),
    responses: contentOf(responses),
  }
  return { ...document, paths, components }
}

interface Found {
  readonly owner: Operation
  readonly key: string
  readonly value: Json
}

interface Shared {
  readonly name: string
  readonly value: Json
}

/** What occurs more than once, by its JSON, each with a name of its own. Found in a fixed order, it is named in it. */
function buildShelf(
  found: readonly Found[],
  nameOf: (key: string, owners: readonly Operation[]) => string,
): ReadonlyMap<string, Shared> {
  const byText = new Map<string, Found[]>()
  for (const one of found) {
    const text = JSON.stringify(one.value)
    const known = byText.get(text)
    if (known === undefined) byText.set(text, [one])
    else known.push(one)
  }
  const taken = new Set<string>()
  const shelf = new Map<string, Shared>()
  for (const [text, all] of byText) {
    const [first] = all
    if (first === undefined || all.length === 1) continue
    const short = nameOf(
      first.key,
      all.map(({ owner }) => owner),
    )
    // An edition in the path and one in the query share a name, and are two parameters.
    const name = taken.has(short) ? `${first.owner.operationId}.${first.key}` : short
    taken.add(name)
    shelf.set(text, { name, value: first.value })
  }
  return shelf
}

/** The dataset that an operation is of, by its name: `listRecords.<dataset>`; undefined for a generic one. */
function datasetOf({ operationId = '' }: Operation): string | undefined {
  return operationId.split('.')[1]
}

function refer<T extends Json>(kind: string, shelf: ReadonlyMap<string, Shared>, value: T): T {
  const shared = shelf.get(JSON.stringify(value))
  // The type of what stands behind the reference is what readers of the document work with.
  return shared === undefined ? value : ({ $ref: `#/components/${kind}/${shared.name}` } as unknown as T)
}

function contentOf(shelf: ReadonlyMap<string, Shared>): Json {
  const named = [...shelf.values()].map(({ name, value }) => [name, value] as const)
  return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))
}
