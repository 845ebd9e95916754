/** Writes .env.example from the list of settings, so that it is never edited separately. */
import { writeFile } from 'node:fs/promises'
import { settings } from '../../src/platform/config.ts'

/** The text of .env.example: every setting with its meaning and default. */
export function envExample(): string {
  const lines = [
    '# Settings of Qingdan, each with its default. All come from the environment; an unknown QINGDAN_* name is refused.',
    '# This file is written by `npm run env-example` from src/platform/config.ts.',
    '',
    '# A PostgreSQL server, 15 or newer, to use in place of the embedded database: the address of the owner of a',
    '# database, who migrates it and needs no superuser. docs/database.md describes the roles.',
    '#DATABASE_URL=postgres://qingdan_owner:password@127.0.0.1:5432/qingdan',
  ]
  for (const [name, setting] of Object.entries(settings)) {
    lines.push('', `# ${setting.about}`, `# Must be ${setting.expected}.`, `#${name}=${setting.fallback}`)
  }
  return `${lines.join('\n')}\n`
}

if (process.argv[1] === import.meta.filename) await writeFile('.env.example', envExample())
