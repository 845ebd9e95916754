/**
 * The tables of a copy in PostgreSQL: its own state in tables whose names begin with `_`, and one table of
 * records for each dataset and lineage, with views of the current versions. Tables survive corrections, and
 * so do a platform's own indexes, grants and views on them.
 */
import { escapeLiteral } from 'pg'
import { fieldType } from '../../contract/index.ts'
import { quoteIdentifier } from '../../db/identifier.ts'
import { digestOf } from '../../platform/digest.ts'
import type { PulledContract } from '../response-shapes.ts'

/** Columns in addition to those of the contract, whose fields cannot begin with `_`. */
export const editionColumn = '_edition'
export const versionColumn = '_version'

/** Longest identifier in PostgreSQL. */
const nameBytesMax = 63
const digestLength = 8

/**
 * Name of the table of a dataset's lineage, or of a view on it. Slugs have only single hyphens, so two
 * underscores are in no other name; a name that would be too long gets a digest.
 */
export function recordsName(dataset: string, lineage: number, view?: 'editions' | 'latest'): string {
  const line = lineage === 1 ? '' : `__c${lineage}`
  const suffix = `${line}${view === undefined ? '' : `__${view}`}`
  const whole = `${dataset.replaceAll('-', '_')}${suffix}`
  if (whole.length <= nameBytesMax) return whole
  const tail = `__${digestOf(dataset).slice(0, digestLength)}${suffix}`
  return `${dataset.replaceAll('-', '_').slice(0, nameBytesMax - tail.length)}${tail}`
}

/** The copy's own tables. */
export function ownTables(schema: string): string {
  const name = (table: string) => `${schema}.${quoteIdentifier(table)}`
  return `
    CREATE TABLE ${name('_copy')} (
      one boolean PRIMARY KEY DEFAULT true CHECK (one),
      form integer NOT NULL, origin text NOT NULL, source text NOT NULL,
      datasets text[], is_keyed boolean NOT NULL, history boolean NOT NULL,
      cursor text, changes bigint NOT NULL DEFAULT 0,
      begun_at timestamptz NOT NULL DEFAULT now(), changed_at timestamptz NOT NULL DEFAULT now());
    COMMENT ON TABLE ${name('_copy')} IS 'The source of this copy, and its position in the feed.';
    CREATE TABLE ${name('_change')} (
      n bigint PRIMARY KEY, id text NOT NULL UNIQUE, type text NOT NULL, at timestamptz NOT NULL,
      dataset text NOT NULL, edition text, version integer, reason text, body jsonb NOT NULL);
    COMMENT ON TABLE ${name('_change')} IS 'Every change applied, in the order of the feed.';
    CREATE TABLE ${name('_dataset')} (
      dataset text PRIMARY KEY, title_zh text NOT NULL, title_en text NOT NULL,
      contract_version integer NOT NULL, closed_at timestamptz);
    COMMENT ON TABLE ${name('_dataset')} IS 'Datasets by their newest contract; closed_at if one is no longer open.';
    CREATE TABLE ${name('_contract')} (
      dataset text NOT NULL, contract_version integer NOT NULL, lineage integer NOT NULL, records_table text NOT NULL,
      sha256 text NOT NULL, notice_since timestamptz, sunset timestamptz, body jsonb NOT NULL,
      PRIMARY KEY (dataset, contract_version));
    COMMENT ON TABLE ${name('_contract')} IS 'Contracts and the table of records of each; a breaking contract starts a new lineage.';
    CREATE TABLE ${name('_code')} (
      dataset text NOT NULL, list text NOT NULL, code text NOT NULL, zh text NOT NULL, en text NOT NULL,
      PRIMARY KEY (dataset, list, code));
    COMMENT ON TABLE ${name('_code')} IS 'Labels of the codes in the records of a dataset.';
    CREATE TABLE ${name('_version')} (
      dataset text NOT NULL, edition text NOT NULL, version integer NOT NULL, contract_version integer, lineage integer,
      records bigint, sha256 text, published_at timestamptz, reason text,
      held boolean NOT NULL DEFAULT false, is_current boolean NOT NULL DEFAULT false, is_latest boolean NOT NULL DEFAULT false,
      withdrawn_at timestamptz, withdrawn_reason text, signed_by text, facts jsonb,
      PRIMARY KEY (dataset, edition, version));
    COMMENT ON TABLE ${name('_version')} IS 'Every version in the feed: whether its records are held, whether it is current for its edition and latest for its dataset (within its lineage), and when it was withdrawn.';`
}

/** Statements that create the table of a lineage if needed, and add the fields that the contract adds. */
export function recordsTable(
  schema: string,
  contract: PulledContract,
  lineage: number,
  existing: ReadonlySet<string>,
): readonly string[] {
  const bare = recordsName(contract.dataset, lineage)
  const name = `${schema}.${quoteIdentifier(bare)}`
  const columns = contract.fields.map(({ name: field, type }) => {
    const notNull = contract.primaryKey.includes(field) ? ' NOT NULL' : ''
    return { field, sql: `${quoteIdentifier(field)} ${fieldType(type).column}${notNull}` }
  })
  const isNew = existing.size === 0
  const own = [quoteIdentifier(editionColumn), quoteIdentifier(versionColumn)]
  const added = columns.filter(({ field }) => !existing.has(field))
  const statements = isNew
    ? [
        `CREATE TABLE ${name} (${own[0]} text COLLATE "C" NOT NULL, ${own[1]} integer NOT NULL,
           ${columns.map(({ sql }) => sql).join(', ')},
           PRIMARY KEY (${[...own, ...contract.primaryKey.map(quoteIdentifier)].join(', ')}))`,
      ]
    : added.map(({ sql }) => `ALTER TABLE ${name} ADD COLUMN ${sql}`)
  return [
    ...statements,
    ...comments(name, contract, lineage),
    ...(isNew || added.length > 0 ? views(schema, contract.dataset, lineage) : []),
  ]
}

/** Titles, units and codes as SQL comments, which database tools display. */
function comments(name: string, contract: PulledContract, lineage: number): readonly string[] {
  const { title, dataset, fields } = contract
  const line = lineage === 1 ? '' : `, contracts from version ${lineage} on`
  return [
    `COMMENT ON TABLE ${name} IS ${escapeLiteral(`${title.zh} / ${title.en} (${dataset}${line})`)}`,
    `COMMENT ON COLUMN ${name}.${quoteIdentifier(editionColumn)} IS ${escapeLiteral('期 / Edition')}`,
    `COMMENT ON COLUMN ${name}.${quoteIdentifier(versionColumn)} IS ${escapeLiteral('版本 / Version of the edition')}`,
    ...fields.map((field) => {
      const unit = field.unit === undefined ? '' : ` (${field.unit})`
      const codes = field.codes === undefined ? '' : ` [${field.codes}]`
      const text = `${field.title.zh} / ${field.title.en}${unit}${codes}`
      return `COMMENT ON COLUMN ${name}.${quoteIdentifier(field.name)} IS ${escapeLiteral(text)}`
    }),
  ]
}

/**
 * Views of the current versions: of all editions, and of the newest one. The table also holds other versions.
 */
function views(schema: string, dataset: string, lineage: number): readonly string[] {
  const records = `${schema}.${quoteIdentifier(recordsName(dataset, lineage))}`
  const view = (kind: 'editions' | 'latest', flag: string) =>
    `CREATE OR REPLACE VIEW ${schema}.${quoteIdentifier(recordsName(dataset, lineage, kind))} AS
       SELECT r.* FROM ${records} r JOIN ${schema}._version v
         ON v.dataset = ${escapeLiteral(dataset)} AND v.edition = r._edition AND v.version = r._version AND v.${flag}`
  return [view('editions', 'is_current'), view('latest', 'is_latest')]
}
