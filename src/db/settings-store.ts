/** The house's notes to itself: small facts by name that must survive a restart. */
import type { JSONValue } from 'postgres'
import type { Runner } from './database.ts'

/** Reads a note; undefined where there is none. */
export async function readSetting(runner: Runner, name: string): Promise<unknown> {
  const [row] = await runner<{ value: unknown }[]>`SELECT value FROM qingdan.note WHERE name = ${name}`
  return row?.value
}

/** Writes a note, in place of a former one of this name. */
export async function writeSetting(runner: Runner, name: string, value: JSONValue): Promise<void> {
  await runner`
    INSERT INTO qingdan.note (name, value) VALUES (${name}, ${runner.json(value)})
    ON CONFLICT (name) DO UPDATE SET value = excluded.value`
}
