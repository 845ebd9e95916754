/**
 * Problems: errors of callers, each with a code of the closed list. Internal errors are plain Errors, and a
 * 5xx never shows their message. Details must not contain personal data: name fields, files and limits, not
 * values of rows.
 */
import { type ProblemCode, problems } from './problem-list.ts'

export { type ProblemCode, problems }

/** Members of a problem beyond its kind; RFC 9457, section 3.2, allows extensions. */
interface ProblemDetail {
  /** One sentence about this occurrence. */
  readonly detail?: string
  /** The parameter, field or file that the problem is about. */
  readonly path?: string
  readonly [extension: string]: unknown
}

export class Problem extends Error {
  readonly code: ProblemCode
  readonly detail: ProblemDetail

  constructor(code: ProblemCode, detail: ProblemDetail) {
    super(detail.detail ?? problems[code].title)
    this.name = 'Problem'
    this.code = code
    this.detail = detail
  }

  get status(): number {
    return problems[this.code].status
  }
}

/** Creates a problem to throw: `throw problem('edition-not-found', { dataset, edition })`. */
export function problem(code: ProblemCode, detail: ProblemDetail = {}): Problem {
  return new Problem(code, detail)
}
