/**
 * The reference of the row `fitness`: one pass of DuckDB over the same rows as clean plain CSV, which counts and takes
 * means and quantiles of the same groups, without scores. Writes the groups as CSV and reports its CPU time.
 */
import { parseArgs } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { plainColumns } from '../fitness-data.ts'

const { values } = parseArgs({
  options: { folder: { type: 'string', default: '' }, out: { type: 'string', default: '' } },
})

const texts = new Set(['district', 'stage', 'grade', 'sex'])
const types = plainColumns.map((name) => `'${name}': '${texts.has(name) ? 'VARCHAR' : 'DECIMAL(7,2)'}'`)
const hundredths = plainColumns
  .filter((name) => !texts.has(name))
  .map((name) => `(100 * ${name})::INTEGER AS ${name}`)
const indicators = ['bmi', ...plainColumns.filter((name) => !texts.has(name) && !/eight$/.test(name))]
const figures = indicators.map(
  (name) => `count(${name}) AS ${name}_n, sum(${name})::VARCHAR AS ${name}_sum,
    stddev_pop(${name}) AS ${name}_deviation,
    array_to_string(quantile_disc(${name}, [0.1, 0.5, 0.9]), ';') AS ${name}_quantiles`,
)
const sets = ['district', ''].flatMap((district) =>
  ['stage, grade', 'stage', ''].flatMap((grade) =>
    ['sex', ''].map((sex) => `(${[district, grade, sex].filter((one) => one !== '').join(', ')})`),
  ),
)

const query = `
  WITH rows AS (
    SELECT district, stage, grade, sex, ${hundredths.join(', ')}
    FROM read_csv('${values.folder}/*.csv', header = true, columns = {${types.join(', ')}})),
  pupils AS (
    SELECT *, (10 * ((20000000 * weight::BIGINT + height::BIGINT * height) // (2 * height::BIGINT * height)))::INTEGER AS bmi
    FROM rows)
  SELECT district, stage, grade, sex, ${figures.join(', ')}
  FROM pupils GROUP BY GROUPING SETS (${sets.join(', ')})`

const instance = await DuckDBInstance.create(':memory:')
const connection = await instance.connect()
const before = process.cpuUsage()
const began = performance.now()
await connection.run(`COPY (${query}) TO '${values.out}' (HEADER, DELIMITER ',')`)
const { user, system } = process.cpuUsage(before)
const seconds = (performance.now() - began) / 1000
process.stdout.write(JSON.stringify({ cpuSeconds: (user + system) / 1e6, seconds }))
