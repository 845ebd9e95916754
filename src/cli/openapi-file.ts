/**
 * Writes openapi.yaml from the routes and the contracts that ship with the code, or with `--check` tells how the file
 * differs and ends with 1. It needs no database: to build the app only registers, and any more is refused.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { stringify } from 'yaml'
import { buildApp, datasetParts } from '../app.ts'
import type { AppContext } from '../catalogue/index.ts'
import { loadContracts } from '../contract/index.ts'
import { buildOpenapi } from '../http/index.ts'
import { loadConfig } from '../platform/config.ts'
import { buildEventLog } from '../platform/log/events.ts'

/** The document as YAML, the same bytes for the same routes and contracts. */
export async function writeOpenapi(folders: readonly string[]): Promise<string> {
  const contracts = await loadContracts({ folders })
  const silent = () => undefined
  const app = await buildApp({
    // Defaults alone: the file must not depend on where it was written.
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
    // Anchors for repeated parts would save bytes and cost every reader; long lines stay lines, for the sake of diffs.
    return stringify(buildOpenapi(app, contracts, { parts: datasetParts }), {
      aliasDuplicateObjects: false,
      lineWidth: 0,
    })
  } finally {
    await app.close()
  }
}

/** A part of the house that nobody may touch while routes are only registered. */
function absent<Name extends 'database' | 'files' | 'jobs'>(name: Name): AppContext[Name] {
  return new Proxy({} as AppContext[Name], {
    get: (_part, member) => {
      throw new Error(`Building the app must not touch ${name}.${String(member)}.`)
    },
  })
}

/** The first lines that differ, as a person wants to see them. */
export function drift(kept: string, made: string): readonly string[] {
  const [old, now] = [kept.split('\n'), made.split('\n')]
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

async function main(check: boolean): Promise<void> {
  const root = new URL('../../', import.meta.url)
  const file = new URL('openapi.yaml', root)
  const made = await writeOpenapi([fileURLToPath(new URL('datasets', root))])
  if (!check) return writeFile(file, made)
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  if (kept === made) return
  process.stderr.write(`${drift(kept, made).join('\n')}\n`)
  process.exitCode = 1
}

// Only as a program: a test imports the functions and nothing happens.
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(process.argv.includes('--check'))
}
