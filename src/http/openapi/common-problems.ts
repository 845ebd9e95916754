/**
 * Declares the problems that any operation can return once, as the response `default`, in place of six statuses
 * in each operation. An operation keeps a status for which it names problems of its own.
 */
import { problems } from '../../platform/problem.ts'
import { commonProblems, problemResponses } from '../route-helpers.ts'
import type { Json } from './document-shape.ts'

/** A refused parameter concerns the operation, so this status stays beside its others. */
const statedStatus = 400

/** What an operation declares of a status for which it names no problem and no body of its own. */
const shapeOf = ({ description, content = {} }: Json) =>
  JSON.stringify([description, Object.keys(content as object)])

const commonShapes = new Map(
  Object.entries(problemResponses() as Readonly<Record<string, Json>>).flatMap(([status, response]) =>
    Number(status) === statedStatus ? [] : [[status, shapeOf(response)]],
  ),
)

const description = commonProblems
  .map((code) => ({ code, ...problems[code] }))
  .filter(({ status }) => status !== statedStatus)
  .sort((a, b) => a.status - b.status)
  .map(({ status, code, title }) => `${status} \`${code}\`: ${title}.`)
  .join(' ')

/** The responses of an operation with `default` in place of those that every operation has. */
export function withDefault(responses: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> {
  const isCommon = ([status, response]: readonly [string, Json]) =>
    commonShapes.get(status) === shapeOf(response)
  const entries = Object.entries(responses)
  const [, common] = entries.find(isCommon) ?? []
  if (common === undefined) return responses
  const own = entries.filter((entry) => !isCommon(entry))
  return { ...Object.fromEntries(own), default: { ...common, description } }
}
