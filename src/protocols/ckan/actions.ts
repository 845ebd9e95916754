/** The supported actions of CKAN's API, one entry each. To add one, add an entry and its Chinese texts. */

import { countRead } from '../../contract/index.ts'
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
import { flag, json, names, natural, required, text, texts, words } from './parameters.ts'
import { invalid, notFound } from './refusal.ts'
import { rowsMax, searchPackages } from './search.ts'
import { searchResources, suggestPackages } from './suggestions.ts'

/** CKAN's version; some clients check it before they call an action. */
const ckanVersion = '2.10.0'

const service: readonly Action[] = [
  action('status_show', {
    summary: 'Name and version of this site',
    parameters: {},
    run: async (_values, { packageContext }) => ({
      ckan_version: ckanVersion,
      site_url: packageContext.context.config.QINGDAN_PUBLIC_URL,
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
    summary: 'Description of an action',
    parameters: { name: required(text('Name of the action.', 'package_show')) },
    run: async ({ name }) => {
      const { summary, parameters } = getAction(name)
      const about = Object.entries(parameters).map(([own, parameter]) => `:param ${own}: ${parameter.about}`)
      return [`${summary}.`, ...about].join('\n')
    },
  }),
]

const packages: readonly Action[] = [
  action('package_list', {
    summary: 'The names of all datasets',
    parameters: { limit, offset },
    run: async (values, request) => cut((await packagesOf(request)).map(nameOf), values),
  }),
  action('package_show', {
    summary: 'A dataset with its files',
    parameters: {
      id: required(text('UUID or name of the dataset.')),
    },
    run: async ({ id }, request) =>
      packageBody(request.packageContext, getPackage(await packagesOf(request), id)),
  }),
  action('current_package_list_with_resources', {
    summary: 'All datasets with their files, the most recently changed first',
    parameters: {
      limit: natural(`Number of datasets, at most ${rowsMax}, which is also the default.`, '10'),
      offset,
      page: natural('Page number of that size, from 1, instead of `offset`.', '1'),
    },
    run: async ({ limit: size = rowsMax, offset: start, page }, request) => {
      if (page === 0) throw invalid('page', 'Must be a natural number above 0')
      const rows = Math.min(size, rowsMax)
      const { results } = await searchPackages(
        request.packageContext,
        request.reader,
        await packagesOf(request),
        {
          ...everything,
          rows,
          start: start ?? (page === undefined ? 0 : (page - 1) * rows),
          sort: 'metadata_modified desc',
        },
      )
      return results
    },
  }),
  action('package_search', {
    summary: 'Datasets by words, fields and time ranges',
    parameters: {
      q: text('Words in Chinese or English, or `field:value` as in `fq`; `*:*` is everything.', '*:*'),
      fq: texts(
        "Filters in the subset of Solr's query language that harvesters use: `field:value`, phrases, ranges, AND, OR, NOT, brackets. " +
          'Clauses without an operator between them must all match.',
        'metadata_modified:[2020-01-01T00:00:00Z TO *]',
      ),
      fq_list: json('Further filters, a list of strings.', '["state:active"]'),
      rows: natural(`Datasets on a page, cut to ${rowsMax}; 10 if absent.`, '10'),
      start: natural('Number of items to skip.', '0'),
      sort: text('Fields with `asc` or `desc`, separated by commas.', 'metadata_modified desc, name asc'),
      facet: flag('Whether to count values.', 'true'),
      'facet.field': names(
        'The fields whose values are counted, as a JSON list.',
        '["organization","res_format"]',
      ),
      'facet.limit': natural('Most values per field; 50 if absent.', '50'),
      'facet.mincount': natural('The smallest count to include.', '1'),
      fl: names(
        'The fields of the results, separated by commas or as a JSON list; all if absent.',
        'name,title',
      ),
    },
    run: async (values, request) => {
      const list = values.fq_list ?? []
      const isList = Array.isArray(list) && list.every((item): item is string => typeof item === 'string')
      if (!isList) throw invalid('fq_list', 'Must be a list of strings')
      return searchPackages(request.packageContext, request.reader, await packagesOf(request), {
        q: values.q,
        fq: [...(values.fq ?? []), ...list],
        rows: values.rows,
        start: values.start,
        sort: values.sort,
        facetFields: values.facet === false ? [] : (values['facet.field'] ?? []),
        facetLimit: values['facet.limit'],
        facetMinimum: values['facet.mincount'],
        fl: values.fl,
      })
    },
  }),
  action('package_autocomplete', {
    summary: 'Datasets whose name or title contains a text',
    parameters: {
      q: required(text('The text.', '体质')),
      limit: natural('Number of items; 10 if absent.', '10'),
    },
    run: async ({ q, limit: size = 10 }, request) => suggestPackages(await packagesOf(request), q, size),
  }),
  action('resource_show', {
    summary: 'A file',
    parameters: { id: required(text('UUID of the resource.')) },
    run: async ({ id }, request) => {
      const { of, version, name } = getResource(await packagesOf(request), id)
      return resourceBody(request.packageContext, of, version, name)
    },
  }),
  action('resource_search', {
    summary: 'Files whose fields contain texts',
    parameters: {
      query: required(
        texts(
          '`field:text`, repeated for more fields: `name`, `description`, `format`, `hash`, `url`.',
          'format:csv',
        ),
      ),
      order_by: text('The field to sort by.', 'name'),
      limit,
      offset,
    },
    run: async (values, request) =>
      searchResources(request.packageContext, await packagesOf(request), values),
  }),
  action('resource_view_list', {
    summary: 'The views of a file: always none',
    parameters: { id: required(text('UUID of the resource.')) },
    run: async ({ id }, request) => {
      getResource(await packagesOf(request), id)
      return []
    },
  }),
]

const everything = {
  q: undefined,
  fq: [],
  facetFields: [],
  facetLimit: undefined,
  facetMinimum: undefined,
  fl: undefined,
}

const records: readonly Action[] = [
  action('datastore_search', {
    summary: 'Records of an edition or version',
    parameters: {
      resource_id: required(text('UUID of a CSV resource of an edition or a version.')),
      filters: json(
        'JSON object of fields and values; a list matches any of its values, null matches a missing value.',
        '{}',
      ),
      q: words(
        'Words that a record must contain, in any order; or a JSON object of fields and words. Case is ignored.',
      ),
      plain: flag('Whether `q` is plain words; only true is supported.', 'true'),
      distinct: flag('Whether to drop duplicate rows; only false is supported.', 'false'),
      fields: names(
        'The fields of the result, separated by commas or as a JSON list; all fields and `_id` if absent.',
        '_id',
      ),
      sort: text(
        'Indexed fields with `asc` or `desc`, separated by commas; `_id` is the order of the key.',
        '_id asc',
      ),
      limit: natural('Records in the result; 100 if absent, at most 10,000.', '100'),
      offset: natural('Number of items to skip.', '0'),
      include_total: flag('Whether to count all matching records; true if absent.', 'true'),
      total_estimation_threshold: natural('Has no effect: totals are always exact.'),
      records_format: text(`Format of the records: ${recordForms.join(', ')}.`, 'objects'),
    },
    nameOf: (path) => (path === 'select' ? 'fields' : path === 'sort' || path === 'q' ? path : 'filters'),
    run: async (values, request) => {
      if (values.plain === false) throw invalid('plain', 'Only true is supported: `q` is plain words')
      if (values.distinct === true) throw invalid('distinct', 'Only false is supported')
      const { records_format: formName = 'objects' } = values
      const form = recordForms.find((name) => name === formName)
      if (form === undefined) throw invalid('records_format', `Must be one of ${recordForms.join(', ')}`)
      const resource = getTable(await packagesOf(request), values.resource_id)
      const { filters, q, fields, sort } = values
      const table = {
        ...{ filters, q, fields, sort, form, id: values.resource_id, sent: textsOf(request.sent) },
        ...{ limit: values.limit, offset: values.offset, includeTotal: values.include_total ?? true },
      }
      const found = await searchTable(request.packageContext, resource, table, request.address)
      const { contract } = resource.of.loaded
      countRead(request.reader, contract, { versions: [resource.version], operation: 'datastore_search' })
      return new JsonText(found)
    },
  }),
  action('datastore_info', {
    summary: 'The fields and the number of records of a resource',
    parameters: { id: required(text('UUID of a CSV resource.')) },
    run: async ({ id }, request) =>
      describeTable(request.packageContext, getTable(await packagesOf(request), id)),
  }),
]

export const actions: readonly Action[] = [...service, ...packages, ...groupActions, ...records]

/** Finds an action by name. Throws `notFound` with the nearest name. */
export function getAction(name: string): Action {
  const found = actions.find((action) => action.name === name)
  if (found !== undefined) return found
  const nearest = nearestOf(name.slice(0, 100), actionNames)
  throw notFound(
    `Unknown action \`${name.slice(0, 100)}\`${nearest === undefined ? '.' : `; the nearest is \`${nearest}\`.`}`,
  )
}

export const actionNames: readonly string[] = actions.map(({ name }) => name)

/** Turns the parameters of a body into those of an address. */
function textsOf(sent: ActionRequest['sent']): Readonly<Record<string, string>> {
  const texts = Object.entries(sent).flatMap(([name, value]) => {
    if (value === undefined || value === null) return []
    return [[name, typeof value === 'string' ? value : JSON.stringify(value)] as const]
  })
  return Object.fromEntries(texts)
}
