/**
 * Chinese texts of the OpenAPI, found by the English text of the routes: a changed text has no translation,
 * and a test reports it. Titles of problems come from their own list.
 */
import { readFileSync } from 'node:fs'
import { packageFile } from '../../platform/package-root.ts'
import { problems } from '../../platform/problem.ts'
import { mapValues, type OpenapiDocument, type Paths } from './document-shape.ts'

/**
 * The document with tags, summaries and descriptions in Chinese; texts without a translation stay English. A
 * generator, so that a caller can build it in slices.
 */
export function* translate(document: OpenapiDocument): Generator<void, OpenapiDocument> {
  const catalogue = loadChinese()
  yield
  const inChinese = <T>(value: T): T => withTexts(value, (text) => chineseOf(text, catalogue) ?? text) as T
  const nameOf = (tag: string) => chineseTags[tag] ?? tag
  const { paths, ...others } = document
  const translated = inChinese(others)
  const translatedPaths: Record<string, Paths[string]> = {}
  for (const [path, methods] of Object.entries(paths)) {
    translatedPaths[path] = mapValues(inChinese(methods), (operation) => ({
      ...operation,
      tags: (operation.tags ?? []).map(nameOf),
    }))
    yield
  }
  return {
    ...translated,
    tags: (translated.tags ?? []).map((tag) => ({ ...tag, name: nameOf(String(tag['name'])) })),
    paths: translatedPaths,
  }
}

/** Tags of operations. Tags of datasets are slugs and are not translated. */
export const chineseTags: Chinese = {
  lists: '年度清单',
  catalogue: '目录',
  records: '记录',
  exchange: '数据交换',
  venues: '场地',
  bundles: '数据提交',
  publications: '发布',
  ckan: 'CKAN 接口',
  odata: 'OData 接口',
  mcp: '智能体接口',
  service: '服务',
}

/** Every English text of a document that readers see, each once. */
export function textsOf(document: unknown): readonly string[] {
  const found = new Set<string>()
  withTexts(document, (text) => {
    found.add(text)
    return text
  })
  return [...found]
}

/** The translation of a text; undefined if there is none. */
export function chineseOf(text: string, catalogue: Chinese): string | undefined {
  const known = catalogue[text]
  if (known !== undefined) return known
  const listed = [...text.matchAll(/(\d{3} )?`([a-z-]+)`: /g)].map(([, status = '', code = '']) =>
    isProblemCode(code) ? `${status}\`${code}\`：${problems[code].titleZh}。` : undefined,
  )
  return listed.length === 0 || listed.includes(undefined) ? undefined : listed.join('')
}

const isProblemCode = (code: string): code is keyof typeof problems => code in problems

type Chinese = Readonly<Record<string, string>>

let loaded: Chinese | undefined

/** The translations, read once, at the first request for a Chinese document. */
export function loadChinese(): Chinese {
  loaded ??= JSON.parse(readFileSync(packageFile('src/http/openapi/chinese.json'), 'utf8')) as Chinese
  return loaded
}

/** The value with all `summary` and `description` texts changed; fields with such names are skipped. */
function withTexts(value: unknown, change: (text: string) => string): unknown {
  if (Array.isArray(value)) return value.map((inner) => withTexts(inner, change))
  if (value === null || typeof value !== 'object') return value
  const members = Object.entries(value).map(([name, inner]) => [
    name,
    typeof inner === 'string' && (name === 'summary' || name === 'description')
      ? change(inner)
      : withTexts(inner, change),
  ])
  return Object.fromEntries(members)
}
