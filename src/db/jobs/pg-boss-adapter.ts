/** pg-boss over postgres.js: it opens no pool and runs its statements through a function built here. */
import PgBoss from 'pg-boss'
import postgres, { type ParameterOrJSON, type Sql } from 'postgres'
import type { Runner } from '../database.ts'

/** The client for pg-boss, which passes JSON that is already serialised. */
export function openBossSql(url: string, connectionsMax: number): Sql {
  const asIs = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
  const json = (oid: number) => ({ to: oid, from: [oid], serialize: asIs, parse: JSON.parse })
  return postgres(url, {
    max: connectionsMax,
    idle_timeout: 60,
    onnotice: () => undefined,
    connection: { application_name: 'qingdan jobs' },
    types: { json: json(114), jsonb: json(3802) },
  }) as unknown as Sql
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
      if (!/^\s*BEGIN\b/.test(text) || !('reserve' in sql)) return { rows: [...(await sql.unsafe(text))] }
      // A script with its own transaction: if it fails, the connection must not return to the pool with the
      // transaction still open.
      const reserved = await sql.reserve()
      try {
        await reserved.unsafe(text)
      } catch (error) {
        await reserved.unsafe('ROLLBACK')
        throw error
      } finally {
        reserved.release()
      }
      return { rows: [] }
    },
  }
}

/** Creates or updates pg-boss's own tables in the schema `pgboss`. Run it under the migration lock. */
export async function installJobs(session: Sql): Promise<void> {
  const boss = new PgBoss({ db: bossOver(session), schedule: false, supervise: false })
  await boss.start()
  await boss.stop({ graceful: false })
}
