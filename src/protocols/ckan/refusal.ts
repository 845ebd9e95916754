/**
 * Refusals in CKAN's shapes. A request that cannot be read is 400 with a text; all others are an object with
 * `__type`: 404 `Not Found Error`, 409 `Validation Error` by parameter, 400 `Search Query Error`. What does
 * not concern the action, such as a rate limit, stays an RFC 9457 problem.
 */
import { Problem } from '../../platform/problem.ts'

/** Thrown by actions. `body` is the value of `error`, or the whole response if it is a text. */
export class CkanRefusal extends Error {
  override readonly name = 'CkanRefusal'
  readonly status: number
  readonly body: string | Readonly<Record<string, unknown>>

  constructor(status: number, body: CkanRefusal['body']) {
    super(typeof body === 'string' ? body : String(body['__type']))
    this.status = status
    this.body = body
  }
}

/** The request itself cannot be read, or names no action. */
export const badRequest = (detail: string) => new CkanRefusal(400, `Bad request - ${detail}`)

export const notFound = (detail: string) =>
  new CkanRefusal(404, { __type: 'Not Found Error', message: `Not found: ${detail}` })

/** A parameter has an invalid value. */
export const invalid = (parameter: string, message: string) =>
  new CkanRefusal(409, { __type: 'Validation Error', [parameter]: [message] })

/** A search query uses something unsupported. */
export const searchRefused = (detail: string) =>
  new CkanRefusal(400, { __type: 'Search Query Error', message: `Search Query is invalid: ${detail}` })

/**
 * Translates an error into CKAN's refusal; undefined if it is another kind of error or CKAN has no shape for
 * it.
 */
export function refusalOf(error: unknown, nameOf: (path: string) => string): CkanRefusal | undefined {
  if (error instanceof CkanRefusal) return error
  if (!(error instanceof Problem)) return undefined
  const { path, detail, nearest } = error.detail
  const near = typeof nearest === 'string' ? ` The nearest is \`${nearest}\`.` : ''
  const text = `${typeof detail === 'string' ? detail : error.message}${near}`
  if (error.status === 404 || error.status === 410) return notFound(text)
  if (error.status !== 400 || typeof path !== 'string') return undefined
  return invalid(nameOf(path), text)
}
