/**
 * A context for tests of the HTTP layer, without a database: each part that is not passed throws when it is
 * used, so that a test shows what the layer really needs.
 */
import pino from 'pino'
import type { AppContext, Readiness } from '../../src/catalogue/index.ts'
import type { Contracts, LoadedContract } from '../../src/contract/index.ts'
import { loadConfig } from '../../src/platform/config.ts'
import { buildEventLog, type LogSink } from '../../src/platform/log/events.ts'

export interface UnconnectedContext {
  readonly context: AppContext & { readonly readiness: Readiness }
  /** Every log line, as text. */
  readonly lines: string[]
}

/** A part that must not be used. */
function absent<T extends object>(name: string): T {
  return new Proxy({} as T, {
    get: (_target, member) => {
      throw new Error(`${name}.${String(member)} was used`)
    },
  })
}

/** A fixed set of contracts as the contracts of a context. */
export function contractsOf(
  loaded: readonly LoadedContract[],
  codes: Contracts['codes'] = (name) => ({ name, codes: [], byCode: new Map() }),
): Contracts {
  const find: Contracts['find'] = (dataset) => loaded.find(({ contract }) => contract.dataset === dataset)
  return {
    list: () => loaded,
    versions: (dataset) => loaded.filter(({ contract }) => contract.dataset === dataset),
    find,
    get: (dataset) => {
      const found = find(dataset)
      if (found === undefined) throw new Error('no such contract')
      return found
    },
    codes,
    setAside: [],
  }
}

/** A context with its log lines. */
export function unconnectedContext(
  environment: Readonly<Record<string, string>> = {},
  parts: Partial<AppContext> = {},
): UnconnectedContext {
  const lines: string[] = []
  const log: LogSink = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) })
  const context = {
    config: loadConfig({ QINGDAN_CONNECTIONS_PER_CLIENT_MAX: '100000', ...environment }),
    database: absent<AppContext['database']>('database'),
    files: absent<AppContext['files']>('files'),
    jobs: absent<AppContext['jobs']>('jobs'),
    clock: () => new Date('2026-03-01T04:00:00Z'),
    contracts: contractsOf([]),
    ...buildEventLog(log),
    ...parts,
    readiness: { ready: false },
  }
  return { context, lines }
}
