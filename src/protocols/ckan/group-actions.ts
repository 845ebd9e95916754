/** The actions about those who answer for datasets, their themes, keywords and licences. */
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
import { flag, names, required, silent, text, type Values } from './parameters.ts'
import { invalid, notFound } from './refusal.ts'

const allFields = flag('Whether to give objects rather than names.', 'true')

const members = {
  all_fields: allFields,
  limit,
  offset,
  sort: text('`name`, `title` or `package_count`, with `asc` or `desc`.', 'name asc'),
  include_dataset_count: silent('Makes no difference here: counts are always given.'),
}

export const groupActions: readonly Action[] = [
  action('organization_list', {
    summary: 'Those who answer for datasets',
    parameters: { ...members, organizations: names('Names to which the list is confined.') },
    run: async (values, asked) => {
      const found = await packagesOf(asked)
      return listed(
        counted(found, ({ organization }) => [organization]),
        (code) => organizationBody(asked.desk, code),
        values,
        values.organizations,
      )
    },
  }),
  action('organization_show', {
    summary: 'One who answers for datasets',
    parameters: { id: required(text('UUID or name of the organization.')), ...shown() },
    run: async ({ id, include_datasets: isWhole = false }, asked) => {
      const found = await packagesOf(asked)
      const code = namedBy(
        counted(found, ({ organization }) => [organization]),
        'organization',
        id,
      )
      const own = found.filter(({ organization }) => organization === code)
      return show(asked.desk, organizationBody(asked.desk, code), own, isWhole)
    },
  }),
  action('group_list', {
    summary: 'The themes of datasets',
    parameters: { ...members, groups: names('Names to which the list is confined.') },
    run: async (values, asked) => {
      const found = await packagesOf(asked)
      return listed(
        counted(found, ({ loaded }) => loaded.contract.themes),
        (code) => groupBody(asked.desk, code),
        values,
        values.groups,
      )
    },
  }),
  action('group_show', {
    summary: 'A theme',
    parameters: { id: required(text('UUID or name of the group.')), ...shown() },
    run: async ({ id, include_datasets: isWhole = false }, asked) => {
      const found = await packagesOf(asked)
      const code = namedBy(
        counted(found, ({ loaded }) => loaded.contract.themes),
        'group',
        id,
      )
      const own = found.filter(({ loaded }) => loaded.contract.themes.includes(code))
      return show(asked.desk, groupBody(asked.desk, code), own, isWhole)
    },
  }),
  action('tag_list', {
    summary: 'The keywords of datasets',
    parameters: {
      query: text('A piece that must be in the tag.'),
      all_fields: allFields,
      limit,
      offset,
    },
    run: async ({ query = '', all_fields: isWhole = false, ...page }, asked) => {
      const tags = [...counted(await packagesOf(asked), ({ tags: own }) => own).keys()]
      const found = tags.filter((tag) => tag.toLowerCase().includes(query.toLowerCase())).sort()
      return cut(found, page).map((tag) => (isWhole ? tagBody(tag) : tag))
    },
  }),
  action('license_list', {
    summary: 'The licences of datasets',
    parameters: {},
    run: async (_values, asked) => licenceBodies(await packagesOf(asked), asked.desk.language),
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
  const code = [...counts.keys()].find((one) => one === id || idOf(kind, one) === id)
  if (code === undefined) throw notFound(`No ${kind} \`${id.slice(0, 100)}\`.`)
  return code
}

function shown() {
  return {
    include_datasets: flag('Whether to give its datasets as well.', 'true'),
    include_dataset_count: silent('Makes no difference here: counts are always given.'),
    include_extras: silent('Makes no difference here.'),
    include_users: silent('Makes no difference here: those who work with a key are nobody to show.'),
    include_groups: silent('Makes no difference here.'),
    include_tags: silent('Makes no difference here.'),
    include_followers: silent('Makes no difference here.'),
  }
}

async function show(
  desk: PackageContext,
  body: ReturnType<typeof organizationBody>,
  own: readonly Package[],
  isWhole: boolean,
) {
  const packages = isWhole ? await Promise.all(own.map((of) => packageBody(desk, of))) : undefined
  return { ...body, package_count: own.length, ...(packages === undefined ? {} : { packages }) }
}

function listed(
  counts: ReadonlyMap<string, number>,
  bodyOf: (code: string) => ReturnType<typeof organizationBody>,
  values: Values<typeof members>,
  confined: readonly string[] | undefined,
) {
  const all = [...counts].map(([code, count]) => ({ ...bodyOf(code), package_count: count }))
  const own = all.filter(({ name }) => confined === undefined || confined.includes(name))
  const [, key = '', direction = 'asc'] =
    /^\s*(name|title|package_count)(?:\s+(asc|desc))?\s*$/i.exec(values.sort ?? 'name asc') ?? []
  if (key === '') throw invalid('sort', 'Must be name, title or package_count, with asc or desc')
  const by = key.toLowerCase() as 'name' | 'title' | 'package_count'
  const sign = direction.toLowerCase() === 'desc' ? -1 : 1
  const ordered = own.sort((a, b) => {
    if (a[by] !== b[by]) return a[by] < b[by] ? -sign : sign
    return a.name < b.name ? -1 : 1
  })
  return cut(ordered, values).map((body) => (values.all_fields === true ? body : body.name))
}
