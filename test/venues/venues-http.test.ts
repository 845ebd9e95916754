/** Venues over HTTP: what is open, sessions, calendars, closures, refusals, and what an answer rests on. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import ICAL from 'ical.js'
import t from 'tap'
import { shippedDatasets } from '../../src/context.ts'
import { openTestContext, publishSample } from '../support/open-test-context.ts'
import { runCli } from '../support/run-cli.ts'
import { runs } from '../support/runs.ts'

const dataset = 'school-sports-venues'
const testContext = await openTestContext(t, {
  contracts: [],
  shipped: [dataset, 'school-calendar'],
  at: '2026-05-08T04:00:00Z',
})
const { get, send, moveTo } = testContext
for (const edition of ['2025', '2026']) await publishSample(testContext, 'school-calendar', edition)
await publishSample(testContext, dataset, '2026', 2)

type Row = Readonly<Record<string, string>>
const rowsOf = async (path: string): Promise<readonly Row[]> =>
  parse(await readFile(join(shippedDatasets, path)), { columns: true })
const rows = [
  ...(await rowsOf(`${dataset}/sample/2026/edu-310101.csv`)),
  ...(await rowsOf(`${dataset}/sample/2026/edu-310104.csv`)),
]
const entries = [
  ...(await rowsOf('school-calendar/sample/2025/edu-commission.csv')),
  ...(await rowsOf('school-calendar/sample/2026/edu-commission.csv')),
]
const ids = [...new Set(rows.map(({ venue = '' }) => venue))]
const [first = ''] = ids

interface OpenBody {
  readonly at: string
  readonly data: readonly {
    readonly id: string
    readonly state: string
    readonly openUntil: string | null
    readonly opensAt: string | null
    readonly why: string | null
    readonly reason: string | null
    readonly distance: number | null
    readonly longitude: number
    readonly latitude: number
    readonly text: string
  }[]
  readonly meta: { readonly matched: number }
  readonly basis: {
    readonly editions: readonly { edition: string }[]
    readonly closures: { changes: number }
  }
}

const ask = async (query: string) => (await get(`/v1/venues/open?${query}`)).json<OpenBody>()
const encode = encodeURIComponent

const key = (await testContext.key({ scopes: ['closures'] })).authorization
const close = (venue: string, body: object, by = key) =>
  send('POST', `/v1/venues/${venue}/closures`, by, body)

interface FeedClosure {
  readonly venue: string
  readonly kind: string
  readonly from: string
  readonly until: string | null
  readonly removed: boolean
  readonly id: string
}

const feedClosures = async () =>
  (await get('/v1/changes?type=closure-changed&limit=1000'))
    .json<{ data: { closure: FeedClosure }[] }>()
    .data.map(({ closure }) => closure)

t.test('venues by distance, with what the answer rests on', async (t) => {
  const { longitude = '', latitude = '' } = rows[0] ?? {}
  const answer = await get(`/v1/venues/open?lat=${latitude}&lon=${longitude}&within=5000&limit=20&lang=en`)
  const body = answer.json<OpenBody>()
  t.match(body, {
    at: '2026-05-08T04:00:00.000Z',
    until: null,
    basis: {
      editions: [{ dataset, edition: '2026', version: 1 }],
      calendars: [{ edition: '2026' }, { edition: '2025' }],
      contradictions: [],
      closures: { changes: 0 },
    },
  })
  t.equal(body.data[0]?.distance, 0)
  const distances = body.data.map(({ distance }) => distance ?? -1)
  t.same(
    distances,
    [...distances].sort((a, b) => a - b),
  )
  t.ok(distances.every((distance) => distance >= 0 && distance <= 5000))
  t.equal(answer.headers['cache-control'], 'public, max-age=30')
  const etag = String(answer.headers['etag'])
  t.match(etag, /^"[0-9a-f]{32}"$/)
  const again = await get(`/v1/venues/open?lat=${latitude}&lon=${longitude}&within=5000&limit=20&lang=en`, {
    'if-none-match': etag,
  })
  t.equal(again.status, 304)
  t.equal((await ask('limit=1')).meta.matched, ids.length)
  t.equal(
    (await ask('activity=swimming&indoor=true&free=false')).meta.matched,
    new Set(rows.filter(({ activities }) => activities === 'swimming').map(({ venue }) => venue)).size,
  )
  t.equal(
    (await ask('district=310104&limit=1')).meta.matched,
    ids.filter((id) => id.startsWith('310104')).length,
  )
})

t.test('an answer about now lasts until the next boundary', async (t) => {
  const noon = await ask('limit=500')
  const next =
    noon.data
      .map(({ opensAt }) => opensAt)
      .filter((at) => at !== null)
      .sort()[0] ?? ''
  moveTo(new Date(Date.parse(next) - 12_000).toISOString())
  t.equal((await get('/v1/venues/open?limit=500')).headers['cache-control'], 'public, max-age=12')
  t.equal((await get(`/v1/venues/open?limit=500&at=${next}`)).headers['cache-control'], 'public, max-age=30')
  moveTo('2026-05-08T04:00:00Z')
})

t.test('bad input is refused by name', async (t) => {
  const refusals: readonly (readonly [string, number, string, RegExp?])[] = [
    ['at=2026-05-01T18:30:00', 400, 'at', /with its zone/],
    ['at=2026-05-01', 400, 'at', /with its zone/],
    ['at=2026-02-30T08:00:00Z', 400, 'at', /no valid time/],
    ['at=2026-05-01T24:00:00Z', 400, 'at', /no valid time/],
    ['at=2026-05-01T25:00:00Z', 400, 'at', /no valid time/],
    ['at=1999-05-01T08:00:00Z', 400, 'at', /2000 to 2100/],
    ['at=2026-05-01T08:00:00Z&until=2026-05-01T08:00:00Z', 400, 'until'],
    ['at=2026-05-01T08:00:00Z&until=2026-05-02T08:01:00Z', 400, 'until', /24 hours/],
    ['lat=121.47&lon=31.2', 400, 'lat', /swapped: try lat=31.2&lon=121.47/],
    ['lat=90.1&lon=0', 400, 'lat'],
    ['lat=31&lon=181', 400, 'lon'],
    ['lat=31', 400, 'lon'],
    ['within=100', 400, 'within'],
    ['lat=31&lon=121&within=50001', 400, 'within', /50000/],
    ['lat=31&lon=121&within=0', 400, 'within'],
    ['activity=basketbal', 400, 'activity'],
    ['district=310199', 400, 'district'],
    ['limit=501', 400, 'limit'],
    ['limit=0', 400, 'limit'],
    ['indoor=perhaps', 400, 'indoor'],
    ['when=now', 400, 'when'],
  ]
  for (const [query, status, path, detail = /./] of refusals) {
    const answer = await get(`/v1/venues/open?${query}`)
    t.equal(answer.status, status, query)
    t.match(answer.json(), { path, detail }, query)
  }
  for (const query of [
    'lat=90&lon=0',
    'lat=31&lon=121&within=50000',
    'limit=500',
    'at=2026-05-01T18:30:00+08:00',
  ])
    t.equal((await get(`/v1/venues/open?${query}`)).status, 200, query)
  t.match((await get('/v1/venues/310199-0001-1')).json(), { code: 'venue-not-found' })
  t.equal((await get(`/v1/venues/${first}/sessions?days=366`)).status, 200)
  t.equal((await get(`/v1/venues/${first}/sessions?days=3650`)).status, 400)
  t.equal((await get(`/v1/venues/${first}/sessions?from=2026-02-30`)).status, 400)
  t.equal((await get(`/v1/datasets/${dataset}/calendar.ics`)).status, 404)
})

t.test('closures', async (t) => {
  const at = '2026-05-09T02:00:00Z'
  moveTo(at)
  const before = await get(`/v1/venues/${first}`)
  const answer = await close(first, { until: '2026-05-10T12:00:00Z', reason: '考试' })
  t.equal(answer.status, 201, answer.text)
  const { id } = answer.json<{ id: string }>()
  t.match((await get(`/v1/venues/${first}`)).json(), {
    state: 'closed',
    why: 'closure',
    reason: '考试',
    closures: [{ id, kind: 'closed', from: '2026-05-09T02:00:00.000Z' }],
  })
  t.not((await get(`/v1/venues/${first}`)).headers['etag'], before.headers['etag'])
  t.match(await feedClosures(), [{ id, venue: first, kind: 'closed', removed: false }])

  const refusals: readonly (readonly [object, number, string])[] = [
    [{ until: '2026-05-09T12:00:00Z', reason: 'again' }, 409, 'closure-overlaps'],
    [{ kind: 'open', until: '2026-05-09T12:00:00Z', reason: 'in a closure' }, 409, 'closure-overlaps'],
    [{ from: '2026-05-01T00:00:00Z', until: '2026-05-02T00:00:00Z', reason: 'past' }, 422, 'closure-invalid'],
    [
      { from: '2026-05-12T00:00:00Z', until: '2026-05-11T00:00:00Z', reason: 'backwards' },
      422,
      'closure-invalid',
    ],
    [
      { from: '2026-05-07T00:00:00Z', until: '2026-05-11T00:00:00Z', reason: 'too early' },
      422,
      'closure-invalid',
    ],
    [{ from: '2030-05-12T00:00:00Z', reason: 'too late' }, 422, 'closure-invalid'],
    [{ kind: 'open', from: '2026-06-12T00:00:00Z', reason: 'no end' }, 422, 'closure-invalid'],
    [{ from: '2026-05-12T00:00:00', reason: 'no zone' }, 400, 'parameter-invalid'],
    [{ from: '2026-05-12T00:00:00Z' }, 400, 'body-invalid'],
    [{ from: '2026-05-12T00:00:00Z', reason: ' ' }, 422, 'closure-invalid'],
  ]
  for (const [body, status, code] of refusals) {
    const refused = await close(first, body)
    t.same([refused.status, refused.json<{ code: string }>().code], [status, code], refused.text)
  }
  t.equal((await close('310199-0001-1', { reason: 'x' })).status, 404)

  t.equal((await send('DELETE', `/v1/venues/${ids[1]}/closures/${id}`, key)).status, 404, 'of another venue')
  t.equal((await send('DELETE', `/v1/venues/${first}/closures/${id}`, key)).status, 204)
  t.match((await send('DELETE', `/v1/venues/${first}/closures/${id}`, key)).json(), {
    code: 'closure-removed',
  })
  t.match((await get(`/v1/venues/${first}`)).json(), { closures: [] })
  t.match((await feedClosures()).at(-1), { id, removed: true })
  const audit = await get('/v1/audit?limit=10', {
    authorization: (await testContext.key({ scopes: ['admin'] })).authorization,
  })
  t.match(audit.text, /closure-removed/)
})

t.test('who may close what', async (t) => {
  const body = { from: '2026-05-20T00:00:00Z', until: '2026-05-21T00:00:00Z', reason: 'works' }
  const by = async (request: Parameters<typeof testContext.key>[0], venue: string) =>
    (await close(venue, body, (await testContext.key(request)).authorization)).status
  const other = ids.find((id) => id.startsWith('310104')) ?? ''
  t.equal((await send('POST', `/v1/venues/${first}/closures`, undefined, body)).status, 401)
  t.equal(await by({ scopes: ['publish'] }, first), 403)
  t.equal(await by({ scopes: ['closures'], provider: 'edu-310104' }, first), 403)
  t.equal(await by({ scopes: ['closures'], provider: 'edu-310104' }, other), 201)
  const school = first.slice(0, -2)
  t.equal(await by({ scopes: ['closures'], venues: [school] }, other), 403)
  t.equal(
    await by({ scopes: ['closures'], venues: [school.slice(0, -1)] }, first),
    403,
    'no part of a number',
  )
  t.equal(await by({ scopes: ['closures'], venues: [school] }, first), 201)
  t.equal(await by({ scopes: ['closures'], datasets: ['school-calendar'] }, ids[1] ?? ''), 403)
})

t.test('many closures as CSV: all or none', async (t) => {
  const post = (payload: string, type = 'text/csv') =>
    testContext.app.inject({
      method: 'POST',
      url: '/v1/venues/closures',
      headers: { authorization: key, 'content-type': type },
      payload,
    })
  const head = 'venue,kind,from,until,reason'
  const good = `${ids[2]},closed,2026-06-07T00:00:00+08:00,2026-06-10T00:00:00+08:00,高考`
  const bad = await post(
    `${head}\n${good}\n${ids[3]},closed,2026-06-10T00:00:00Z,2026-06-07T00:00:00Z,backwards\n`,
  )
  t.match(bad.json(), { code: 'closure-invalid', row: 2, path: 'until' })
  t.equal((await feedClosures()).filter(({ venue }) => venue === ids[2]).length, 0)
  t.equal((await post(`${head}\n${good}\n${good}\n`)).statusCode, 409, 'twice the same')
  for (const text of ['', head, 'venue,why\nx,y', `${head}\n"`, `venue,venue,reason\na,b,c`])
    t.equal((await post(text)).statusCode, 422, JSON.stringify(text))
  t.equal((await post(`${head}\n${good}\n`, 'text/plain')).statusCode, 415)
  const opening = `${ids[3]},open,2026-06-08T20:00:00+08:00,2026-06-08T23:30:00+08:00,比赛`
  t.equal((await post(`${head}\n${good}\n${opening}\n`)).statusCode, 201)
})

t.test('a closure by another process is seen within a second; readers of the feed see it once', async (t) => {
  const venue = ids[5] ?? ''
  // The other process has the clock of the machine.
  const from = `${new Date(Date.now() + 3_600_000).toISOString().slice(0, 16)}Z`
  const until = `${new Date(Date.now() + 7_200_000).toISOString().slice(0, 16)}Z`
  const head = (await get('/v1/changes?limit=1000')).json<{ meta: { cursor: string } }>().meta.cursor
  const run = (...args: string[]) => runCli(args, testContext.environment)
  const added = await run(
    'closures',
    'add',
    venue,
    '--from',
    from,
    '--until',
    until,
    '--reason',
    '台风',
    '--json',
  )
  t.equal(added.code, 0, added.stderr)
  const [{ id } = { id: '' }] = JSON.parse(added.stdout) as { id: string }[]
  const seen = async () =>
    (await get(`/v1/venues/${venue}?at=${from}`)).json<{ why: string | null }>().why === 'closure'
  const began = performance.now()
  while (!(await seen())) if (performance.now() - began > 1_000) break
  t.ok(await seen())
  const page = (await get(`/v1/changes?after=${head}&limit=1000`)).json<{
    data: { closure?: { id: string } }[]
  }>()
  t.equal(page.data.filter(({ closure }) => closure?.id === id).length, 1)
  t.match((await run('closures', 'list', venue)).stdout, id)
  t.equal((await run('closures', 'remove', id)).code, 0)
  t.equal((await run('closures', 'remove', id)).code, 4)
  t.equal((await run('closures', 'add', venue)).code, 2)
})

/** What the published files and the feed say, written as plainly as possible. */
function isOpen(venue: string, at: number, closures: readonly FeedClosure[]): boolean | undefined {
  const current = new Map(closures.map((closure) => [closure.id, closure]))
  const own = [...current.values()].filter((one) => one.venue === venue && !one.removed)
  const covers = (kind: string) =>
    own.some(
      (one) =>
        one.kind === kind && Date.parse(one.from) <= at && (one.until === null || at < Date.parse(one.until)),
    )
  if (covers('closed')) return false
  if (covers('open')) return true
  const local = new Date(at + 8 * 3_600_000).toISOString()
  const [date, time] = [local.slice(0, 10), local.slice(11, 16)]
  const is = (entry: string) =>
    entries.some(
      (one) => one['entry'] === entry && (one['starts'] ?? '') <= date && date <= (one['ends'] ?? ''),
    )
  const weekday = ['Su', 'Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa'][new Date(`${date}T00:00:00Z`).getUTCDay()] ?? ''
  if (!/^202[56]/.test(date)) return undefined
  const isFree = ['Sa', 'Su'].includes(weekday) && !is('make-up-day')
  const base = isFree ? 'weekend' : 'working-day'
  const kinds = is('public-holiday') ? ['public-holiday'] : is('vacation') ? ['vacation', base] : [base]
  const mine = rows.filter((row) => {
    const [from = '', to = ''] = (row['season'] ?? '').split('/')
    const day = date.slice(5)
    const inSeason = from <= to ? from <= day && day <= to : day >= from || day <= to
    const isExcept = (row['except'] ?? '').split(';').some((one) => one === weekday || kinds.includes(one))
    return (
      row['venue'] === venue &&
      inSeason &&
      !isExcept &&
      (row['valid_until'] === '' || date <= (row['valid_until'] ?? ''))
    )
  })
  const special = mine.filter((row) => row['day_type'] === kinds[0])
  const replaced = ['public-holiday', 'vacation'].includes(kinds[0] ?? '') && special.length > 0
  const held = replaced
    ? special
    : mine.filter((row) => row['day_type'] === weekday || kinds.includes(row['day_type'] ?? ''))
  return held.some((row) => (row['opens'] ?? '') <= time && time < (row['closes'] ?? ''))
}

t.test('at any instant, open is what the published files and the closures in the feed say', async (t) => {
  const closures = await feedClosures()
  const minutes = fc.integer({
    min: Date.parse('2024-12-25T00:00:00Z') / 60_000,
    max: Date.parse('2027-01-05T00:00:00Z') / 60_000,
  })
  const near = fc
    .constantFrom(
      '2026-06-08T12:00:00Z',
      '2026-05-20T03:00:00Z',
      '2026-02-14T01:00:00Z',
      '2026-01-04T01:00:00Z',
    )
    .map((text) => Date.parse(text) / 60_000)
  await fc.assert(
    fc.asyncProperty(fc.oneof(minutes, near), async (minute) => {
      const at = minute * 60_000
      const { data } = await ask(`limit=500&at=${new Date(at).toISOString()}`)
      const wrong = data.flatMap(({ id, state }) => {
        const expected = isOpen(id, at, closures)
        if (expected === undefined) return []
        return (state === 'open') === expected && state !== 'not-known'
          ? []
          : [`${id} ${state} ${new Date(at).toISOString()}`]
      })
      if (data.length !== ids.length) throw new Error('venues are missing')
      if (wrong.length > 0) throw new Error(wrong.slice(0, 5).join(', '))
    }),
    runs(60, 3000),
  )
  t.pass()
})

t.test('an independent reader of iCalendar finds the same sessions', async (t) => {
  moveTo('2026-01-20T04:00:00Z')
  for (const id of ids.slice(0, 12)) {
    const answer = await get(`/v1/venues/${id}/calendar.ics`)
    t.equal(answer.headers['content-type'], 'text/calendar; charset=utf-8')
    const [from, until] = [Date.parse('2025-12-19T16:00:00Z'), Date.parse('2027-12-20T16:00:00Z')]
    const found = new ICAL.Component(ICAL.parse(answer.text))
      .getAllSubcomponents('vevent')
      .flatMap((component) => {
        const event = new ICAL.Event(component)
        const length = event.duration.toSeconds() * 1000
        if (!event.isRecurring()) return [spanText(event.startDate.toJSDate().getTime(), length)]
        const starts: string[] = []
        const iterator = event.iterator()
        for (let next = iterator.next(); next; next = iterator.next())
          starts.push(spanText(next.toJSDate().getTime(), length))
        return starts
      })
      .sort()
    const days = [
      ...(await sessions(id, '2025-12-20', 366)),
      ...(await sessions(id, '2026-12-21', 365)),
    ].flatMap((day) => day.sessions ?? [])
    const expected = days
      .map((one) => spanText(Date.parse(one.from), Date.parse(one.until) - Date.parse(one.from)))
      .filter((text) => Date.parse(text.slice(0, 24)) >= from && Date.parse(text.slice(0, 24)) < until)
      .sort()
    t.same(found, expected, id)
    t.ok(found.length > 50)
  }
  const calendar = await get('/v1/datasets/school-calendar/calendar.ics?lang=zh')
  const events = new ICAL.Component(ICAL.parse(calendar.text)).getAllSubcomponents('vevent')
  t.equal(events.length, entries.length)
  t.match(calendar.text, /国庆节/)
  const year = await get('/v1/datasets/school-calendar/editions/2026/calendar.ics?lang=en')
  t.match(year.text, /DTSTART;VALUE=DATE:20261001\r\nDTEND;VALUE=DATE:20261008/)
})

const spanText = (from: number, length: number) => `${new Date(from).toISOString()} ${length}`
const sessions = async (id: string, from: string, days: number) =>
  (await get(`/v1/venues/${encode(id)}/sessions?from=${from}&days=${days}`)).json<{
    data: { sessions: { from: string; until: string }[] | null }[]
  }>().data
