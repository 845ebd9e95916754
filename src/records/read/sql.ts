/**
 * A plan as SQL. Pure. Values are parameters, or connection settings for COPY, which takes no parameters;
 * identifiers come from contracts through one quoting function. A page is a UNION of index range scans, so
 * that the last page costs no more than the first.
 */
import { fieldType, formerField } from '../../contract/index.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { csvColumns, featureRow, guardedColumns, isGuarded, jsonRow } from '../../formats/index.ts'
import { areaConditions } from '../query/area.ts'
import { type Bind, bindConditions, numberedParameters } from '../query/filters.ts'
import { type Position, planSegments, type Segment, type SortGroup } from '../query/order.ts'
import type { Plan, PlannedTarget } from '../query/plan.ts'
import { numberColumn, publishedTable, selectTexts } from '../tables.ts'

export interface Statement {
  readonly text: string
  readonly parameters: readonly string[]
}

/** A COPY statement and the values that it reads as settings, by name. */
export interface CopyStatement {
  readonly text: string
  readonly values: Readonly<Record<string, string>>
}

/** The member and column with a record's edition where editions are joined; a reserved name. */
const editionMember = 'edition'

/**
 * How the records of a segment are found. `walk`: in the order of an index, until there are enough. `look`: the same,
 * among the first `lookedMax` only. `scan`: all of the table in parallel, then sorted. The planner can't choose: it
 * doesn't know how rare a word is.
 */
export type Way = 'walk' | 'look' | 'scan'

/** A walk over so many records takes as long as the start of a parallel scan. */
export const lookedMax = 20_000

/** Index of a record's table among the targets; a contract's fields can't begin with `_`. */
const rankColumn = '_rank'

/** Sort key of merged segments; the response may not include the field itself. */
const keyColumn = (index: number) => `_k${index}`

/**
 * One page as one row: `found`, the number of records read (limit + 1 if there is a next page); `lines`, all
 * of them as JSON joined by the separator (null for none); `at` and `after`, table index and number of the
 * record at the limit (null if there are fewer).
 */
export function jsonPage(
  plan: Plan,
  position: Position | undefined,
  limit: number,
  separator: ',\n' | '\n',
  way: Way = 'walk',
): Statement {
  const { bind, parameters } = numberedParameters()
  const rows = pageRows(plan, position, limit + 1, bind, way)
  // Without an ORDER BY of their own, aggregates follow the sorted subquery (PostgreSQL manual, 9.21).
  const text = `SELECT count(*) AS found, string_agg(${recordSql(plan)}, E'${separator.replace('\n', '\\n')}') AS lines,
      (array_agg(${rankColumn}))[${limit}] AS at, (array_agg(${numberColumn}))[${limit}] AS after
    FROM (${emptied(plan, rows)}) AS page`
  return { text, parameters }
}

/** One page as rows: table index, number, then the canonical texts of the columns. */
export function rowsPage(
  plan: Plan,
  position: Position | undefined,
  limit: number,
  way: Way = 'walk',
): Statement {
  const { bind, parameters } = numberedParameters()
  const rows = pageRows(plan, position, limit + 1, bind, way)
  const columns = selectTexts(rowColumns(plan))
  const source = emptied(plan, rows)
  return { text: `SELECT ${rankColumn}, ${numberColumn}, ${columns} FROM (${source}) AS page`, parameters }
}

/** Rows in their order, with nothing in place of the stand-in where that was requested. */
function emptied(plan: Plan, rows: string, internal: readonly string[] = [rankColumn, numberColumn]): string {
  const { keyMissing, primaryKey } = plan.loaded.contract
  if (!plan.emptiesKeys || keyMissing === undefined) return rows
  const columns = rowColumns(plan).map(({ name, type }) => {
    const column = quoteIdentifier(name)
    const isFilled = type === 'string' && primaryKey.includes(name)
    // Codes have no quotes: the schema of contracts allows letters, digits, `_`, `.` and `-`.
    return isFilled ? `nullif(${column}, '${keyMissing}') AS ${column}` : column
  })
  return `SELECT ${[...internal, ...columns].join(', ')} FROM (${rows}) AS filled`
}

/** `limit` rows after the first `offset`: number, then the canonical texts of the columns. */
export function offsetPage(
  plan: Plan,
  position: Position | undefined,
  { offset, limit }: { readonly offset: number; readonly limit: number },
  way: Way = 'walk',
): Statement {
  const { bind, parameters } = numberedParameters()
  const rows = pageRows(plan, position, offset + limit, bind, way)
  const columns = [numberColumn, ...columnsOf(plan).map((field) => selectTexts([field]))].join(', ')
  return { text: `SELECT ${columns} FROM (${rows}) AS page OFFSET ${offset}`, parameters }
}

/** Counts the records of all targets that match the conditions. */
export function countRecords(plan: Plan): Statement {
  const { bind, parameters } = numberedParameters()
  const conditions = conditionsOf(plan, bind)
  const counts = plan.targets.map(
    (target) => `(SELECT count(*) FROM ${sourceOf(plan, target, bind, false)}${where(conditions)})`,
  )
  return { text: `SELECT ${counts.join(' + ')} AS count`, parameters }
}

/** The texts of the sort keys of one record; no row if the record does not exist. */
export function keysOfRecord({ order, targets }: Plan, at: number, number: number): Statement {
  const target = targets[at]
  if (target === undefined) throw new Error('the position is outside the versions of the plan')
  const keys = order.keys.map(({ field }) => {
    const stored = formerField(field, target.contract.fields)
    return stored === undefined ? 'NULL::text' : fieldType(field.type).select(quoteIdentifier(stored.name))
  })
  const table = publishedTable(target.version.recordsTable)
  return {
    text: `SELECT ${keys.join(', ')} FROM ${table} WHERE ${numberColumn} = $1::text::bigint`,
    parameters: [String(number)],
  }
}

/**
 * All records after a position as COPY statements to run one after the other, so that the first bytes arrive
 * as soon as an index scan starts. `select` is the select list.
 */
export function copyStatements(
  plan: Plan,
  position: Position | undefined,
  select: string,
  options: string,
): readonly CopyStatement[] {
  const count = planSegments(plan.order, plan.targets.length, position, () => '').length
  return Array.from({ length: count }, (_, index) => {
    const values: Record<string, string> = {}
    // A subquery reads the setting once instead of once per record.
    const bind: Bind = (value, cast = (text) => text) => {
      const name = `p${Object.keys(values).length + 1}`
      values[name] = value
      return `(SELECT ${cast(`current_setting('qingdan.${name}')`)})`
    }
    const group = planSegments(plan.order, plan.targets.length, position, bind)[index] ?? []
    const conditions = conditionsOf(plan, bind)
    const [only] = group
    const rows =
      only !== undefined && group.length === 1
        ? segmentRows(plan, segmentSql(plan, only, conditions, bind, 'walk'), select)
        : `SELECT ${select} FROM (${emptied(plan, groupRows(plan, group, conditions, '', bind, 'walk'), [numberColumn])}) AS merged`
    return { text: `COPY (${rows}) TO STDOUT WITH (${options})`, values }
  })
}

function segmentRows(plan: Plan, segment: string, select: string): string {
  if (!plan.emptiesKeys) return `SELECT ${select} FROM ${segment}`
  return `SELECT ${select} FROM (${emptied(plan, `SELECT * FROM ${segment}`, [numberColumn])}) AS segment`
}

/** First column of a numbered CSV, for a select list. */
export const numberedColumn = `${numberColumn} AS "_id"`

/** SQL of a record in the response: a feature of GeoJSON or a JSON object. */
function recordSql(plan: Plan): string {
  const { points, isFeatures } = plan
  return points === undefined || !isFeatures ? jsonRow(columnsOf(plan)) : featureRow(columnsOf(plan), points)
}

/** The JSON lines and the CSV columns of the response, as select lists. */
export const lineColumns = (plan: Plan) => `${recordSql(plan)}${plan.isFeatures ? " || ','" : ''}`
export function plainColumns(plan: Plan, guarded: boolean): string {
  const columns = columnsOf(plan)
  const plain = csvColumns(columns)
  return (guarded ? guardedColumns(columns, plain) : plain).join(', ')
}

/**
 * Finds a selected field in which a matching record has a text that matches a regular expression: one row
 * with the field's name, or none. Undefined if no field can match: codes are letters and digits.
 */
export function findUnwritable(plan: Plan, pattern: string): Statement | undefined {
  const texts = plan.fields.filter((field) => isGuarded(field) && field.codes === undefined)
  if (texts.length === 0) return undefined
  const { bind, parameters } = numberedParameters()
  const [conditions, expression] = [conditionsOf(plan, bind), bind(pattern)]
  const found = plan.targets.map((target) => {
    const names = texts.map(({ name, type }) => {
      return `WHEN ${fieldType(type).select(quoteIdentifier(name))} ~ ${expression} THEN ${bind(name)}`
    })
    const name = `CASE ${names.join(' ')} END`
    return `(SELECT field FROM (SELECT ${name} AS field FROM ${sourceOf(plan, target, bind)}${where(conditions)}) AS texts
      WHERE field IS NOT NULL LIMIT 1)`
  })
  return { text: found.join(' UNION ALL '), parameters }
}

/** The columns that a row needs until it is rendered: those of the response, and coordinates for points. */
export function rowColumns(plan: Plan): Plan['fields'] {
  const { points } = plan
  const columns = columnsOf(plan)
  const added = points === undefined ? [] : [points.longitude, points.latitude]
  return [...columns, ...added.filter(({ name }) => !columns.some((column) => column.name === name))]
}

/** The columns of a response: the edition first if editions are joined. */
export function columnsOf({ joinsEditions, fields, loaded }: Plan): Plan['fields'] {
  return joinsEditions ? [editionField(loaded.contract.period), ...fields] : fields
}

function editionField(period: 'year' | 'school-year'): Plan['fields'][number] {
  return {
    name: editionMember,
    type: 'string',
    role: 'dimension',
    title: { zh: '期次', en: 'Edition' },
    description: { zh: '记录所属的期次。', en: 'The edition of the record.' },
    example: period === 'year' ? '2025' : '2024-2025',
  }
}

/**
 * The first rows after a position, in order: `_rank`, `_n` and the fields. A group is read only if the
 * earlier ones did not fill the page: otherwise its limit is 0, and Postgres does not run it.
 */
function pageRows(plan: Plan, position: Position | undefined, limit: number, bind: Bind, way: Way): string {
  const all = planSegments(plan.order, plan.targets.length, position, bind)
  // What follows the first group may be shown only after all of that group.
  const groups = way === 'look' ? all.slice(0, 1) : all
  const conditions = conditionsOf(plan, bind, way)
  const rows = groups.map((group) => groupRows(plan, group, conditions, ` LIMIT ${limit}`, bind, way))
  const [only = ''] = rows
  if (rows.length === 1) return only
  const parts = rows.map((text, index) => {
    const before = Array.from({ length: index }, (_, other) => ` - (SELECT count(*) FROM g${other})`).join('')
    // Two limits: the inner constant tells the planner that few rows are needed.
    const limited = index === 0 ? text : `SELECT * FROM (${text}) AS segment LIMIT (SELECT ${limit}${before})`
    return `g${index} AS MATERIALIZED (${limited})`
  })
  const union = rows.map((_, index) => `SELECT ${index} AS _group, * FROM g${index}`).join(' UNION ALL ')
  return `WITH ${parts.join(', ')} SELECT * FROM (${union}) AS segments ORDER BY _group, ${mergedOrder(plan)}`
}

/** The rows of a group in order, with the columns that they are merged by. */
function groupRows(
  plan: Plan,
  group: SortGroup,
  conditions: readonly string[],
  bounded: string,
  bind: Bind,
  way: Way,
): string {
  const keys = plan.order.keys.map(
    ({ field }, index) => `${quoteIdentifier(field.name)} AS ${keyColumn(index)}`,
  )
  const fields = rowColumns(plan).map(({ name }) => quoteIdentifier(name))
  const segments = group.map((segment) => {
    const columns = [`${segment.target} AS ${rankColumn}`, numberColumn, ...keys, ...fields].join(', ')
    return `SELECT ${columns} FROM ${segmentSql(plan, segment, conditions, bind, way)}${bounded}`
  })
  const [only = ''] = segments
  if (segments.length === 1) return only
  const union = segments.map((segment) => `(${segment})`).join(' UNION ALL ')
  return `SELECT * FROM (${union}) AS merged ORDER BY ${mergedOrder(plan)}${bounded}`
}

/** The order of merged segments, by the columns that `groupRows` adds for it. */
function mergedOrder({ order }: Plan): string {
  const keys = order.keys.map(({ field, descending }, index) => {
    const collation = fieldType(field.type).column.endsWith('COLLATE "C"') ? ' COLLATE "C"' : ''
    return `${keyColumn(index)}${collation}${descending ? ' DESC NULLS LAST' : ''}`
  })
  const direction = order.descending ? ' DESC' : ''
  return [...keys, `${rankColumn}${direction}`, `${numberColumn}${direction}`].join(', ')
}

function segmentSql(
  plan: Plan,
  segment: Segment,
  conditions: readonly string[],
  bind: Bind,
  way: Way,
): string {
  const target = plan.targets[segment.target]
  if (target === undefined) throw new Error('the segment names no target of the plan')
  const source = sourceOf(plan, target, bind)
  const order = ` ORDER BY ${segment.order}`
  const all = where([...segment.conditions, ...conditions])
  if (way === 'walk') return `${source}${all}${order}`
  // OFFSET 0: the planner keeps the subquery apart, so that no index for the order is walked.
  if (way === 'scan') return `(SELECT * FROM ${source}${all} OFFSET 0) AS found${order}`
  const first = `SELECT * FROM ${source}${where(segment.conditions)}${order} LIMIT ${lookedMax}`
  return `(${first}) AS first${where(conditions)}${order}`
}

/** The conditions on every record: the filters, each of the words, and the area. */
function conditionsOf(
  { conditions, words = [], area }: Plan,
  bind: Bind,
  way: Way = 'walk',
): readonly string[] {
  const found = words.map(({ text, fields }) => {
    // A word without case, such as a Chinese one, is found without folding every record.
    const folded = (sql: string) => (text.toLowerCase() === text.toUpperCase() ? sql : `lower(${sql})`)
    const record = folded(`concat_ws(chr(10), ${selectTexts(fields)})`)
    // Both find the same. The planner expects every third record by the first, so that a walk seems short, and few
    // by the second, so that a parallel scan seems cheap.
    return way === 'scan'
      ? `${record} LIKE ${folded(bind(`%${text.replace(/[\\%_]/g, '\\$&')}%`))}`
      : `strpos(${record}, ${folded(bind(text))}) > 0`
  })
  const inside = area === undefined ? [] : areaConditions(area.of, area.fields, bind)
  return [...bindConditions(conditions, bind), ...found, ...inside]
}

const where = (conditions: readonly string[]) =>
  conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`

/** A target as a FROM item with every field of the plan's contract; the planner inlines the subquery. */
function sourceOf(
  plan: Plan,
  { version, contract }: PlannedTarget,
  bind: Bind,
  named = plan.joinsEditions,
): string {
  const table = publishedTable(version.recordsTable)
  const others = plan.loaded.contract.fields.flatMap((field) => {
    const stored = formerField(field, contract.fields)
    return stored?.name === field.name ? [] : [{ field, stored }]
  })
  const added = [
    ...others.map(({ field, stored }) => {
      const value =
        stored === undefined ? `NULL::${fieldType(field.type).column}` : quoteIdentifier(stored.name)
      return `${value} AS ${quoteIdentifier(field.name)}`
    }),
    ...(named ? [`${bind(version.edition)} AS ${quoteIdentifier(editionMember)}`] : []),
  ]
  return added.length === 0 ? table : `(SELECT *, ${added.join(', ')} FROM ${table}) AS records`
}
