/**
 * OpenAPI of the aggregates of one dataset: what can be grouped, measured and filtered, and the schema of a
 * group. Pure. It lists what `planAggregate` accepts. A dataset that offers no aggregates has no such routes.
 */

import {
  type AggregateOffer,
  type Contract,
  type Contracts,
  type Field,
  fieldSchema,
  getField,
  statusField,
  withheldFields,
} from '../../contract/index.ts'
import { type Bilingual, inLanguage, type Language } from '../../platform/language.ts'
import {
  type DescribedParameter,
  type DescribeOptions,
  describeFilters,
  listOf,
} from '../query/parameters.ts'
import { editionField, measuresOffered, planMeasures } from './columns.ts'
import { parseAggregate } from './query.ts'
import { measureColumns } from './sql.ts'

type Json = Readonly<Record<string, unknown>>

/** What the aggregate routes accept for one dataset, and the group that they return. */
export const aggregatePart = {
  segment: 'aggregate',
  answers: ({ aggregate }: Contract): boolean => aggregate !== undefined,
  parameters: (contract: Contract, options: DescribeOptions): readonly DescribedParameter[] => {
    const offer = offerOf(contract)
    const groups = [...offer.groupBy, editionField.name]
    const names = [...groups, ...measureFields(contract, offer).map(({ name }) => name)]
    return [
      listOf('group_by', groups),
      listOf('measures', measuresOffered(offer)),
      // Sorting is by columns of the response, and only `count` is in every one.
      listOf('sort', ['count', '-count', ...names.flatMap((name) => [name, `-${name}`])]),
      ...describeFilters(withoutWithheld(contract, options.contracts), options).map((parameter) =>
        withoutTotals(parameter, offer),
      ),
    ]
  },
  schemas: {
    Group: (contract: Contract, options: DescribeOptions): Json => groupSchema(contract, options),
  },
} as const

function offerOf({ aggregate }: Contract): AggregateOffer {
  return aggregate ?? { groupBy: [] }
}

/** The contract without the fields that may be withheld, on which filters are refused. */
function withoutWithheld(contract: Contract, contracts: Contracts): Contract {
  const all = contracts.versions(contract.dataset).map((loaded) => loaded.contract)
  const withheld = new Set([contract, ...all].flatMap((one) => [...withheldFields(one), statusField(one)]))
  return { ...contract, fields: contract.fields.filter(({ name }) => !withheld.has(name)) }
}

/**
 * A filter on a pinned field is accepted alone if it leaves one code. With any other operator the query must
 * also group by the field, so the example of such a filter alone would be refused and is removed.
 */
function withoutTotals(parameter: DescribedParameter, { pinned = [] }: AggregateOffer): DescribedParameter {
  const [field, operator] = parameter.name.split('__')
  const isPinned = pinned.some((one) => one.field === field)
  if (!isPinned || operator === undefined || operator === 'in' || operator === 'label') return parameter
  const { examples: _examples, ...schema } = parameter.schema
  return { ...parameter, schema }
}

/** The columns of all offered measures. */
function measureFields(contract: Contract, offer: AggregateOffer): readonly Field[] {
  const offered = offer.measures ?? []
  const measures = offered.flatMap(({ field, functions }) => functions.map((name) => ({ name, field })))
  const query = { ...parseAggregate({}), measures }
  return planMeasures(query, contract, offer).flatMap(measureColumns)
}

/** One group: every field to group by and every offered measure; a response has the requested ones. */
function groupSchema(contract: Contract, { contracts, language, codes }: DescribeOptions): Json {
  const offer = offerOf(contract)
  const options: { readonly codes: typeof codes; readonly language?: Language } =
    language === undefined ? { codes } : { codes, language }
  const groups = [editionField, ...offer.groupBy.map((name) => getField(contract, name))]
  const columns = [...groups, ...measureFields(contract, offer)]
  return {
    type: 'object',
    properties: {
      ...Object.fromEntries(
        columns.map((field) => [field.name, fieldSchema(field, contracts, true, options)]),
      ),
      count: { type: 'integer', minimum: 0, description: inLanguage(texts.count, language) },
      suppressed: {
        type: 'array',
        items: { type: 'string' },
        description: inLanguage(texts.suppressed, language),
      },
    },
    required: ['suppressed'],
    additionalProperties: false,
  }
}

const texts = {
  count: {
    zh: '该组的记录数，含取值被隐去的记录。',
    en: 'Number of records in the group, those with withheld values included.',
  },
  suppressed: {
    zh: '因组内有记录的取值被隐去而为 null 的度量。',
    en: 'Measures that are null because a value of a record in the group is withheld.',
  },
} as const satisfies Record<string, Bilingual>
