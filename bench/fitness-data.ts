/**
 * Writes the data of the row `fitness` in a process of its own: synthetic pupils of 16 districts as encrypted bundles of
 * the national template, the same rows as clean plain CSV for the reference, and the published directory of schools.
 */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loadServiceKey } from '../src/accounts/index.ts'
import { createBag, readPublicKey } from '../src/bundle/index.ts'
import { withBag } from '../src/cli/bundles/loose-files.ts'
import { withContext } from '../src/cli/with-context.ts'
import type { OpenContext } from '../src/context.ts'
import { receive, takeBundle } from '../src/ingest/index.ts'
import { publishEdition, requestPublication } from '../src/publication/index.ts'
import { pupilsOf, type SyntheticPupil } from '../test/support/pupils/pupils.ts'
import { type School, schoolsOf } from '../test/support/pupils/schools.ts'
import { districts } from '../test/support/samples/districts.ts'
import { schoolRow, schoolsHeader, templateHeader, templateRow } from '../test/support/samples/fitness.ts'
import { csvPieces } from '../test/support/samples/part.ts'

export const fitnessDataset = 'student-fitness'
export const fitnessEdition = '2025-2026'

const seed = 2014

/** Columns of the plain CSV, in the units of the template; times in seconds. */
export const plainColumns = [
  ...['district', 'stage', 'grade', 'sex', 'height', 'weight', 'vital_capacity', 'run_50m', 'sit_reach'],
  ...['rope_1min', 'sit_up_1min', 'shuttle_50x8', 'standing_jump', 'pull_up', 'run_1000m', 'run_800m'],
]

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { folder: { type: 'string', default: '' }, pupils: { type: 'string', default: '' } },
  })
  const pupils = Number(values.pupils)
  // As many schools as in the whole city, in proportion.
  const schools = schoolsOf({ seed, pupils, schools: Math.max(74, Math.round((1609 * pupils) / 1_500_000)) })
  for (const name of ['raw', 'plain', 'bundles']) await mkdir(join(values.folder, name), { recursive: true })
  let rows = 0
  for (const { code } of districts) rows += await writeDistrict(values.folder, code, schools)
  await withContext(async (context) => {
    await publishSchools(context, schools)
    const encryptTo = await readPublicKey((await loadServiceKey(context)).publicKey)
    for (const { code } of districts) {
      await createBag({
        ...{ folder: join(values.folder, 'bundles', code), dataset: fitnessDataset, edition: fitnessEdition },
        ...{
          provider: `edu-${code}`,
          contractVersion: 3,
          synthetic: true,
          encryptTo,
          clock: () => new Date(),
        },
        files: [{ name: 'pupils.csv', source: join(values.folder, 'raw', `${code}.csv`) }],
      })
    }
  })
  await rm(join(values.folder, 'raw'), { recursive: true })
  process.stdout.write(JSON.stringify({ rows }))
}

/** Writes the rows of a district in both forms; returns how many. */
async function writeDistrict(folder: string, code: string, schools: readonly School[]): Promise<number> {
  const raw = createWriteStream(join(folder, 'raw', `${code}.csv`))
  const plain = createWriteStream(join(folder, 'plain', `${code}.csv`))
  raw.write(`${templateHeader.join(',')}\n`)
  plain.write(`${plainColumns.join(',')}\n`)
  let count = 0
  for (const school of schools) {
    if (school.district !== code) continue
    let [template, clean] = ['', '']
    for (const pupil of pupilsOf(seed, 2025, school)) {
      template += `${templateRow(school.code, pupil).map(quoted).join(',')}\n`
      clean += `${plainRow(school, pupil).join(',')}\n`
      count += 1
    }
    for (const [stream, text] of [[raw, template] as const, [plain, clean] as const])
      if (!stream.write(text)) await once(stream, 'drain')
  }
  for (const stream of [raw, plain]) {
    stream.end()
    await once(stream, 'close')
  }
  return count
}

function quoted(cell: string | number): string {
  const text = String(cell)
  return text.includes('"') ? `"${text.replaceAll('"', '""')}"` : text
}

function plainRow({ district }: School, { grade, sex, isExempt, results }: SyntheticPupil) {
  const stage = { '1': 'primary', '2': 'lower-secondary' }[grade.charAt(0)] ?? 'upper-secondary'
  const cells = plainColumns.slice(4).map((name) => (isExempt ? '' : (results[name] ?? '')))
  return [district, stage, grade, sex, ...cells]
}

async function publishSchools(context: OpenContext, schools: readonly School[]): Promise<void> {
  const of = { dataset: 'schools', edition: fitnessEdition }
  const rows = () => schools.map(schoolRow)
  const text = [...csvPieces({ ...of, provider: 'edu-commission', header: schoolsHeader, rows })].join('')
  const bag = {
    ...{ ...of, provider: 'edu-commission', contractVersion: 1, synthetic: true, clock: () => new Date() },
    files: [{ name: 'schools.csv', source: Buffer.from(text) }],
  }
  const { id } = await withBag(bag, (path) => receive(context, { path, broughtBy: 'cli:bench' }))
  const { state } = await takeBundle(context, id)
  if (state !== 'staged') throw new Error(`the directory was ${state}`)
  const publication = await requestPublication(context, { ...of, askedBy: 'cli:bench' })
  if ((await publishEdition(context, publication.id)).state !== 'done')
    throw new Error('the directory was not published')
}
