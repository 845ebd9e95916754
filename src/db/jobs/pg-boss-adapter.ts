/** pg-boss over postgres.js: it opens no pool and runs its statements through a function built here. */
import PgBoss from 'pg-boss'
import postgres, { type ParameterOrJSON, type Sql } from 'postgres'
import { type CurrentAddress, connecting, followPort } from '../connections.ts'
import type { Runner } from '../database.ts'

/** The client for pg-boss, which passes JSON that is already serialised. */
export function openBossSql(address: CurrentAddress, connectionsMax: number): Sql {
  const asIs = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
  const json = (oid: number) => ({ to: oid, from: [oid], serialize: asIs, parse: JSON.parse })
  const sql = postgres(address(), {
    ...connecting,
    max: connectionsMax,
    idle_timeout: 60,
    connection: { application_name: 'qingdan jobs' },
    types: { json: json(114), jsonb: json(3802) },
  }) as unknown as Sql
  followPort(sql, address)
  return sql
}

/** How pg-boss runs its statements. */
export function bossOver(sql: Runner): PgBoss.Db {
  return {
    executeSql: async (text, values) => {
      if (values !== undefined && values.length > 0) {
        const parameters = values.map((value: unknown) =>
          value === undefined ? null : value,
        ) as ParameterOrJSON<never>[]
        return { rows: [...(await sql.unsafe(text, parameters))] }
      }
      // Statements sent together are one transaction, so a script needs none of its own, which would stay open on
      // a connection of the pool if it failed.
      const script = text.replace(/^\s*BEGIN;/, '').replace(/\bCOMMIT;\s*$/, '')
      return { rows: [...(await sql.unsafe(script))] }
    },
  }
}

/** Creates or updates pg-boss's own tables in the schema `pgboss`. Run it under the migration lock. */
export async function installJobs(session: Sql): Promise<void> {
  const boss = new PgBoss({ db: bossOver(session), schedule: false, supervise: false })
  await boss.start()
  await boss.stop({ graceful: false })
}
