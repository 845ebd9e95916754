/** Programs that the references need and npm does not install: finds them, or explains the installation. */
import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Package names on Debian or Ubuntu; elsewhere they are the same or nearly the same. */
export const tools = {
  nginx: { about: 'nginx, which sends files by sendfile', install: 'apt-get install nginx-light' },
  psql: { about: 'psql, the client of PostgreSQL', install: 'apt-get install postgresql-client' },
} as const satisfies Record<string, { readonly about: string; readonly install: string }>

export type ToolName = keyof typeof tools

/** Paths of the installed tools. Debian keeps servers in folders outside a plain user's PATH. */
export async function findTools(): Promise<ReadonlyMap<ToolName, string>> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  const found = new Map<ToolName, string>()
  for (const name of Object.keys(tools) as ToolName[]) {
    for (const folder of folders) {
      const path = join(folder, name)
      if (found.has(name) || !(await isProgram(path))) continue
      found.set(name, path)
    }
  }
  return found
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The version line that a tool prints. */
export async function versionOf(path: string): Promise<string> {
  const { stdout, stderr } = await run(path, [path.endsWith('nginx') ? '-v' : '--version'])
  return `${stdout}${stderr}`.trim().split('\n', 1)[0] ?? ''
}
