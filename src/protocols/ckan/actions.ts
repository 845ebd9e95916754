/** The actions of CKAN's API that are spoken here, one entry each: adding one is an entry, and its texts in Chinese. */

import { noteRead } from '../../contract/index.ts'
import { nearestOf } from '../../http/index.ts'
import {
  type Action,
  type ActionRequest,
  action,
  cut,
  JsonText,
  limit,
  offset,
  packagesOf,
} from './action.ts'
import { packageBody, resourceBody } from './bodies.ts'
import { getPackage, getResource, getTable, nameOf } from './catalogue.ts'
import { describeTable, recordForms, searchTable } from './datastore.ts'
import { groupActions } from './group-actions.ts'
import { flag, json, names, natural, required, silent, text, texts, words } from './parameters.ts'
import { invalid, notFound } from './refusal.ts'
import { rowsMax, searchPackages } from './search.ts'

/** The software whose clients this is for; some look here before they ask. */
const ckanVersion = '2.10.0'

const service: readonly Action[] = [
  action('status_show', {
    summary: 'What this site is',
    parameters: {},
    run: async (_values, { desk }) => ({
      ckan_version: ckanVersion,
      site_url: desk.context.config.QINGDAN_PUBLIC_URL,
      site_title: 'Qingdan 清单',
      site_description: "Open data of a city's education authority",
      locale_default: 'zh_Hans_CN',
      error_emails_to: null,
      extensions: ['datastore'],
    }),
  }),
  action('site_read', {
    summary: 'Whether this site can be read',
    parameters: {},
    run: async () => true,
  }),
  action('help_show', {
    summary: 'What an action is for',
    parameters: { name: required(text('Name of the action.', 'package_show')) },
    run: async ({ name }) => {
      const { summary, parameters } = getAction(name)
      const about = Object.entries(parameters).map(([own, one]) => `:param ${own}: ${one.about}`)
      return [`${summary}.`, ...about].join('\n')
    },
  }),
]

const packages: readonly Action[] = [
  action('package_list', {
    summary: 'The names of all datasets',
    parameters: { limit, offset },
    run: async (values, asked) => cut((await packagesOf(asked)).map(nameOf), values),
  }),
  action('package_show', {
    summary: 'A dataset with its files',
    parameters: {
      id: required(text('UUID or name of the dataset.')),
      use_default_schema: silent('Makes no difference here.'),
      include_tracking: silent('Makes no difference here.'),
    },
    run: async ({ id }, asked) => packageBody(asked.desk, getPackage(await packagesOf(asked), id)),
  }),
  action('current_package_list_with_resources', {
    summary: 'All datasets with their files, the latest changed first',
    parameters: {
      limit: natural(`How many of them, at most ${rowsMax}, which is also the default.`, '10'),
      offset,
      page: natural('The page of so many, counted from 1, in place of an offset.', '1'),
    },
    run: async ({ limit: size = rowsMax, offset: start, page }, asked) => {
      if (page === 0) throw invalid('page', 'Must be a natural number above 0')
      const rows = Math.min(size, rowsMax)
      const { results } = await searchPackages(asked.desk, asked.reader, await packagesOf(asked), {
        ...everything,
        rows,
        start: start ?? (page === undefined ? 0 : (page - 1) * rows),
        sort: 'metadata_modified desc',
      })
      return results
    },
  }),
  action('package_search', {
    summary: 'Datasets by words, fields and windows of time',
    parameters: {
      q: text('Words in Chinese or English, or `field:value` as in `fq`; `*:*` is everything.', '*:*'),
      fq: texts(
        "Filters in the share of Solr's language that harvesters use: `field:value`, phrases, ranges, AND, OR, NOT, brackets. " +
          'All that stands side by side must be met.',
        'metadata_modified:[2020-01-01T00:00:00Z TO *]',
      ),
      fq_list: json('Further filters, a list of texts.', '["state:active"]'),
      rows: natural(`Datasets on a page, cut to ${rowsMax}; 10 if absent.`, '10'),
      start: natural('How many to leave out before.', '0'),
      sort: text('Fields with `asc` or `desc`, by commas.', 'metadata_modified desc, name asc'),
      facet: flag('Whether to count values.', 'true'),
      'facet.field': names(
        'The fields whose values are counted, a JSON list.',
        '["organization","res_format"]',
      ),
      'facet.limit': natural('Values of each field that are given; 50 if absent.', '50'),
      'facet.mincount': natural('The least count that is given.', '1'),
      include_drafts: silent('Makes no difference here: drafts are in no catalogue.'),
      include_private: silent('Makes no difference here: a key that may see more sees it anyway.'),
      include_deleted: silent('Makes no difference here: what is withdrawn is in no catalogue.'),
      use_default_schema: silent('Makes no difference here.'),
    },
    run: async (values, asked) => {
      const list = values.fq_list ?? []
      const isList = Array.isArray(list) && list.every((one): one is string => typeof one === 'string')
      if (!isList) throw invalid('fq_list', 'Must be a list of texts')
      return searchPackages(asked.desk, asked.reader, await packagesOf(asked), {
        q: values.q,
        fq: [...(values.fq ?? []), ...list],
        rows: values.rows,
        start: values.start,
        sort: values.sort,
        facetFields: values.facet === false ? [] : (values['facet.field'] ?? []),
        facetLimit: values['facet.limit'],
        facetMinimum: values['facet.mincount'],
      })
    },
  }),
  action('resource_show', {
    summary: 'A file',
    parameters: {
      id: required(text('UUID of the resource.')),
      include_tracking: silent('Makes no difference here.'),
    },
    run: async ({ id }, asked) => {
      const { of, version, name } = getResource(await packagesOf(asked), id)
      return resourceBody(asked.desk, of, version, name)
    },
  }),
]

const everything = {
  q: undefined,
  fq: [],
  facetFields: [],
  facetLimit: undefined,
  facetMinimum: undefined,
}

const records: readonly Action[] = [
  action('datastore_search', {
    summary: 'Records of an edition or version',
    parameters: {
      resource_id: required(text('UUID of a resource of the format CSV: of an edition, or of a version.')),
      filters: json(
        'JSON object of fields and values; of a list of values one must be met. null asks for none.',
        '{}',
      ),
      q: words(
        'Words that must be in a record, in any order; or a JSON object of fields and words. Case makes no difference.',
      ),
      plain: flag('Whether `q` is plain words: only that is spoken here.', 'true'),
      distinct: flag('Whether to leave out equal rows: not spoken here.', 'false'),
      fields: names(
        'The fields of the answer, with commas or as a JSON list; all, and `_id`, if absent.',
        '_id',
      ),
      sort: text('Indexed fields with `asc` or `desc`, by commas; `_id` is the order of the key.', '_id asc'),
      limit: natural('Records in the answer; 100 if absent, cut to 10,000.', '100'),
      offset: natural('How many to leave out before.', '0'),
      include_total: flag('Whether to count all that match; true if absent.', 'true'),
      total_estimation_threshold: natural('Makes no difference here: totals are counted.'),
      records_format: text(`How records are written: ${recordForms.join(', ')}.`, 'objects'),
    },
    nameOf: (path) => (path === 'select' ? 'fields' : path === 'sort' || path === 'q' ? path : 'filters'),
    run: async (values, asked) => {
      if (values.plain === false) throw invalid('plain', 'Only true is spoken here: `q` is plain words')
      if (values.distinct === true) throw invalid('distinct', 'Only false is spoken here')
      const { records_format: named = 'objects' } = values
      const form = recordForms.find((one) => one === named)
      if (form === undefined) throw invalid('records_format', `Must be one of ${recordForms.join(', ')}`)
      const resource = getTable(await packagesOf(asked), values.resource_id)
      const { filters, q, fields, sort } = values
      const table = {
        ...{ filters, q, fields, sort, form, id: values.resource_id, given: textsOf(asked.given) },
        ...{ limit: values.limit, offset: values.offset, includeTotal: values.include_total ?? true },
      }
      const found = await searchTable(asked.desk, resource, table, asked.address)
      const { contract } = resource.of.loaded
      noteRead(asked.reader, contract, { versions: [resource.version], operation: 'datastore_search' })
      return new JsonText(found)
    },
  }),
  action('datastore_info', {
    summary: 'The fields of a resource, and how many records it has',
    parameters: { id: required(text('UUID of a resource of the format CSV.')) },
    run: async ({ id }, asked) => describeTable(asked.desk, getTable(await packagesOf(asked), id)),
  }),
]

export const actions: readonly Action[] = [...service, ...packages, ...groupActions, ...records]

/** The action of a name. Throws `notFound`, with the nearest name that there is. */
export function getAction(name: string): Action {
  const found = actions.find((one) => one.name === name)
  if (found !== undefined) return found
  const nearest = nearestOf(name.slice(0, 100), actionNames)
  throw notFound(
    `No action \`${name.slice(0, 100)}\`${nearest === undefined ? '.' : `; the nearest is \`${nearest}\`.`}`,
  )
}

export const actionNames: readonly string[] = actions.map(({ name }) => name)

/** Parameters of an address, from those of a body. */
function textsOf(given: ActionRequest['given']): Readonly<Record<string, string>> {
  const texts = Object.entries(given).flatMap(([name, value]) => {
    if (value === undefined || value === null) return []
    return [[name, typeof value === 'string' ? value : JSON.stringify(value)] as const]
  })
  return Object.fromEntries(texts)
}
