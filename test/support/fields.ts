/** Short builders of fields and contracts, for tests of the pure modules. */
import type { Contract, Field } from '../../src/contract/index.ts'

const words = { zh: '测试', en: 'Test' }

/** A field of a type with generated titles; other properties as passed. */
export function field(name: string, type: Field['type'], more: Partial<Field> = {}): Field {
  const title = { zh: `测试 ${name}`, en: `Test ${name}` }
  return { name, type, role: 'attribute', title, description: words, ...more }
}

/** A contract of fields with a key; other properties as passed. */
export function contractOf(
  fields: readonly Field[],
  primaryKey: readonly string[],
  more: Partial<Contract> = {},
): Contract {
  return {
    dataset: 'trial',
    contractVersion: 1,
    title: words,
    description: words,
    themes: [],
    keywords: [],
    providers: ['edu-commission'],
    licence: { name: 'CC-BY-4.0', title: words },
    source: words,
    period: 'year',
    updateFrequency: 'yearly',
    shareClass: 'general',
    openClass: 'unconditional',
    shareMethods: ['file'],
    fields,
    primaryKey,
    missingValues: [''],
    formats: ['csv'],
    ...more,
  }
}
