/**
 * The beginning of a difference as values, for pages: the counts, and the first differing records in key order. The
 * statement is that of the whole difference; it is broken off when there are enough records.
 */
import type { Static } from 'typebox'
import type { AppContext, PublishedVersion } from '../../catalogue/index.ts'
import { readDiffJson } from './answers.ts'
import { planDiff } from './plan.ts'
import type { DiffSchema } from './schemas.ts'

type Difference = Static<typeof DiffSchema>

export type FirstDifferences = Pick<Difference, 'key' | 'fields' | 'counts' | 'data'>

/** The first `limit` differences from one version to another; undefined if their keys differ. */
export async function firstDifferences(
  context: Pick<AppContext, 'config' | 'database' | 'contracts'>,
  { from, to }: { readonly from: PublishedVersion; readonly to: PublishedVersion },
  limit: number,
): Promise<FirstDifferences | undefined> {
  const side = ({ dataset, contractVersion, recordsTable }: PublishedVersion) => ({
    contract: context.contracts.get(dataset, contractVersion).contract,
    table: recordsTable,
  })
  const diff = planDiff(side(from), side(to))
  if (diff === undefined) return undefined
  const aborted = new AbortController()
  const compared = { from, to, against: `v${from.number}`, diff }
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of readDiffJson(context, compared, aborted.signal)) {
    text += decoder.decode(chunk, { stream: true })
    if (linesIn(text) > limit + 1) break
  }
  aborted.abort()
  const [head = '', ...lines] = text.split('\n')
  const { key, fields, counts } = JSON.parse(`${head}]}`) as Difference
  const data = lines
    .slice(0, limit)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line.replace(/,$/, '')) as Difference['data'][number])
  return { key, fields, counts, data }
}

function linesIn(text: string): number {
  let lines = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1
  return lines
}
