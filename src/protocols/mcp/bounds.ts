/**
 * Bounds on what a tool gives: a model reads all of it, and pays for it. A result that is too long is asked for again with fewer
 * items, and says that it is not all.
 */
import { problem } from '../../platform/problem.ts'

/** Signs of one result, some ten thousand tokens. */
export const resultLengthMax = 40_000

/** A result as JSON text, and whether there is more than it holds. */
export interface BoundedResult {
  readonly json: string
  readonly truncated: boolean
}

/**
 * Makes a result of at most `limit` items that fits, halving the items until it does. Throws `parameter-invalid` where not
 * even one does. The JSON is that of an object; it gets the members `truncated` and, where it is, `note` first.
 */
export async function makeBounded(
  limit: number,
  note: string,
  make: (limit: number) => Promise<BoundedResult>,
): Promise<string> {
  for (let items = limit; items >= 1; items = Math.floor(items / 2)) {
    const { json, truncated } = await make(items)
    const head = truncated ? `{"truncated":true,"note":${JSON.stringify(note)}` : '{"truncated":false'
    const text = `${head}${json === '{}' ? '' : ','}${json.slice(1)}`
    if (text.length <= resultLengthMax) return text
  }
  throw problem('parameter-invalid', {
    path: 'limit',
    detail: `One item alone is longer than the ${resultLengthMax} characters of a result. Ask for fewer fields.`,
  })
}
