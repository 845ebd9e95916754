/**
 * Records and aggregates as one call each, for protocols that pass on the JSON of the REST API: the same
 * parameters, plan, bytes and problems. The protocol must check beforehand that the caller may read the
 * dataset.
 */

import type { AppContext } from '../../catalogue/index.ts'
import { countRead, type LoadedContract } from '../../contract/index.ts'
import type { Caller } from '../../platform/caller.ts'
import { defined } from '../../platform/defined.ts'
import { planAggregate } from '../aggregate/plan.ts'
import { parseAggregate } from '../aggregate/query.ts'
import { readGroups } from '../aggregate/read.ts'
import { jsonAnswer } from '../aggregate/render.ts'
import { chooseAggregateVersions } from '../aggregate/versions.ts'
import { readerOf } from '../read/read-records.ts'
import { answerPage } from '../read/render-answer.ts'
import { resolveRequest } from './resolve-request.ts'

interface ReadQuery {
  /** The newest contract of the dataset, which the caller may read. */
  readonly loaded: LoadedContract
  /** The caller whose reads are recorded. */
  readonly caller: Caller
  /** Query parameters by name. */
  readonly parameters: Readonly<Record<string, unknown>>
}

interface ReadRecords extends ReadQuery {
  /** A fixed version; else the parameter `edition` chooses, or the latest is read. */
  readonly version?: { readonly edition: string; readonly number: number }
  /** The token that shows the version before its release. */
  readonly preview?: string
}

/** A page of records as the JSON of `…/records`. Throws the problems of that route. */
export async function recordsJson(
  context: AppContext,
  { loaded, parameters, caller, version, preview }: ReadRecords,
): Promise<string> {
  const { dataset } = loaded.contract
  const resolved = await resolveRequest(context, {
    ...{ dataset, format: 'json', parameters, language: 'zh' },
    ...defined({ version, preview }),
  })
  const { bytes } = await answerPage(context, readerOf(context.database), resolved)
  const versions = resolved.plan.targets.map(({ version }) => version)
  countRead(caller, loaded.contract, { versions, operation: 'records' })
  return bytes.toString()
}

/** Groups as the JSON of `…/aggregate`. Throws the problems of that route. */
export async function aggregateJson(
  context: AppContext,
  { loaded, parameters, caller }: ReadQuery,
): Promise<string> {
  const query = parseAggregate(parameters)
  const chosen = await chooseAggregateVersions(context, loaded, query)
  const plan = planAggregate(query, chosen)
  const groups = await readGroups(context.database.serve, plan)
  countRead(caller, loaded.contract, { versions: chosen.versions, operation: 'aggregate' })
  const path = `/v1/datasets/${loaded.contract.dataset}/aggregate`
  return jsonAnswer(context.config, { path, plan, chosen, groups })
}
