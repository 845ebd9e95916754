/**
 * The question of an explorer's address: the same parameters as the API's, so that one can be copied into the other. A
 * form also sends empty fields and one `column` a checkbox; both become what the API takes.
 */
import type { Contract } from '../../contract/index.ts'

/** Parameters that forms send besides those of the API. */
const column = 'column'

export interface Question {
  /** Parameters of the API, without `cursor` and `limit`. */
  readonly parameters: Readonly<Record<string, string>>
  readonly cursor?: string
  /** Rows on a page. */
  readonly limit: number
}

const limits = [20, 50, 100, 200] as const
const limitDefault = 50

/** Rows on a page that the form offers. */
export const pageLimits: readonly number[] = limits

/** Reads the question. What is wrong with it the API says. */
export function questionOf(contract: Contract, address: URLSearchParams): Question {
  const parameters: Record<string, string> = {}
  const columns: string[] = []
  for (const [name, value] of address) {
    if (value.trim() === '' || name === 'cursor' || name === 'limit') continue
    if (name === column) columns.push(value)
    else parameters[name] = value
  }
  // All columns are the same as none.
  const all = contract.fields.length
  if (columns.length > 0 && columns.length < all) parameters['select'] = columns.join(',')
  const limit = limits.find((one) => String(one) === address.get('limit')) ?? limitDefault
  const cursor = address.get('cursor') ?? ''
  return { parameters, limit, ...(cursor === '' ? {} : { cursor }) }
}

/** The address of the question in the API. Without `extension` JSON; a CSV has all rows. */
export function apiAddress(base: string, slug: string, { parameters }: Question, extension = ''): string {
  const query = queryText(parameters)
  return `${base}/v1/datasets/${slug}/records${extension}${query === '' ? '' : `?${query}`}`
}

/** Parameters as a query. Commas and colons need no escaping (RFC 3986, section 3.4). */
export function queryText(parameters: Readonly<Record<string, string>>): string {
  return new URLSearchParams(parameters).toString().replaceAll('%2C', ',').replaceAll('%3A', ':')
}
