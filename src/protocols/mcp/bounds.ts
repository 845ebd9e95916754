/**
 * Bounds on the size of a tool's result, because a model reads, and pays for, all of it. A result that is too
 * long is computed again with fewer items and marked as truncated.
 */
import { problem } from '../../platform/problem.ts'

/** Characters of one result, about ten thousand tokens. */
export const resultLengthMax = 40_000

/** A result as JSON text, and whether there is more than it holds. */
export interface BoundedResult {
  readonly json: string
  readonly truncated: boolean
}

/**
 * Builds a result of at most `limit` items that fits, halving the number of items until it does. Throws
 * `parameter-invalid` if a single item is too long. The JSON must be an object; the member `truncated`, and
 * `note` if it is true, come first.
 */
export async function buildBounded(
  limit: number,
  note: string,
  build: (limit: number) => Promise<BoundedResult>,
): Promise<string> {
  for (let items = limit; items >= 1; items = Math.floor(items / 2)) {
    const { json, truncated } = await build(items)
    const head = truncated ? `{"truncated":true,"note":${JSON.stringify(note)}` : '{"truncated":false'
    const text = `${head}${json === '{}' ? '' : ','}${json.slice(1)}`
    if (text.length <= resultLengthMax) return text
  }
  throw problem('parameter-invalid', {
    path: 'limit',
    detail: `One item is longer than the ${resultLengthMax} characters of a result. Select fewer fields.`,
  })
}
