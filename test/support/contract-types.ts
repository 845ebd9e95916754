/**
 * Writes src/contract/contract-types.ts from datasets/contract.schema.json, the one source of a contract's shape.
 * `npm run contract-types` renews it; a test compares. Refuses a keyword that it can't turn into a type.
 */
import { readFileSync, writeFileSync } from 'node:fs'

interface Schema {
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly string[]
  readonly $ref?: string
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly $defs?: Readonly<Record<string, Schema>>
}

export const contractTypesFile = 'src/contract/contract-types.ts'

/** Types that are named: other definitions are written where they are used. */
const named: Readonly<Record<string, string>> = { bilingual: 'Bilingual', field: 'Field' }

/** The text of contract-types.ts. */
export function contractTypes(): string {
  const schema = JSON.parse(readFileSync('datasets/contract.schema.json', 'utf8')) as Schema
  const defs = schema.$defs ?? {}
  const declared = [
    ['Field', defs['field']],
    ['Contract', schema],
  ] as const
  return [
    '/**',
    ' * The shape of a contract. Written by `npm run contract-types` from datasets/contract.schema.json: change that.',
    ' */',
    "import type { Bilingual } from '../platform/language.ts'",
    ...declared.flatMap(([name, of = {}]) => [
      '',
      ...comment(of.description, ''),
      `export interface ${name} ${typeOf(of, defs, '')}`,
    ]),
    '',
  ].join('\n')
}

function typeOf(of: Schema, defs: Readonly<Record<string, Schema>>, indent: string): string {
  if (of.$ref !== undefined) {
    const name = of.$ref.replace('#/$defs/', '')
    const target = defs[name]
    if (target === undefined) throw new Error(`There is no definition ${of.$ref}.`)
    return named[name] ?? typeOf(target, defs, indent)
  }
  if (of.enum !== undefined) return of.enum.map((value) => `'${value}'`).join(' | ')
  if (of.type === 'object') return objectOf(of, defs, indent)
  if (of.type === 'array' && of.items !== undefined) {
    const item = typeOf(of.items, defs, indent)
    return /^readonly |^'.* \| /.test(item) ? `readonly (${item})[]` : `readonly ${item}[]`
  }
  const simple: Readonly<Record<string, string>> = {
    ...{ string: 'string', boolean: 'boolean', integer: 'number', number: 'number' },
  }
  const names = [of.type ?? []].flat().map((type) => simple[type])
  if (names.length === 0 || names.includes(undefined)) throw new Error(`No type for ${JSON.stringify(of)}.`)
  return names.join(' | ')
}

function objectOf(of: Schema, defs: Readonly<Record<string, Schema>>, indent: string): string {
  const { properties, required = [], additionalProperties } = of
  if (properties === undefined) {
    if (typeof additionalProperties !== 'object') throw new Error('An object needs properties.')
    return `Readonly<Record<string, ${typeOf(additionalProperties, defs, indent)}>>`
  }
  const inner = `${indent}  `
  const lines = Object.entries(properties).flatMap(([name, property]) => [
    ...comment(property.description, inner),
    `${inner}readonly ${name}${required.includes(name) ? '' : '?'}: ${typeOf(property, defs, inner)}`,
  ])
  if (additionalProperties !== false) lines.push(`${inner}readonly [parameter: string]: unknown`)
  return ['{', ...lines, `${indent}}`].join('\n')
}

/** A description as a comment, in lines of at most 110 characters. */
function comment(text: string | undefined, indent: string): readonly string[] {
  if (text === undefined) return []
  const whole = `${indent}/** ${text} */`
  if (whole.length <= 110) return [whole]
  const lines = [`${indent} *`]
  for (const word of text.split(' ')) {
    const line = `${lines.at(-1)} ${word}`
    if (line.length <= 110) lines[lines.length - 1] = line
    else lines.push(`${indent} * ${word}`)
  }
  return [`${indent}/**`, ...lines, `${indent} */`]
}

if (process.argv[1] === import.meta.filename) writeFileSync(contractTypesFile, contractTypes())
