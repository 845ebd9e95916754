/** The form of an explorer: editions, conditions by the contract's fields, order, columns, rows on a page. */
import { type Contract, type Contracts, codesOf, type Field } from '../../contract/index.ts'
import { sortableFields } from '../../records/index.ts'
import { Hidden } from '../components/search-form.tsx'
import { unitText } from '../components/words.tsx'
import type { Html } from '../html.tsx'
import { inView, to, type View } from '../view.ts'
import { pageLimits, type Question } from './question.ts'

/** Conditions shown at once; the others are folded. */
const shownMax = 8

interface FiltersParts {
  readonly contracts: Contracts
  readonly contract: Contract
  /** Names of the editions, the newest first. */
  readonly editions: readonly string[]
  readonly question: Question
  readonly view: View
}

export function Filters(parts: FiltersParts): Html {
  const { contract, view, question } = parts
  const text = texts[view.language]
  const [shown, folded] = split(contract)
  const isSet = (field: Field) =>
    Object.keys(question.parameters).some((name) => name.split('__')[0] === field.name)
  return (
    <form class="filters" method="get" action={view.path}>
      <Hidden view={view} values={unshown(parts)} />
      <div class="fields">
        <Edition {...parts} />
        {shown.map((field) => (
          <Condition key={field.name} field={field} {...parts} />
        ))}
      </div>
      {folded.length > 0 && (
        <details open={folded.some(isSet)}>
          <summary>{text.more}</summary>
          <div class="fields">
            {folded.map((field) => (
              <Condition key={field.name} field={field} {...parts} />
            ))}
          </div>
        </details>
      )}
      <Columns {...parts} />
      <div class="fields">
        <Order {...parts} />
        <div>
          <label for="limit">{text.limit}</label>
          <select id="limit" name="limit">
            {pageLimits.map((limit) => (
              <option key={limit} value={limit} selected={limit === question.limit}>
                {limit}
              </option>
            ))}
          </select>
        </div>
      </div>
      <div class="submit">
        <button type="submit">{text.show}</button>
        <a href={to(view, view.path)}>{text.clear}</a>
      </div>
    </form>
  )
}

/** Fields that people choose by come first. A status and free texts are folded. */
function split({ fields, primaryKey }: Contract): readonly [readonly Field[], readonly Field[]] {
  const rank = ({ name, codes, role }: Field) =>
    codes !== undefined && role !== 'status' ? 0 : role === 'count' || primaryKey.includes(name) ? 1 : 2
  const ordered = [...fields].sort((a, b) => rank(a) - rank(b))
  return [ordered.slice(0, shownMax), ordered.slice(shownMax)]
}

/** The parameters that a field's inputs send. */
function inputsOf({ name, type, codes }: Field): readonly string[] {
  if (codes !== undefined || type === 'boolean') return [name]
  if (type === 'string') return [`${name}__contains`]
  if (type === 'list') return [name]
  return [`${name}__gte`, `${name}__lte`]
}

/** Conditions of the address for which the form has no input. They stay as they are. */
function unshown({ contract, question }: FiltersParts): readonly (readonly [string, string])[] {
  const own = new Set([...contract.fields.flatMap(inputsOf), 'edition', 'sort', 'select'])
  return Object.entries(question.parameters).filter(([name]) => !own.has(name))
}

function Edition({ editions, question, view }: FiltersParts): Html {
  const text = texts[view.language]
  return (
    <div>
      <label for="edition">{text.edition}</label>
      <select id="edition" name="edition">
        <option value="">{text.latest}</option>
        {editions.map((name) => (
          <option key={name} value={name} selected={question.parameters['edition'] === name}>
            {name}
          </option>
        ))}
        {editions.length > 1 && (
          <option value="all" selected={question.parameters['edition'] === 'all'}>
            {text.allEditions}
          </option>
        )}
      </select>
    </div>
  )
}

interface ConditionParts extends FiltersParts {
  readonly field: Field
}

function Condition({ contracts, field, question, view }: ConditionParts): Html {
  const text = texts[view.language]
  const { name, type, unit } = field
  const title = inView(view, field.title)
  const label = unit === undefined ? title : `${title} (${unitText(unit, view.language)})`
  const [first = name, last] = inputsOf(field)
  const value = (input: string) => question.parameters[input] ?? ''
  const id = `f-${name}`
  const codes = codesOf(contracts, field)
  if (codes !== undefined || type === 'boolean') {
    const options =
      codes?.map(({ code, label: meaning }) => [code, inView(view, meaning)] as const) ??
      (['true', 'false'] as const).map((flag) => [flag, text.flags[flag]] as const)
    return (
      <div>
        <label for={id}>{label}</label>
        <select id={id} name={first}>
          <option value="">{text.any}</option>
          {options.map(([code, meaning]) => (
            <option key={code} value={code} selected={value(first) === code}>
              {meaning}
            </option>
          ))}
        </select>
      </div>
    )
  }
  if (last === undefined) {
    return (
      <div>
        <label for={id}>{type === 'list' ? label : text.contains(label)}</label>
        <input id={id} name={first} value={value(first)} maxLength={200} />
      </div>
    )
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would break the grid
    <div role="group" aria-labelledby={id}>
      <span class="label" id={id}>
        {label}
      </span>
      <div class="pair">
        <Bound field={field} name={first} value={value(first)} label={`${label} ≥`} />
        <span aria-hidden="true">–</span>
        <Bound field={field} name={last} value={value(last)} label={`${label} ≤`} />
      </div>
    </div>
  )
}

interface BoundParts {
  readonly field: Field
  readonly name: string
  readonly value: string
  readonly label: string
}

/** One end of a range. */
function Bound({ field: { type }, name, value, label }: BoundParts): Html {
  if (type === 'date') return <input type="date" name={name} value={value} aria-label={label} />
  if (type === 'time') return <input type="time" name={name} value={value} aria-label={label} />
  const mode = type === 'integer' ? 'numeric' : type === 'number' ? 'decimal' : undefined
  return <input type="text" inputMode={mode} name={name} value={value} aria-label={label} />
}

function Columns({ contract, question, view }: FiltersParts): Html {
  const text = texts[view.language]
  const chosen = question.parameters['select']?.split(',')
  return (
    <details>
      <summary>
        {text.columns}
        {chosen !== undefined && ` (${chosen.length}/${contract.fields.length})`}
      </summary>
      <fieldset>
        <legend class="unseen">{text.columns}</legend>
        <div class="checks">
          {contract.fields.map(({ name, title }) => (
            <label key={name}>
              <input
                type="checkbox"
                name="column"
                value={name}
                checked={chosen === undefined ? false : chosen.includes(name)}
              />{' '}
              {inView(view, title)}
            </label>
          ))}
        </div>
        <p class="faint">{text.noColumns}</p>
      </fieldset>
    </details>
  )
}

function Order({ contract, question, view }: FiltersParts): Html {
  const text = texts[view.language]
  const sort = question.parameters['sort'] ?? ''
  const options = sortableFields(contract).flatMap(({ name, title }) => [
    [name, `${inView(view, title)} ${text.ascending}`] as const,
    [`-${name}`, `${inView(view, title)} ${text.descending}`] as const,
  ])
  const isOther = sort !== '' && !options.some(([name]) => name === sort)
  return (
    <div>
      <label for="sort">{text.sort}</label>
      <select id="sort" name="sort">
        <option value="">{text.natural}</option>
        {isOther && (
          <option value={sort} selected>
            {sort}
          </option>
        )}
        {options.map(([name, title]) => (
          <option key={name} value={name} selected={name === sort}>
            {title}
          </option>
        ))}
      </select>
    </div>
  )
}

const texts = {
  zh: {
    more: '更多条件',
    edition: '期次',
    latest: '最新一期',
    allEditions: '全部各期',
    any: '不限',
    flags: { true: '是', false: '否' },
    contains: (label: string) => `${label}（包含）`,
    columns: '选择列',
    noColumns: '未勾选时显示全部列。',
    sort: '排序',
    natural: '默认顺序',
    ascending: '升序',
    descending: '降序',
    limit: '每页行数',
    show: '查询',
    clear: '清除条件',
  },
  en: {
    more: 'More conditions',
    edition: 'Edition',
    latest: 'Latest',
    allEditions: 'All editions',
    any: 'Any',
    flags: { true: 'yes', false: 'no' },
    contains: (label: string) => `${label} contains`,
    columns: 'Columns',
    noColumns: 'All columns if none is checked.',
    sort: 'Order',
    natural: 'As published',
    ascending: '(ascending)',
    descending: '(descending)',
    limit: 'Rows on a page',
    show: 'Show',
    clear: 'Clear',
  },
} as const
