/**
 * A plan as SQL. Pure. Values travel as parameters, or as settings of the connection for COPY, which takes none;
 * identifiers come from contracts through one quoting function. Shares of a walk are read each along its index, and
 * joined, so that the last page costs what the first did.
 */
import { fieldType } from '../../contract/index.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { csvColumns, guardedColumns, isGuarded, jsonRow } from '../../formats/index.ts'
import { type Bind, bindConditions, numberedParameters } from '../query/filters.ts'
import { type Position, planGroups, type Segment, type SortGroup } from '../query/order.ts'
import type { Plan, PlannedTarget } from '../query/plan.ts'
import { numberColumn, publishedTable, selectTexts } from '../tables.ts'

export interface Statement {
  readonly text: string
  readonly parameters: readonly string[]
}

/** A statement for COPY: the values that it reads back by name. */
export interface CopyStatement {
  readonly text: string
  readonly values: Readonly<Record<string, string>>
}

/** The member and column that names the edition of a record where editions are joined; no field can be called that. */
export const editionMember = 'edition'

/** Place of a record's table among the targets; a contract's fields can't begin with `_`. */
const rankColumn = '_rank'

/** What an order is compared by where shares are joined: the fields of the answer may be others. */
const keyColumn = (index: number) => `_k${index}`

/**
 * One page as one row: `found`, how many records there are (one more than the limit where there is more), `lines`, all
 * of them as JSON with the separator between them (null for none), and of the last record on the page the place of its
 * table, `at`, and its number, `after` (null where there are fewer).
 */
export function jsonPage(
  plan: Plan,
  position: Position | undefined,
  limit: number,
  separator: ',\n' | '\n',
): Statement {
  const { bind, parameters } = numberedParameters()
  const rows = pageRows(plan, position, limit + 1, bind)
  // The order is that of the sorted subquery, as the manual says of aggregates without an ORDER BY of their own.
  const text = `SELECT count(*) AS found, string_agg(${jsonRow(columnsOf(plan))}, E'${separator.replace('\n', '\\n')}') AS lines,
      (array_agg(${rankColumn}))[${limit}] AS at, (array_agg(${numberColumn}))[${limit}] AS after
    FROM (${rows}) AS page`
  return { text, parameters }
}

/** One page as rows: the place of the record's table, its number, then the canonical texts of the answer's columns. */
export function rowsPage(plan: Plan, position: Position | undefined, limit: number): Statement {
  const { bind, parameters } = numberedParameters()
  const rows = pageRows(plan, position, limit + 1, bind)
  const columns = selectTexts(columnsOf(plan))
  return { text: `SELECT ${rankColumn}, ${numberColumn}, ${columns} FROM (${rows}) AS page`, parameters }
}

/** So many rows of a walk behind the first `offset`, as rowsPage gives them but for the place of the table. */
export function offsetPage(
  plan: Plan,
  position: Position | undefined,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Statement {
  const { bind, parameters } = numberedParameters()
  const rows = pageRows(plan, position, offset + limit, bind)
  const columns = [numberColumn, ...columnsOf(plan).map((field) => selectTexts([field]))].join(', ')
  return { text: `SELECT ${columns} FROM (${rows}) AS page OFFSET ${offset}`, parameters }
}

/** How many records of all targets meet the conditions. */
export function countRecords(plan: Plan): Statement {
  const { bind, parameters } = numberedParameters()
  const conditions = conditionsOf(plan, bind)
  const counts = plan.targets.map(
    (target) => `(SELECT count(*) FROM ${sourceOf(plan, target, bind, false)}${where(conditions)})`,
  )
  return { text: `SELECT ${counts.join(' + ')} AS count`, parameters }
}

/** The texts of the order's keys in one record; no row where there is no such record. */
export function keysOfRecord({ order, targets }: Plan, at: number, number: number): Statement {
  const target = targets[at]
  if (target === undefined) throw new Error('a place lies in one of its versions')
  const has = new Set(target.contract.fields.map(({ name }) => name))
  const keys = order.keys.map(({ field }) =>
    has.has(field.name) ? fieldType(field.type).select(quoteIdentifier(field.name)) : 'NULL::text',
  )
  const table = publishedTable(target.version.recordsTable)
  return {
    text: `SELECT ${keys.join(', ')} FROM ${table} WHERE ${numberColumn} = $1::text::bigint`,
    parameters: [String(number)],
  }
}

/**
 * Everything behind a position as statements for COPY, to be run one after the other, so that the first bytes come as
 * soon as an index gives them. `select` are the columns as SQL.
 */
export function copyStatements(
  plan: Plan,
  position: Position | undefined,
  select: string,
  options: string,
): readonly CopyStatement[] {
  const count = planGroups(plan.order, plan.targets.length, position, () => '').length
  return Array.from({ length: count }, (_, index) => {
    const values: Record<string, string> = {}
    // In a subquery a setting is looked up once, not once a record.
    const bind: Bind = (value, cast = (text) => text) => {
      const name = `p${Object.keys(values).length + 1}`
      values[name] = value
      return `(SELECT ${cast(`current_setting('qingdan.${name}')`)})`
    }
    const group = planGroups(plan.order, plan.targets.length, position, bind)[index] ?? []
    const conditions = conditionsOf(plan, bind)
    const [only] = group
    const rows =
      only !== undefined && group.length === 1
        ? `SELECT ${select} FROM ${shareOf(plan, only, conditions, bind)}`
        : `SELECT ${select} FROM (${groupRows(plan, group, conditions, '', bind)}) AS merged`
    return { text: `COPY (${rows}) TO STDOUT WITH (${options})`, values }
  })
}

/** The column that a numbered CSV begins with, as a select's list has it. */
export const numberedColumn = `${numberColumn} AS "_id"`

/** The JSON line and the CSV columns of the answer, as a select's list. */
export const lineColumns = (plan: Plan) => jsonRow(columnsOf(plan))
export function plainColumns(plan: Plan, guarded: boolean): string {
  const columns = columnsOf(plan)
  const plain = csvColumns(columns)
  return (guarded ? guardedColumns(columns, plain) : plain).join(', ')
}

/**
 * Finds a field of the answer in whose matching records a text meets a regular expression: one row with its name, or
 * none. Undefined where no field can: codes are letters and digits.
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

/** The columns of an answer: the edition first where editions are joined. */
export function columnsOf({ joined, fields, loaded }: Plan): Plan['fields'] {
  return joined ? [editionField(loaded.contract.period), ...fields] : fields
}

function editionField(period: 'year' | 'school-year'): Plan['fields'][number] {
  return {
    name: editionMember,
    type: 'string',
    role: 'dimension',
    title: { zh: '期次', en: 'Edition' },
    description: { zh: '记录所属的期次。', en: 'The edition that the record is of.' },
    example: period === 'year' ? '2025' : '2024-2025',
  }
}

/**
 * The first rows of a walk behind a position, in its order: `_rank`, `_n` and the fields. A group is looked at only
 * where those before it have not filled the page: the limit of zero that is left for it runs nothing.
 */
function pageRows(plan: Plan, position: Position | undefined, limit: number, bind: Bind): string {
  const groups = planGroups(plan.order, plan.targets.length, position, bind)
  const conditions = conditionsOf(plan, bind)
  const rows = groups.map((group) => groupRows(plan, group, conditions, ` LIMIT ${limit}`, bind))
  const [only = ''] = rows
  if (rows.length === 1) return only
  const parts = rows.map((text, index) => {
    const before = Array.from({ length: index }, (_, other) => ` - (SELECT count(*) FROM g${other})`).join('')
    // Two limits: by the inner one the planner knows that few rows are wanted.
    const left = index === 0 ? text : `SELECT * FROM (${text}) AS share LIMIT (SELECT ${limit}${before})`
    return `g${index} AS MATERIALIZED (${left})`
  })
  const all = rows.map((_, index) => `SELECT ${index} AS _group, * FROM g${index}`).join(' UNION ALL ')
  return `WITH ${parts.join(', ')} SELECT * FROM (${all}) AS shares ORDER BY _group, ${mergedOrder(plan)}`
}

/** The rows of a group in order, with what they are merged by. */
function groupRows(
  plan: Plan,
  group: SortGroup,
  conditions: readonly string[],
  bounded: string,
  bind: Bind,
): string {
  const keys = plan.order.keys.map(
    ({ field }, index) => `${quoteIdentifier(field.name)} AS ${keyColumn(index)}`,
  )
  const fields = columnsOf(plan).map(({ name }) => quoteIdentifier(name))
  const shares = group.map((segment) => {
    const columns = [`${segment.target} AS ${rankColumn}`, numberColumn, ...keys, ...fields].join(', ')
    return `SELECT ${columns} FROM ${shareOf(plan, segment, conditions, bind)}${bounded}`
  })
  const [only = ''] = shares
  if (shares.length === 1) return only
  const union = shares.map((share) => `(${share})`).join(' UNION ALL ')
  return `SELECT * FROM (${union}) AS merged ORDER BY ${mergedOrder(plan)}${bounded}`
}

/** The order among rows of several shares, by the columns that they were given for it. */
function mergedOrder({ order }: Plan): string {
  const keys = order.keys.map(({ field, descending }, index) => {
    const collation = fieldType(field.type).column.endsWith('COLLATE "C"') ? ' COLLATE "C"' : ''
    return `${keyColumn(index)}${collation}${descending ? ' DESC NULLS LAST' : ''}`
  })
  const direction = order.descending ? ' DESC' : ''
  return [...keys, `${rankColumn}${direction}`, `${numberColumn}${direction}`].join(', ')
}

function shareOf(plan: Plan, segment: Segment, conditions: readonly string[], bind: Bind): string {
  const target = plan.targets[segment.target]
  if (target === undefined) throw new Error('a share is of one of the targets')
  return `${sourceOf(plan, target, bind)}${where([...segment.conditions, ...conditions])} ORDER BY ${segment.order}`
}

/** What every record of the answer meets: the filters, and the words, each of which must be in it. */
function conditionsOf({ conditions, words = [], loaded }: Plan, bind: Bind): readonly string[] {
  const found = words.map(({ text, field }) => {
    const among = field === undefined ? loaded.contract.fields : [field]
    const record = `lower(concat_ws(chr(10), ${selectTexts(among)}))`
    return `strpos(${record}, lower(${bind(text)})) > 0`
  })
  return [...bindConditions(conditions, bind), ...found]
}

const where = (conditions: readonly string[]) =>
  conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`

/** A target as something to select from, with every field of the plan's contract; the planner sees through it. */
function sourceOf(plan: Plan, { version, contract }: PlannedTarget, bind: Bind, named = plan.joined): string {
  const table = publishedTable(version.recordsTable)
  const has = new Set(contract.fields.map(({ name }) => name))
  const missing = plan.loaded.contract.fields.filter(({ name }) => !has.has(name))
  const added = [
    ...missing.map((field) => `NULL::${fieldType(field.type).column} AS ${quoteIdentifier(field.name)}`),
    ...(named ? [`${bind(version.edition)} AS ${quoteIdentifier(editionMember)}`] : []),
  ]
  return added.length === 0 ? table : `(SELECT *, ${added.join(', ')} FROM ${table}) AS records`
}
