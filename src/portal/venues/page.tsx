/** The page of venues: what is open now or at a chosen moment, as a list and a map. */
import { type Contracts, listCodes } from '../../contract/index.ts'
import { Hidden } from '../components/search-form.tsx'
import { number } from '../components/words.tsx'
import type { Html } from '../html.tsx'
import { page } from '../layout.tsx'
import { inView, joined, to, type View } from '../view.ts'
import type { OpenPage, OpenVenue } from './find-open.ts'
import { VenueMap } from './map.tsx'
import { feeText, labelOfCode } from './venue-words.ts'

interface PageParts {
  readonly content: OpenPage
  readonly contracts: Contracts
  readonly view: View
}

export function renderVenues(parts: PageParts): string {
  const { content, contracts, view } = parts
  const text = texts[view.language]
  const { question, venues, open, matched, basis, href } = content
  const districts = new Map(
    listCodes(contracts, 'districts').map(({ code, label }) => [code, inView(view, label)]),
  )
  const moment = question.isNow ? text.now(question.time) : `${question.day} ${question.time}`
  return page(view, {
    title: text.title,
    description: text.about,
    alternates: [{ href, type: 'application/json' }],
    scripts: ['/assets/near.js'],
    main: (
      <>
        <section class="lead">
          <h1>{text.title}</h1>
          <p>{text.about}</p>
        </section>
        <Question {...parts} districts={districts} />
        <p role="status">{text.found(moment, number(open), number(matched))}</p>
        <div class="beside">
          <section aria-labelledby="list">
            <h2 id="list">{question.shows === 'open' ? text.openThen : text.all}</h2>
            <p>
              <button
                type="button"
                class="plain"
                id="near"
                hidden
                data-refused={text.refused}
                data-metres={text.metres}
              >
                {text.near}
              </button>{' '}
              <span id="near-status" role="status" />
            </p>
            {venues.length === 0 && <p>{text.none}</p>}
            <ol class="venues" id="venues">
              {venues.map((venue) => (
                <Venue key={venue.id} venue={venue} contracts={contracts} districts={districts} view={view} />
              ))}
            </ol>
          </section>
          <VenueMap venues={venues} districts={districts} view={view} />
        </div>
        <Basis basis={basis} href={href} view={view} />
      </>
    ),
  })
}

interface QuestionParts extends PageParts {
  readonly districts: ReadonlyMap<string, string>
}

function Question({ content, contracts, view, districts }: QuestionParts): Html {
  const { question } = content
  const text = texts[view.language]
  const activities = listCodes(contracts, 'venue-activities').map(
    ({ code, label }) => [code, inView(view, label)] as const,
  )
  const flags = (name: 'indoor' | 'free', yes: string, no: string) => (
    <Choice
      name={name}
      label={text[name]}
      any={text.any}
      values={[
        ['true', yes],
        ['false', no],
      ]}
      chosen={question[name] === undefined ? undefined : String(question[name])}
    />
  )
  return (
    <form class="filters" method="get" action="/venues">
      <Hidden view={view} />
      <div class="fields">
        <Choice
          name="activity"
          label={text.activity}
          any={text.any}
          values={activities}
          chosen={question.activity}
        />
        <div>
          <label for="day">{text.day}</label>
          <input type="date" id="day" name="day" value={question.isNow ? '' : question.day} />
        </div>
        <div>
          <label for="time">{text.time}</label>
          <input type="time" id="time" name="time" value={question.isNow ? '' : question.time} />
        </div>
        <Choice
          name="district"
          label={text.district}
          any={text.any}
          values={[...districts]}
          chosen={question.district}
        />
        {flags('free', text.isFree, text.isPaid)}
        {flags('indoor', text.isIndoor, text.isOutdoor)}
        <Choice
          name="show"
          label={text.show}
          any={text.openThen}
          values={[['all', text.all]]}
          chosen={question.shows === 'all' ? 'all' : undefined}
        />
      </div>
      <details open={question.lat !== undefined}>
        <summary>{text.place}</summary>
        <div class="fields">
          {(['lat', 'lon', 'within'] as const).map((name) => (
            <div key={name}>
              <label for={name}>{text[name]}</label>
              <input id={name} name={name} inputMode="decimal" value={question[name] ?? ''} />
            </div>
          ))}
        </div>
      </details>
      <div class="submit">
        <button type="submit">{text.submit}</button>
        <a href={to(view, '/venues')}>{text.clear}</a>
      </div>
    </form>
  )
}

interface ChoiceParts {
  readonly name: string
  readonly label: string
  readonly any: string
  readonly values: readonly (readonly [value: string, label: string])[]
  readonly chosen: string | undefined
}

function Choice({ name, label, any, values, chosen }: ChoiceParts): Html {
  return (
    <div>
      <label for={name}>{label}</label>
      <select id={name} name={name}>
        <option value="">{any}</option>
        {values.map(([value, meaning]) => (
          <option key={value} value={value} selected={value === chosen}>
            {meaning}
          </option>
        ))}
      </select>
    </div>
  )
}

interface VenueParts {
  readonly venue: OpenVenue
  readonly contracts: Contracts
  readonly districts: ReadonlyMap<string, string>
  readonly view: View
}

function Venue({ venue, contracts, districts, view }: VenueParts): Html {
  const text = texts[view.language]
  const { id, name, facility, activities, district, address, distance } = venue
  const labels = activities.map((code) => labelOfCode(contracts, 'venue-activities', code, view))
  const facts = [
    districts.get(district ?? '') ?? '',
    address ?? '',
    venue.indoor === null ? '' : venue.indoor ? text.isIndoor : text.isOutdoor,
    feeText(venue, contracts, view),
  ].filter((fact) => fact !== '')
  return (
    <li data-lat={venue.latitude} data-lon={venue.longitude}>
      <h3>
        <a href={to(view, `/venues/${encodeURIComponent(id)}`)}>
          {name} {facility}
        </a>
      </h3>
      <div>
        <span class={`state ${venue.state}`}>{venue.text}</span>{' '}
        <span class="distance">{distance !== null && `${number(distance)} ${text.metres}`}</span>
      </div>
      <div>{joined(view, labels)}</div>
      <div class="faint">{facts.join(' · ')}</div>
    </li>
  )
}

/** What the answer rests on, for those who want to check it. */
function Basis({ basis, href, view }: Pick<OpenPage, 'basis' | 'href'> & { readonly view: View }): Html {
  const text = texts[view.language]
  const used = [...basis.editions, ...basis.calendars]
  return (
    <section aria-labelledby="basis">
      <h2 id="basis">{text.basis}</h2>
      <p>{text.basisAbout}</p>
      <ul>
        {used.map(({ dataset, edition, version }) => (
          <li key={`${dataset} ${edition}`}>
            <a href={to(view, `/datasets/${dataset}/editions/${edition}/versions/${version}`)}>
              {dataset} {edition} v{version}
            </a>
          </li>
        ))}
      </ul>
      <p>
        <a href={href}>JSON</a>
      </p>
    </section>
  )
}

const texts = {
  zh: {
    title: '学校体育场地开放查询',
    about: '查询此刻或指定时间哪些学校场地对公众开放。结果考虑工作日、周末、节假日、调休、寒暑假和临时关闭。',
    activity: '项目',
    any: '不限',
    day: '日期',
    time: '时间',
    district: '所属区',
    free: '收费',
    isFree: '免费',
    isPaid: '收费',
    indoor: '室内外',
    isIndoor: '室内',
    isOutdoor: '室外',
    show: '显示',
    openThen: '开放的场地',
    all: '全部场地',
    place: '指定地点',
    lat: '纬度（WGS-84）',
    lon: '经度（WGS-84）',
    within: '距离以内（米）',
    submit: '查询',
    clear: '清除条件',
    now: (time: string) => `现在（${time}）`,
    found: (moment: string, open: string, matched: string) =>
      `${moment}：符合条件的 ${matched} 处场地中，${open} 处开放。`,
    none: '没有符合条件的场地。可放宽条件，或选择显示全部场地。',
    near: '按离我的距离排序',
    refused: '未能取得位置。',
    metres: '米',
    basis: '依据',
    basisAbout:
      '日期和时间均为上海时间；不填则为现在。结果依据以下数据和临时关闭通知得出。位置只在您的浏览器中使用，不上传。',
  },
  en: {
    title: 'School sports venues',
    about:
      'Which school venues are open to the public now or at a time you choose, with working days, weekends, holidays, vacations and closures taken into account.',
    activity: 'Activity',
    any: 'Any',
    day: 'Day',
    time: 'Time',
    district: 'District',
    free: 'Fee',
    isFree: 'free',
    isPaid: 'with a fee',
    indoor: 'Indoor',
    isIndoor: 'indoor',
    isOutdoor: 'outdoor',
    show: 'Show',
    openThen: 'Open venues',
    all: 'All venues',
    place: 'Near a place',
    lat: 'Latitude (WGS-84)',
    lon: 'Longitude (WGS-84)',
    within: 'Within metres',
    submit: 'Search',
    clear: 'Clear',
    now: (time: string) => `Now (${time})`,
    found: (moment: string, open: string, matched: string) =>
      `${moment}: ${open} of ${matched} matching venues are open.`,
    none: 'No venue matches. Loosen the conditions, or show all venues.',
    near: 'Sort by distance from me',
    refused: 'Your position is not known.',
    metres: 'm',
    basis: 'What this rests on',
    basisAbout:
      'Times are in Shanghai; now if none is given. The answer follows from these data and from closures. Your position is used in your browser only and is not sent.',
  },
} as const
