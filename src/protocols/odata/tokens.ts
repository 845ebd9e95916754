/**
 * Splits a `$filter` into tokens (OData 4.0, ABNF of the URL conventions). Refuses characters that are no token, texts
 * without an end, and more tokens than a filter of the largest size has.
 */
import { problem } from '../../platform/problem.ts'

export interface Token {
  readonly kind: 'text' | 'number' | 'date' | 'instant' | 'word' | 'open' | 'close' | 'comma'
  /** The value: of a text without its quotes. */
  readonly text: string
  /** Where it begins, from 1. */
  readonly at: number
}

/** Node refuses a request line over 16 KiB, so more tokens than this can't be meant. */
const tokensMax = 8_000

const forms = [
  ['text', /'(?:[^']|'')*'/y],
  ['instant', /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,12})?)?(?:Z|[+-]\d{2}:\d{2})/y],
  ['date', /\d{4}-\d{2}-\d{2}/y],
  ['number', /-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/y],
  ['word', /[A-Za-z_@$][\w./$]*/y],
  ['open', /\(/y],
  ['close', /\)/y],
  ['comma', /,/y],
] as const satisfies readonly (readonly [Token['kind'], RegExp])[]

/** The tokens of a filter. Throws `parameter-invalid`. */
export function tokensOf(filter: string): readonly Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < filter.length; ) {
    if (filter[at] === ' ' || filter[at] === '\t') {
      at += 1
      continue
    }
    if (filter[at] === ':')
      throw problem('odata-unsupported', { path: '$filter', detail: 'Not supported: any and all.' })
    const token = tokenAt(filter, at)
    if (token === undefined) throw filterInvalid(`Character ${at + 1} is not understood.`)
    tokens.push({ kind: token.kind, text: textOf(token), at: at + 1 })
    if (tokens.length > tokensMax) throw filterInvalid(`At most ${tokensMax} tokens.`)
    at += token.text.length
  }
  return tokens
}

/** The problem of a malformed filter. */
export function filterInvalid(detail: string) {
  return problem('parameter-invalid', { path: '$filter', detail })
}

function tokenAt(filter: string, at: number): Pick<Token, 'kind' | 'text'> | undefined {
  for (const [kind, form] of forms) {
    form.lastIndex = at
    const [text] = form.exec(filter) ?? []
    if (text !== undefined) return { kind, text }
  }
  return undefined
}

function textOf({ kind, text }: Pick<Token, 'kind' | 'text'>): string {
  return kind === 'text' ? text.slice(1, -1).replaceAll("''", "'") : text
}
