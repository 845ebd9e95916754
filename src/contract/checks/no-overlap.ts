/**
 * `no-overlap`: rows that agree in some fields don't overlap in time, such as two sessions of a venue on the same days. It
 * compares each row with the earlier ones of its file, up to `rowsMax`. Rows with equal times are left to the key. Nulls pass.
 */
import { type Check, fieldName, fieldNames, nameOf, namesOf, parametersSchema, positionOf } from './check.ts'

/** Rows that are remembered: some 50 MB. */
const rowsMax = 500_000

export const noOverlap: Check = {
  name: 'no-overlap',
  about: {
    zh: '若干字段相同的行，时间不重叠',
    en: 'Rows that agree in some fields do not overlap in time',
  },
  parameters: parametersSchema({ by: fieldNames(1), from: fieldName, to: fieldName }),
  fields: (use) => [...namesOf(use, 'by'), nameOf(use, 'from'), nameOf(use, 'to')],
  build: (use, context) => {
    const field = nameOf(use, 'from')
    const by = namesOf(use, 'by').map((name) => positionOf(context, name))
    const [start, end] = [positionOf(context, field), positionOf(context, nameOf(use, 'to'))]
    const known = new Map<string, (readonly [from: string, to: string])[]>()
    let rows = 0
    return (values) => {
      const [from, to] = [values[start] ?? null, values[end] ?? null]
      if (from === null || to === null || from >= to) return undefined
      const key = JSON.stringify(by.map((position) => values[position] ?? null))
      const earlier = known.get(key) ?? []
      const overlaps = earlier.some(
        (one) => one[0] < to && from < one[1] && !(one[0] === from && one[1] === to),
      )
      if (rows < rowsMax) {
        rows += 1
        earlier.push([from, to])
        known.set(key, earlier)
      }
      if (!overlaps) return undefined
      return { field, expected: { zh: '不与其他时段重叠', en: 'no overlap with another session' }, message }
    }
  },
}

const message = {
  zh: '该时段与前面一行的时段重叠；请合并为一行，或修改时刻。',
  en: 'The time overlaps that of an earlier row; join them to one row, or correct the times.',
}
