/**
 * Declared renames: fields by `renamedFrom`, codes by `renamedCodes`. A renamed field is the same field of the former
 * contract, so that editions under both contracts are read, compared and judged together.
 */
import type { Contract, Field } from '../contract.ts'

/** The field of a former contract that a field continues: of its name, or of the name it was renamed from. */
export function formerField(field: Field, former: readonly Field[]): Field | undefined {
  const named = (name: string | undefined) => former.find((candidate) => candidate.name === name)
  return named(field.name) ?? named(field.renamedFrom)
}

/** What was renamed since a former contract. */
export interface Renames {
  readonly fields: readonly { readonly from: string; readonly to: string }[]
  readonly codes: readonly { readonly field: string; readonly from: string; readonly to: string }[]
}

/** The renames that a contract declares for the fields of a former one. */
export function renamesSince(former: Contract, next: Contract): Renames {
  const fields = next.fields.flatMap((field) => {
    const from = formerField(field, former.fields)?.name
    return from === undefined || from === field.name ? [] : [{ from, to: field.name }]
  })
  const codes = next.fields.flatMap((field) => {
    const known = formerField(field, former.fields)
    return Object.entries(field.renamedCodes ?? {}).flatMap(([from, to]) => {
      const isNew = known !== undefined && known.renamedCodes?.[from] !== to
      return isNew ? [{ field: field.name, from, to }] : []
    })
  })
  return { fields, codes }
}

/** A former contract with the field names of a later one, wherever it refers to a field. */
export function inNamesOf(former: Contract, next: Contract): Contract {
  const { fields } = renamesSince(former, next)
  if (fields.length === 0) return former
  const names = new Map(fields.map(({ from, to }) => [from, to]))
  const referring = Object.fromEntries(
    referringMembers.flatMap((name) => {
      return former[name] === undefined ? [] : [[name, renameIn(former[name], names)]]
    }),
  )
  const parts = former.parts?.map((part) => ({ ...part, scope: renameKeys(part.scope ?? {}, names) }))
  return {
    ...former,
    ...referring,
    ...(parts === undefined ? {} : { parts }),
    fields: former.fields.map((field) => renameField(field, names)),
    ...(former.intake === undefined
      ? {}
      : {
          intake: {
            ...former.intake,
            fields: former.intake.fields.map((field) => renameField(field, names)),
            primaryKey: former.intake.primaryKey.map((name) => names.get(name) ?? name),
          },
        }),
  }
}

type Names = ReadonlyMap<string, string>

/** Members of a contract whose texts are names of fields, or words that are none. */
const referringMembers = [
  'primaryKey',
  'indexes',
  'kind',
  'aggregate',
  'coordinates',
  'disclosure',
  'derivation',
  'checks',
] as const

function renameIn(value: unknown, names: Names): unknown {
  if (typeof value === 'string') return names.get(value) ?? value
  if (Array.isArray(value)) return value.map((inner) => renameIn(inner, names))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, renameIn(inner, names)]))
}

function renameField(field: Field, names: Names): Field {
  const codesBy = names.get(field.codesBy ?? '')
  return {
    ...field,
    name: names.get(field.name) ?? field.name,
    ...(codesBy === undefined ? {} : { codesBy }),
  }
}

/** The scope of a part has fields as its keys and values of them. */
function renameKeys(scope: Readonly<Record<string, string>>, names: Names): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(scope).map(([name, value]) => [names.get(name) ?? name, value]))
}
