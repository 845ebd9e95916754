/** pg-boss over postgres.js: it opens no pool of its own and speaks through one function, built here. */
import PgBoss from 'pg-boss'
import postgres, { type ParameterOrJSON, type Sql } from 'postgres'
import type { Runner } from '../database.ts'

/** The client that pg-boss needs: it hands JSON over as text that is JSON already. */
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

/** What pg-boss runs its statements through. */
export function bossOver(sql: Runner): PgBoss.Db {
  return {
    executeSql: async (text, values) => {
      if (values !== undefined && values.length > 0) {
        const given = values.map((value: unknown) =>
          value === undefined ? null : value,
        ) as ParameterOrJSON<never>[]
        return { rows: [...(await sql.unsafe(text, given))] }
      }
      if (!/^\s*BEGIN\b/.test(text) || !('reserve' in sql)) return { rows: [...(await sql.unsafe(text))] }
      // A script with a transaction of its own: where it fails, the connection must not return to the pool
      // within it.
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

/** Makes or renews pg-boss's own tables, in the schema `pgboss`. To be run under the migration's lock. */
export async function installJobs(session: Sql): Promise<void> {
  const boss = new PgBoss({ db: bossOver(session), schedule: false, supervise: false })
  await boss.start()
  await boss.stop({ graceful: false })
}
