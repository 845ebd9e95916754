/** Settings that the service itself stores: small facts by name that must survive a restart. */
import type { JSONValue } from 'postgres'
import type { Runner } from './database.ts'

/** Reads a setting; undefined where there is none. */
export async function readSetting(runner: Runner, name: string): Promise<unknown> {
  const [row] = await runner<{ value: unknown }[]>`SELECT value FROM qingdan.note WHERE name = ${name}`
  return row?.value
}

/** Writes a setting; replaces a former value. */
export async function writeSetting(runner: Runner, name: string, value: JSONValue): Promise<void> {
  await runner`
    INSERT INTO qingdan.note (name, value) VALUES (${name}, ${runner.json(value)})
    ON CONFLICT (name) DO UPDATE SET value = excluded.value`
}

/** Writes a setting unless it has a value; of several processes at once, the first wins. */
export async function writeSettingOnce(runner: Runner, name: string, value: JSONValue): Promise<void> {
  await runner`
    INSERT INTO qingdan.note (name, value) VALUES (${name}, ${runner.json(value)})
    ON CONFLICT (name) DO NOTHING`
}
