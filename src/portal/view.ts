/**
 * What every page knows of its request: language, address, time. Links inside the portal are made here, so that a
 * language named in an address stays in the addresses that follow from it.
 */
import type { FastifyRequest } from 'fastify'
import type { AppContext } from '../catalogue/index.ts'
import { baseUrl, pageLanguageOf } from '../http/index.ts'
import type { Bilingual, Language } from '../platform/language.ts'
import { dayInShanghai } from '../platform/time.ts'

export interface View {
  readonly language: Language
  /** Whether the address names the language; the links of the page then name it too. */
  readonly isNamed: boolean
  /** Path of the page, without parameters. */
  readonly path: string
  /** Its parameters without `lang`. */
  readonly parameters: URLSearchParams
  /** Base of absolute addresses. */
  readonly base: string
  readonly now: Date
  /** The day in Asia/Shanghai. */
  readonly today: string
  /** How readers reach the operator; empty if it is not set. */
  readonly contact: string
}

/** The view of a request: language by `?lang=`, the cookie, `Accept-Language`, else Chinese. */
export function viewOf(request: FastifyRequest, context: Pick<AppContext, 'config' | 'clock'>): View {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost')
  const isNamed = /^(zh|en)$/.test(searchParams.get('lang') ?? '')
  searchParams.delete('lang')
  const now = context.clock()
  return {
    language: pageLanguageOf(request),
    isNamed,
    path: pathname,
    parameters: searchParams,
    base: baseUrl(request, context.config),
    now,
    today: dayInShanghai(now),
    contact: context.config.QINGDAN_CONTACT,
  }
}

/** A view without a request, for problem pages and the documentation. */
export function plainView(language: Language, path = '/', parameters = new URLSearchParams()): View {
  const now = new Date(0)
  return { language, isNamed: true, path, parameters, base: '', now, today: '', contact: '' }
}

/** An address in the portal; parameters that are undefined or empty are left out. */
export function to(
  { language, isNamed }: Pick<View, 'language' | 'isNamed'>,
  path: string,
  parameters: Readonly<Record<string, string | undefined>> | URLSearchParams = {},
): string {
  const query = new URLSearchParams()
  const entries = parameters instanceof URLSearchParams ? [...parameters] : Object.entries(parameters)
  for (const [name, value] of entries) if (value !== undefined && value !== '') query.append(name, value)
  if (isNamed) query.append('lang', language)
  const [plain = '', fragment] = path.split('#')
  // Commas and colons need no escaping in a query (RFC 3986, section 3.4).
  const text = query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':')
  return `${plain}${text === '' ? '' : `?${text}`}${fragment === undefined ? '' : `#${fragment}`}`
}

/** The parameters of this page with some replaced, or removed where undefined. */
export function withParameters(
  { parameters }: Pick<View, 'parameters'>,
  changes: Readonly<Record<string, string | undefined>>,
): URLSearchParams {
  const changed = new URLSearchParams(parameters)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) changed.delete(name)
    else changed.set(name, value)
  }
  return changed
}

/** A text in the language of the page. */
export function inView({ language }: Pick<View, 'language'>, text: Bilingual): string {
  return text[language]
}

/** Several texts as one, separated as the language does. */
export function joined({ language }: Pick<View, 'language'>, texts: readonly string[]): string {
  return texts.join(language === 'zh' ? '、' : ', ')
}
