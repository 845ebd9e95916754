/**
 * The contract under which districts bring the national upload template, and that of the schools it looks up. They
 * are not shipped yet: the samples still follow the contract of ready-made statistics.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = import.meta.dirname

const textOf = (name: string) => readFileSync(join(folder, name), 'utf8')

/** The files of a folder of datasets, by path, beside the shipped `student-fitness`. */
export const fitnessFiles: Readonly<Record<string, string>> = {
  'student-fitness/contract.v3.json': textOf('student-fitness.v3.json'),
  'schools/contract.v1.json': textOf('schools.v1.json'),
  ...Object.fromEntries(
    readdirSync(join(folder, 'codes')).map((name) => [
      `student-fitness/codes/${name}`,
      textOf(`codes/${name}`),
    ]),
  ),
}
