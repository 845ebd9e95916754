/** The list of licences is that of the lock file, and every licence allows what we do. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { licencesText, licensedPackages } from './support/licences.ts'

const lock = readFileSync('package-lock.json', 'utf8')

/** Licences that a public service may use and pass on with its code. Another one is a decision. */
const allowed = new Set([
  ...['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'CC0-1.0', 'ISC', 'MIT'],
  ...['MIT OR Apache-2.0', '(MIT OR CC0-1.0)', '(WTFPL OR MIT)', 'Unlicense', 'Python-2.0', 'CC-BY-3.0'],
  'LGPL-3.0+',
])

/** Programs of tests alone, which we neither ship nor link: their licence binds nothing that we pass on. */
const testsAlone: Readonly<Record<string, string>> = {
  'glpk.js': 'the solver of the independent attacker on disclosure control',
  pako: 'inflates the code of glpk.js',
  'axe-core': 'looks for faults of accessibility in the pages',
  'ical.js': 'reads the calendars of venues independently',
  opening_hours: 'evaluates the hours of venues independently',
}

t.test('docs/licences.md is up to date: otherwise run npm run licences', async (t) => {
  t.equal(readFileSync('docs/licences.md', 'utf8'), licencesText(lock))
})

t.test('every licence is allowed, and none is unknown', async (t) => {
  const packages = licensedPackages(lock)
  t.ok(packages.length > 500, 'packages were found')
  t.same(
    packages.filter(
      ({ name, licence, isDevelopment }) =>
        !allowed.has(licence) && !(isDevelopment && testsAlone[name] !== undefined),
    ),
    [],
  )
  const unknown = JSON.stringify({ packages: { 'node_modules/x': { version: '1.0.0' } } })
  t.throws(() => licensedPackages(unknown), /x names no licence/)
})
