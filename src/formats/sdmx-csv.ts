/**
 * SDMX-CSV 2.0 (https://github.com/sdmx-twg/sdmx-csv, "SDMX-CSV field guide") of statistics: three columns that name the
 * structure, then the fields as components, with the period of the edition as TIME_PERIOD. A withheld value is an empty
 * cell, and the component of its status says why. Refuses datasets that are no statistics.
 */
import { bindingOf, type Contract, periodOf } from '../contract/index.ts'
import { csvLines } from './csv.ts'
import type { RenderContext, RenderedFormat, RowBatches } from './format.ts'

/** The agency of our structures, an id of SDMX's own form. */
const agency = 'QINGDAN'

const timePeriod = 'TIME_PERIOD'

export const sdmxCsv: RenderedFormat = {
  name: 'sdmx.csv',
  mediaType: 'application/vnd.sdmx.data+csv; version=2.0.0; charset=utf-8',
  omits: ({ contract }) =>
    bindingOf(contract, 'statistics') === undefined
      ? {
          zh: '只有统计类数据集提供 SDMX-CSV；请使用 CSV。',
          en: 'SDMX-CSV is for datasets of the kind `statistics`; use the CSV.',
        }
      : undefined,
  render,
}

async function* render(
  batches: RowBatches,
  { contract, fields, version }: RenderContext,
): AsyncGenerator<string> {
  const components = fields.map(({ name }) => name.toUpperCase())
  const dated = components.includes(timePeriod) ? [] : [timePeriod]
  yield csvLines([['STRUCTURE', 'STRUCTURE_ID', 'ACTION', ...components, ...dated]])
  // I: information, the whole content of this version.
  const head = ['dataflow', structureId(contract), 'I']
  const period = dated.map(() => periodText(contract, version.edition))
  for await (const batch of batches) {
    if (batch.length > 0) yield csvLines(batch.map((row) => [...head, ...row, ...period]))
  }
}

/** Ids have no hyphens by convention; the version is a semantic one. */
function structureId({ dataset, contractVersion }: Contract): string {
  return `${agency}:${dataset.replaceAll('-', '_').toUpperCase()}(${contractVersion}.0.0)`
}

/** A year, or a year from its first day, both of SDMX's time formats (ISO 8601). */
function periodText(contract: Contract, edition: string): string {
  const start = periodOf(contract, edition)?.start ?? edition
  return contract.period === 'year' ? edition : `${start}/P1Y`
}
