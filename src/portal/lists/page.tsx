/** The page of an annual list: counts, filters, the items, progress by provider, what the rates count. */

import type { AnnualList } from '../../annual-lists/index.ts'
import { Scroll } from '../components/scroll.tsx'
import { Hidden } from '../components/search-form.tsx'
import { Badge, itemStates, number, percent, StateBar, stateText } from '../components/words.tsx'
import type { Html } from '../html.tsx'
import { page } from '../layout.tsx'
import { to, type View, withParameters } from '../view.ts'
import { type Difference, DifferenceSection } from './difference.tsx'
import type { ListPage } from './find-list.ts'
import { ItemsTable } from './items-table.tsx'

interface ListParts extends ListPage {
  readonly isSynthetic: boolean
  readonly difference: Difference | undefined
}

export function renderList(parts: ListParts, view: View): string {
  const { list, isSynthetic } = parts
  const text = texts[view.language]
  const self = `/v1/lists/${list.year}`
  return page(view, {
    title: text.title(list.year),
    description: text.about,
    crumbs: [{ text: text.lists, href: to(view, '/lists') }],
    alternates: [
      { href: self, type: 'application/json' },
      { href: `${self}.csv`, type: 'text/csv' },
      { href: `/lists/${list.year}/calendar.ics`, type: 'text/calendar' },
    ],
    main: (
      <>
        <section class="lead">
          <h1>
            {text.title(list.year)} {isSynthetic && <Badge language={view.language} />}
          </h1>
          <p>{text.about}</p>
          <Counts list={list} view={view} />
          <p>{text.rates(percent(list.rates.completion), percent(list.rates.onTime))}</p>
          <Years parts={parts} view={view} />
        </section>
        <section aria-labelledby="items">
          <h2 id="items">{text.items}</h2>
          <Filters parts={parts} view={view} />
          <p role="status">{text.shown(number(parts.items.length), number(parts.total))}</p>
          <ItemsTable items={parts.items} view={view} />
        </section>
        <Providers list={list} view={view} />
        <Downloads year={list.year} view={view} />
        {parts.difference !== undefined && (
          <DifferenceSection year={list.year} difference={parts.difference} view={view} />
        )}
        <section aria-labelledby="rates">
          <h2 id="rates">{text.ratesTitle}</h2>
          <ul>
            {text.counting.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </section>
      </>
    ),
  })
}

/** The counts by state; each leads to its items. */
function Counts({ list, view }: { readonly list: AnnualList; readonly view: View }): Html {
  const { states } = list.rates
  return (
    <>
      <ul class="figures">
        {itemStates
          .filter((state) => state !== 'withdrawn' || states.withdrawn > 0)
          .map((state) => (
            <li key={state}>
              <a class={state} href={to(view, `/lists/${list.year}#items`, { state })}>
                <strong>{number(states[state])}</strong>
                {stateText(state, view.language)}
              </a>
            </li>
          ))}
      </ul>
      <p>
        <StateBar counts={states} />
      </p>
    </>
  )
}

function Years({ parts, view }: { readonly parts: ListParts; readonly view: View }): Html | undefined {
  const others = parts.years.filter((year) => year !== parts.list.year)
  if (others.length === 0) return undefined
  return (
    <p class="links">
      {texts[view.language].otherYears}
      {others.map((year) => (
        <a key={year} href={to(view, `/lists/${year}`)}>
          {year}
        </a>
      ))}
    </p>
  )
}

function Filters({ parts, view }: { readonly parts: ListParts; readonly view: View }): Html {
  const { list, filter } = parts
  const text = texts[view.language]
  const path = `/lists/${list.year}`
  const options = (name: 'state' | 'provider' | 'theme', values: readonly (readonly [string, string])[]) => (
    <div>
      <label for={name}>{text[name]}</label>
      <select id={name} name={name}>
        <option value="">{text.all}</option>
        {values.map(([value, label]) => (
          <option key={value} value={value} selected={filter[name] === value}>
            {label}
          </option>
        ))}
      </select>
    </div>
  )
  return (
    <form class="filters" method="get" action={`${path}#items`}>
      <Hidden view={view} />
      <div class="fields">
        {options(
          'state',
          itemStates.map((state) => [state, stateText(state, view.language)]),
        )}
        {options(
          'provider',
          list.byProvider.map(({ of }) => [of, of]),
        )}
        {options(
          'theme',
          list.byTheme.map(({ of }) => [of, of]),
        )}
        <div>
          <label for="item-text">{text.words}</label>
          <input id="item-text" name="q" value={filter.q ?? ''} maxLength={200} />
        </div>
      </div>
      <div class="submit">
        <button type="submit">{text.show}</button>
        <a href={to(view, `${path}#items`)}>{text.clear}</a>
      </div>
    </form>
  )
}

/** Progress by provider, drawn and in numbers. */
function Providers({ list, view }: { readonly list: AnnualList; readonly view: View }): Html {
  const text = texts[view.language]
  return (
    <section aria-labelledby="providers">
      <h2 id="providers">{text.byProvider}</h2>
      <Scroll labelledBy="providers">
        <table>
          <thead>
            <tr>
              <th scope="col">{text.provider}</th>
              <th scope="col">{text.progress}</th>
              {itemStates.map((state) => (
                <th key={state} scope="col" class="number">
                  {stateText(state, view.language)}
                </th>
              ))}
              <th scope="col" class="number">
                {text.onTime}
              </th>
            </tr>
          </thead>
          <tbody>
            {list.byProvider.map(({ of, rates }) => (
              <tr key={of}>
                <th scope="row" class="text">
                  <a href={to(view, `/lists/${list.year}#items`, { provider: of })}>{of}</a>
                </th>
                <td>
                  <StateBar counts={rates.states} />
                </td>
                {itemStates.map((state) => (
                  <td key={state} class="number">
                    {number(rates.states[state])}
                  </td>
                ))}
                <td class="number">{percent(rates.onTime)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  )
}

function Downloads({ year, view }: { readonly year: string; readonly view: View }): Html {
  const text = texts[view.language]
  const self = `/v1/lists/${year}`
  const query = withParameters(view, {
    state: undefined,
    provider: undefined,
    theme: undefined,
    q: undefined,
  })
  query.set('variant', 'excel')
  return (
    <section aria-labelledby="downloads">
      <h2 id="downloads">{text.downloads}</h2>
      <p class="links">
        <a href={`${self}.xlsx`}>Excel</a>
        <a href={`${self}.csv?variant=excel&lang=${view.language}`}>{text.csvExcel}</a>
        <a href={`${self}.csv`}>CSV</a>
        <a href={self}>JSON</a>
        <a href={`/lists/${year}/calendar.ics?lang=${view.language}`}>{text.calendar}</a>
      </p>
      <p class="faint">{text.calendarAbout}</p>
    </section>
  )
}

const texts = {
  zh: {
    lists: '开放清单',
    title: (year: string) => `${year} 年数据开放清单`,
    about: '清单所列各项数据的提供部门、应开放日期和落实情况。状态由实际发布情况得出，不由人工填报。',
    rates: (completion: string, onTime: string) => `已开放 ${completion}，按时率 ${onTime}。`,
    otherYears: '其他年度：',
    items: '清单事项',
    state: '落实情况',
    provider: '提供部门',
    theme: '领域',
    words: '名称或编号',
    all: '全部',
    show: '筛选',
    clear: '清除条件',
    shown: (shown: string, total: string) => `共 ${total} 项，符合条件 ${shown} 项。`,
    byProvider: '各部门落实情况',
    progress: '进度',
    onTime: '按时率',
    downloads: '下载',
    csvExcel: 'CSV（Excel 可直接打开）',
    calendar: '应开放日期日历（.ics）',
    calendarAbout: '日历可订阅到手机或 Outlook；尚未开放的事项在应开放日期显示。',
    ratesTitle: '比率的计算口径',
    counting: [
      '已开放：清单上已发布数据的事项（不论是否按时）占清单现有事项的比例。',
      '按时率：截至今日应开放的事项中，在最初应开放日期当天或之前发布的比例。',
      '是否按时以最初的应开放日期为准；推迟日期不会使逾期变为按时。',
      '应开放日期当天按上海时间计算，当天发布算按时。',
      '数据发布后又全部撤回且没有新版本的，按未开放计算。',
      '已移出清单的事项不计入已开放比例；移出时已逾期的，仍计入按时率。',
      '多个部门共同提供的事项，在每个部门各计一次，在总数中计一次。',
    ],
  },
  en: {
    lists: 'Annual list',
    title: (year: string) => `Open data list of ${year}`,
    about:
      'Who promised which data by when, and whether they are open. States follow from what was published; nobody fills them in.',
    rates: (completion: string, onTime: string) => `${completion} open, ${onTime} on time.`,
    otherYears: 'Other years:',
    items: 'Items',
    state: 'State',
    provider: 'Department',
    theme: 'Theme',
    words: 'Name or number',
    all: 'All',
    show: 'Filter',
    clear: 'Clear',
    shown: (shown: string, total: string) => `${shown} of ${total} items.`,
    byProvider: 'Progress by department',
    progress: 'Progress',
    onTime: 'On time',
    downloads: 'Downloads',
    csvExcel: 'CSV for Excel',
    calendar: 'Calendar of due days (.ics)',
    calendarAbout:
      'Subscribe to it on a telephone or in Outlook. It shows what is not open yet on its due day.',
    ratesTitle: 'What the rates count',
    counting: [
      'Open: items on the list whose data are published, on time or late, as a share of the items on the list.',
      'On time: of the items due by today, the share that was published by the first due day.',
      'The first due day counts: moving a day does not turn late into on time.',
      'Days are days in Shanghai, and publication on the due day is on time.',
      'Data that were withdrawn without a new version count as not open.',
      'Items that left the list do not count as open or not; those that were overdue then still count for “on time”.',
      'An item of several departments counts once for each of them, and once in the total.',
    ],
  },
} as const
