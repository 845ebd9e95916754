/**
 * Records and aggregates as one call each, for protocols that hand on the JSON of our own addresses: the same parameters, plan,
 * bytes and refusals. Whether the caller may see the dataset is for the protocol to ask before.
 */

import type { House } from '../../catalogue/index.ts'
import { type LoadedContract, noteRead } from '../../contract/index.ts'
import type { Reader } from '../../platform/caller.ts'
import { planAggregate } from '../aggregate/plan.ts'
import { parseAggregate } from '../aggregate/query.ts'
import { readGroups } from '../aggregate/read.ts'
import { jsonAnswer } from '../aggregate/render.ts'
import { chooseGround } from '../aggregate/versions.ts'
import { readerOf } from '../read/read-records.ts'
import { answerPage } from '../read/render-answer.ts'
import { ask } from './resolve-request.ts'

export interface Question {
  /** The newest contract of the dataset, which the caller may read. */
  readonly loaded: LoadedContract
  /** Whose account the records stand in. */
  readonly reader: Reader
  /** Parameters by name, as an address has them. */
  readonly parameters: Readonly<Record<string, unknown>>
}

/** A page of records as the JSON of `…/records`. Throws what that address refuses. */
export async function questionRecords(
  house: House,
  { loaded, parameters, reader }: Question,
): Promise<string> {
  const { dataset } = loaded.contract
  const asked = await ask(house, { dataset, format: 'json', parameters, language: 'zh' })
  const { bytes } = await answerPage(house, readerOf(house.database), asked)
  const versions = asked.plan.targets.map(({ version }) => version)
  noteRead(reader, loaded.contract, { versions, operation: 'records' })
  return bytes.toString()
}

/** Groups as the JSON of `…/aggregate`. Throws what that address refuses. */
export async function questionAggregate(
  house: House,
  { loaded, parameters, reader }: Question,
): Promise<string> {
  const query = parseAggregate(parameters)
  const ground = await chooseGround(house, loaded, query)
  const plan = planAggregate(query, ground)
  const groups = await readGroups(house.database.serve, plan)
  noteRead(reader, loaded.contract, { versions: ground.versions, operation: 'aggregate' })
  const path = `/v1/datasets/${loaded.contract.dataset}/aggregate`
  return jsonAnswer(house.config, { path, plan, ground, groups })
}
