/**
 * Writes openapi.yaml: the generic operations and, as a sample, those of the dataset given by `--dataset`.
 * With `--check` it reports differences and exits with 1. It only registers routes, so it needs no database.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Document, isMap, isScalar, isSeq, visit } from 'yaml'
import { buildApp, datasetParts } from '../app.ts'
import type { AppContext } from '../catalogue/index.ts'
import { loadContracts } from '../contract/index.ts'
import { buildOpenapi, type OpenapiDocument } from '../http/index.ts'
import { loadConfig } from '../platform/config.ts'
import { buildEventLog } from '../platform/log/events.ts'
import { packageFile } from '../platform/package-root.ts'

/** The document as YAML with the operations of these datasets; the same for equal routes and contracts. */
export async function writeOpenapi(folders: readonly string[], datasets: readonly string[]): Promise<string> {
  const contracts = await loadContracts({ folders })
  const silent = () => undefined
  const app = await buildApp({
    // Defaults only: the file must not depend on the machine that wrote it.
    config: loadConfig({}),
    contracts,
    database: absent('database'),
    files: absent('files'),
    jobs: absent('jobs'),
    clock: () => new Date(0),
    ...buildEventLog({ debug: silent, info: silent, warn: silent, error: silent }),
    readiness: { ready: false },
  })
  try {
    await app.ready()
    return toYaml(buildOpenapi(app, contracts, { parts: datasetParts, datasets }))
  } finally {
    await app.close()
  }
}

/** Lists up to this length are written on the line of their name. */
const flowLengthMax = 90

/** A document as YAML, with each reference and each short list on the line of its name. */
function toYaml(value: OpenapiDocument): string {
  // YAML anchors would save bytes but make the file harder to read.
  const document = new Document(value, { aliasDuplicateObjects: false })
  visit(document, {
    Pair: (_key, { value: node }) => {
      if (isMap(node) && node.items.length === 1 && node.has('$ref')) node.flow = true
      if (isSeq(node) && node.items.every(isScalar) && String(node).length <= flowLengthMax) node.flow = true
    },
  })
  // No line folding, for readable diffs.
  return document.toString({ lineWidth: 0, indentSeq: false })
}

/** A part of the context that must not be used while routes are only registered. */
function absent<Name extends 'database' | 'files' | 'jobs'>(name: Name): AppContext[Name] {
  return new Proxy({} as AppContext[Name], {
    get: (_part, member) => {
      throw new Error(`Building the app must not touch ${name}.${String(member)}.`)
    },
  })
}

/** The first lines that differ, for people. */
export function drift(existing: string, generated: string): readonly string[] {
  const [old, now] = [existing.split('\n'), generated.split('\n')]
  const at = now.findIndex((line, i) => line !== old[i])
  const first = at === -1 ? now.length : at
  return [
    `openapi.yaml differs from the routes and contracts, first in line ${first + 1}:`,
    ...old.slice(first, first + linesShown).map((line) => `- ${line}`),
    ...now.slice(first, first + linesShown).map((line) => `+ ${line}`),
    'Run `npm run openapi` and look at the diff.',
  ]
}

const linesShown = 5

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { check: { type: 'boolean', default: false }, dataset: { type: 'string', multiple: true } },
  })
  const file = packageFile('openapi.yaml')
  const generated = await writeOpenapi([packageFile('datasets')], values.dataset ?? [])
  if (!values.check) return writeFile(file, generated)
  const existing = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  if (existing === generated) return
  process.stderr.write(`${drift(existing, generated).join('\n')}\n`)
  process.exitCode = 1
}

// Runs only as a program, not when a test imports the functions.
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(process.argv.slice(2))
}
