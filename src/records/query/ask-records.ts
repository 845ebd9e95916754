/**
 * Records and aggregates as one call each, for protocols that hand on the JSON of our own addresses: the same parameters, plan,
 * bytes and refusals. Whether the caller may see the dataset is for the protocol to ask before.
 */

import type { AppContext } from '../../catalogue/index.ts'
import { type LoadedContract, noteRead } from '../../contract/index.ts'
import type { Caller } from '../../platform/caller.ts'
import { planAggregate } from '../aggregate/plan.ts'
import { parseAggregate } from '../aggregate/query.ts'
import { readGroups } from '../aggregate/read.ts'
import { jsonAnswer } from '../aggregate/render.ts'
import { chooseAggregateVersions } from '../aggregate/versions.ts'
import { readerOf } from '../read/read-records.ts'
import { answerPage } from '../read/render-answer.ts'
import { resolveRequest } from './resolve-request.ts'

export interface Question {
  /** The newest contract of the dataset, which the caller may read. */
  readonly loaded: LoadedContract
  /** Whose account the records stand in. */
  readonly reader: Caller
  /** Parameters by name, as an address has them. */
  readonly parameters: Readonly<Record<string, unknown>>
}

/** A page of records as the JSON of `…/records`. Throws what that address refuses. */
export async function questionRecords(
  context: AppContext,
  { loaded, parameters, reader }: Question,
): Promise<string> {
  const { dataset } = loaded.contract
  const asked = await resolveRequest(context, { dataset, format: 'json', parameters, language: 'zh' })
  const { bytes } = await answerPage(context, readerOf(context.database), asked)
  const versions = asked.plan.targets.map(({ version }) => version)
  noteRead(reader, loaded.contract, { versions, operation: 'records' })
  return bytes.toString()
}

/** Groups as the JSON of `…/aggregate`. Throws what that address refuses. */
export async function questionAggregate(
  context: AppContext,
  { loaded, parameters, reader }: Question,
): Promise<string> {
  const query = parseAggregate(parameters)
  const ground = await chooseAggregateVersions(context, loaded, query)
  const plan = planAggregate(query, ground)
  const groups = await readGroups(context.database.serve, plan)
  noteRead(reader, loaded.contract, { versions: ground.versions, operation: 'aggregate' })
  const path = `/v1/datasets/${loaded.contract.dataset}/aggregate`
  return jsonAnswer(context.config, { path, plan, ground, groups })
}
