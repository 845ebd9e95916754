/** The actions about organizations (providers), groups (themes), tags (keywords) and licences. */
import { defined } from '../../platform/defined.ts'
import { type Action, action, cut, limit, offset, packagesOf } from './action.ts'
import {
  groupBody,
  licenceBodies,
  organizationBody,
  type PackageContext,
  packageBody,
  tagBody,
} from './bodies.ts'
import type { Package } from './catalogue.ts'
import { idOf } from './ids.ts'
import { flag, names, required, text, type Values } from './parameters.ts'
import { invalid, notFound } from './refusal.ts'

const allFields = flag('Whether to return objects instead of names.', 'true')

const members = {
  all_fields: allFields,
  limit,
  offset,
  sort: text('`name`, `title` or `package_count`, with `asc` or `desc`.', 'name asc'),
  order_by: text('An older name of `sort`: `name`, or `packages` for the largest first.', 'packages'),
}

export const groupActions: readonly Action[] = [
  action('organization_list', {
    summary: 'The providers of datasets',
    parameters: { ...members, organizations: names('Only organizations or groups of these names.') },
    run: async (values, request) => {
      const found = await packagesOf(request)
      return listOf(
        counted(found, ({ organization }) => [organization]),
        (code) => organizationBody(request.packageContext, code),
        values,
        values.organizations,
      )
    },
  }),
  action('organization_show', {
    summary: 'A provider of datasets',
    parameters: { id: required(text('UUID or name of the organization.')), ...showParameters() },
    run: async ({ id, include_datasets: isWhole = false }, request) => {
      const found = await packagesOf(request)
      const code = namedBy(
        counted(found, ({ organization }) => [organization]),
        'organization',
        id,
      )
      const own = found.filter(({ organization }) => organization === code)
      return show(request.packageContext, organizationBody(request.packageContext, code), own, isWhole)
    },
  }),
  action('group_list', {
    summary: 'The themes of datasets',
    parameters: { ...members, groups: names('Only organizations or groups of these names.') },
    run: async (values, request) => {
      const found = await packagesOf(request)
      return listOf(
        counted(found, ({ loaded }) => loaded.contract.themes),
        (code) => groupBody(request.packageContext, code),
        values,
        values.groups,
      )
    },
  }),
  action('group_show', {
    summary: 'A theme',
    parameters: { id: required(text('UUID or name of the group.')), ...showParameters() },
    run: async ({ id, include_datasets: isWhole = false }, request) => {
      const found = await packagesOf(request)
      const code = namedBy(
        counted(found, ({ loaded }) => loaded.contract.themes),
        'group',
        id,
      )
      const own = found.filter(({ loaded }) => loaded.contract.themes.includes(code))
      return show(request.packageContext, groupBody(request.packageContext, code), own, isWhole)
    },
  }),
  action('tag_list', {
    summary: 'The keywords of datasets',
    parameters: {
      query: text('Text that the tag must contain.'),
      all_fields: allFields,
      limit,
      offset,
    },
    run: async ({ query = '', all_fields: isWhole = false, ...page }, request) => {
      const tags = [...counted(await packagesOf(request), ({ tags: own }) => own).keys()]
      const found = tags.filter((tag) => tag.toLowerCase().includes(query.toLowerCase())).sort()
      return cut(found, page).map((tag) => (isWhole ? tagBody(tag) : tag))
    },
  }),
  action('tag_show', {
    summary: 'A keyword with its datasets',
    parameters: {
      id: required(text('UUID or name of the tag.')),
      include_datasets: flag('Whether to return its datasets as well.', 'true'),
    },
    run: async ({ id, include_datasets: isWhole = false }, request) => {
      const found = await packagesOf(request)
      const tag = found.flatMap(({ tags }) => tags).find((name) => name === id || idOf('tag', name) === id)
      if (tag === undefined) throw notFound(`Unknown tag \`${id.slice(0, 100)}\`.`)
      const own = found.filter(({ tags }) => tags.includes(tag))
      const packages = isWhole
        ? await Promise.all(own.map((of) => packageBody(request.packageContext, of)))
        : undefined
      return { ...tagBody(tag), ...defined({ packages }) }
    },
  }),
  action('license_list', {
    summary: 'The licences of datasets',
    parameters: {},
    run: async (_values, request) =>
      licenceBodies(await packagesOf(request), request.packageContext.language),
  }),
]

function counted(
  found: readonly Package[],
  codesOf: (of: Package) => readonly string[],
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const code of found.flatMap(codesOf)) counts.set(code, (counts.get(code) ?? 0) + 1)
  return counts
}

function namedBy(counts: ReadonlyMap<string, number>, kind: 'organization' | 'group', id: string): string {
  const code = [...counts.keys()].find((key) => key === id || idOf(kind, key) === id)
  if (code === undefined) throw notFound(`Unknown ${kind} \`${id.slice(0, 100)}\`.`)
  return code
}

function showParameters() {
  return {
    include_datasets: flag('Whether to return its datasets as well.', 'true'),
  }
}

async function show(
  packageContext: PackageContext,
  body: ReturnType<typeof organizationBody>,
  own: readonly Package[],
  isWhole: boolean,
) {
  const packages = isWhole ? await Promise.all(own.map((of) => packageBody(packageContext, of))) : undefined
  return { ...body, package_count: own.length, ...defined({ packages }) }
}

function listOf(
  counts: ReadonlyMap<string, number>,
  bodyOf: (code: string) => ReturnType<typeof organizationBody>,
  values: Values<typeof members>,
  only: readonly string[] | undefined,
) {
  const all = [...counts].map(([code, count]) => ({ ...bodyOf(code), package_count: count }))
  const own = all.filter(({ name }) => only === undefined || only.includes(name))
  const older = values.order_by === 'packages' ? 'package_count desc' : values.order_by
  const [, key = '', direction = 'asc'] =
    /^\s*(name|title|package_count)(?:\s+(asc|desc))?\s*$/i.exec(values.sort ?? older ?? 'name asc') ?? []
  if (key === '') throw invalid('sort', 'Must be name, title or package_count, with asc or desc')
  const by = key.toLowerCase() as 'name' | 'title' | 'package_count'
  const factor = direction.toLowerCase() === 'desc' ? -1 : 1
  const ordered = own.sort((a, b) => {
    if (a[by] !== b[by]) return a[by] < b[by] ? -factor : factor
    return a.name < b.name ? -1 : 1
  })
  return cut(ordered, values).map((body) => (values.all_fields === true ? body : body.name))
}
