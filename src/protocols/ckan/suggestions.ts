/** `package_autocomplete` and `resource_search`: plain texts in names and titles, case ignored. */
import { type PackageContext, packageResources } from './bodies.ts'
import { nameOf, type Package } from './catalogue.ts'
import { invalid } from './refusal.ts'

/** The packages whose name or title contains a text, by name. */
export function suggestPackages(packages: readonly Package[], text: string, limit: number) {
  const wanted = text.toLowerCase()
  const found = packages.flatMap((of) => {
    const { title } = of.loaded.contract
    const titles = [title.zh, title.en].map((value) => ['title', value] as const)
    const match = [['name', nameOf(of)] as const, ...titles].find(([, value]) =>
      value.toLowerCase().includes(wanted),
    )
    if (match === undefined) return []
    const [field, value] = match
    return [
      { name: nameOf(of), title: title.zh, match_field: field, match_displayed: `${value} (${nameOf(of)})` },
    ]
  })
  return found.slice(0, limit)
}

const searched = ['name', 'description', 'format', 'hash', 'url'] as const

type Searched = (typeof searched)[number]

interface ResourceSearch {
  readonly query: readonly string[]
  readonly order_by: string | undefined
  readonly limit: number | undefined
  readonly offset: number | undefined
}

/** The files that contain every text in its field. Throws `invalid` for an unknown field. */
export async function searchResources(
  packageContext: PackageContext,
  packages: readonly Package[],
  { query, order_by: by, limit, offset = 0 }: ResourceSearch,
) {
  const terms = query.map((term) => {
    const [, name = '', text = ''] = /^([^:]*):(.*)$/s.exec(term) ?? []
    return { field: fieldNamed(name, 'query'), text: text.toLowerCase() }
  })
  const key = by === undefined ? undefined : fieldNamed(by, 'order_by')
  const all = (await Promise.all(packages.map((of) => packageResources(packageContext, of)))).flat()
  const found = all.filter((resource) =>
    terms.every(({ field, text }) => resource[field].toLowerCase().includes(text)),
  )
  if (key !== undefined) found.sort((a, b) => (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : 0))
  return {
    count: found.length,
    results: found.slice(offset, limit === undefined ? undefined : offset + limit),
  }
}

function fieldNamed(name: string, parameter: string): Searched {
  const found = searched.find((field) => field === name)
  if (found !== undefined) return found
  throw invalid(parameter, `Expected \`field:text\` with a field of ${searched.join(', ')}`)
}
