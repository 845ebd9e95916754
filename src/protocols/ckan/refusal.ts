/**
 * Refusals as CKAN's clients read them. A question that can't be read is 400 and a text; all others are an object with
 * `__type`: 404 `Not Found Error`, 409 `Validation Error` by parameter, 400 `Search Query Error`. What is not of this action,
 * such as a rate, stays a problem of the house.
 */
import { Problem } from '../../platform/problem.ts'

/** Thrown by actions. `body` is what stands under `error`, or the whole answer where it is a text. */
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

/** The request itself can't be read, or names no action. */
export const badRequest = (detail: string) => new CkanRefusal(400, `Bad request - ${detail}`)

export const notFound = (detail: string) =>
  new CkanRefusal(404, { __type: 'Not Found Error', message: `Not found: ${detail}` })

/** A parameter is not as it must be. `more` are names that help to mend it. */
export const invalid = (parameter: string, message: string) =>
  new CkanRefusal(409, { __type: 'Validation Error', [parameter]: [message] })

/** A question to the search that is not spoken here. */
export const searchRefused = (detail: string) =>
  new CkanRefusal(400, { __type: 'Search Query Error', message: `Search Query is invalid: ${detail}` })

/** The refusal that an error of the rooms stands for; undefined where it is none, or nothing that CKAN has a word for. */
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
