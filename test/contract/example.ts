/** A small valid contract for tests, of a dataset that is not shipped, and a folder to load it from. */
import { resolve } from 'node:path'
import type { Test } from 'tap'

type Json = Record<string, unknown>

/** A fresh copy; tests spoil it as they like. */
export function exampleContract(): Json & { fields: Json[] } {
  const both = (text: string) => ({ zh: `${text}（中文）`, en: text })
  const field = (name: string, type: string, more: Json = {}): Json => ({
    name,
    type,
    role: 'attribute',
    title: both(name),
    description: both(`about ${name}`),
    ...more,
  })
  return {
    dataset: 'tree-register',
    contractVersion: 1,
    title: both('Trees'),
    description: both('Trees of school yards'),
    themes: ['education'],
    keywords: [],
    providers: ['edu-commission'],
    parts: [{ provider: 'edu-310101', scope: { area: '310101' } }, { provider: 'edu-310104' }],
    licence: { name: 'CC0-1.0', title: both('No rights reserved') },
    source: both('Counted'),
    period: 'year',
    updateFrequency: 'yearly',
    due: '06-30',
    shareClass: 'general',
    openClass: 'unconditional',
    shareMethods: ['file'],
    fields: [
      field('tree', 'integer', { role: 'key', constraints: { required: true, minimum: 1 }, example: '7' }),
      field('area', 'string', { codes: 'districts', example: '310101' }),
      field('height', 'number', {
        scale: 1,
        unit: 'm',
        constraints: { minimum: 0, maximum: 90 },
        example: '9.5',
      }),
      field('uses', 'list', { separators: ['、'], codes: 'venue-activities', example: 'fitness;running' }),
      field('item', 'string', { codes: 'fitness-indicators', example: 'bmi' }),
      field('grade_of_item', 'string', { codes: 'fitness-levels', codesBy: 'item', example: 'obese' }),
      field('seen', 'date', { constraints: { minimum: '2020-01-01' }, example: '2025-05-01' }),
      field('state', 'string', { role: 'status', codes: 'conf-status' }),
    ],
    primaryKey: ['tree'],
    missingValues: ['', '-'],
    indexes: [['area']],
    checks: [{ check: 'ascending', fields: ['tree', 'height'] }],
    disclosure: { rule: 'minimum-count', count: 'tree', minimum: 10, withhold: ['height'], status: 'state' },
    formats: ['csv'],
    ignoredHeaders: ['remark'],
  }
}

/** The folder of the shipped code lists. */
export const datasetsFolder = resolve(import.meta.dirname, '../../datasets')

/** A folder with the shipped code lists and the contracts given, by file name. */
export function contractFolder(
  t: Test,
  files: Readonly<Record<string, unknown>>,
  slug = 'tree-register',
): string {
  return t.testdir({
    codes: t.fixture('symlink', resolve(datasetsFolder, 'codes')),
    [slug]: Object.fromEntries(
      Object.entries(files).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    ),
  })
}
