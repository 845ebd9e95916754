/**
 * Records by place over 20,000 points: `bbox` and `near` find what a naive computation over the published file finds, also at
 * the poles and across the 180th meridian. GeoJSON, converted coordinates, and refusals. Takes some 8 s.
 */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'csv-parse/sync'
import gcoord from 'gcoord'
import t from 'tap'
import { distanceMax, distanceOf } from '../../src/contract/index.ts'
import { csvLines } from '../../src/formats/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext } from '../support/open-test-context.ts'
import { randomOf } from '../support/samples/random.ts'
import { installed } from '../support/tools.ts'

const dataset = 'points'
const degrees = (most: number) => ({ scale: 6, constraints: { minimum: -most, maximum: most } })
const contract = contractOf(
  [
    field('id', 'string', { role: 'key', constraints: { required: true } }),
    field('kind', 'string'),
    field('longitude', 'number', degrees(180)),
    field('latitude', 'number', degrees(90)),
  ],
  ['id'],
  {
    dataset,
    themes: ['education'],
    indexes: [['kind']],
    formats: ['csv', 'geojson'],
    coordinates: { system: 'WGS-84', longitude: 'longitude', latitude: 'latitude' },
  },
)
const service = await openTestContext(t, { contracts: [contract], shipped: ['school-calendar'] })
const { get } = service

const random = randomOf(7, 'points')
const between = (least: number, most: number) => (least + random() * (most - least)).toFixed(6)
/** Most points are in the city, some anywhere, and some at the edges of the Earth or nowhere. */
const edges: readonly (readonly [string | null, string | null])[] = [
  ...([
    ['180', '0'],
    ['-180', '0'],
    ['180', '-17'],
    ['-180', '90'],
    ['0', '90'],
    ['77.5', '-90'],
  ] as const),
  ...([
    ['121.4785', '31.2214'],
    ['121.4785', '31.221401'],
    [null, null],
    ['0', '0'],
    ['-0.000001', '0'],
  ] as const),
]
const count = 20_000
const rows = Array.from({ length: count }, (_, n) => {
  const [longitude, latitude] =
    edges[n] ??
    (random() < 0.8
      ? [between(120.9, 122), between(30.7, 31.9)]
      : random() < 0.5
        ? [between(-180, 180), between(-90, 90)]
        : [between(179, 180), between(-18, -16)])
  return [`p${String(n).padStart(5, '0')}`, n % 7 === 0 ? 'a' : 'b', longitude, latitude]
})
await service.take({
  dataset,
  edition: '2025',
  rows: csvLines([['id', 'kind', 'longitude', 'latitude'], ...rows]),
})
t.equal((await service.publish(dataset, '2025')).state, 'done')

interface Point {
  readonly id: string
  readonly kind: string
  readonly longitude: number | null
  readonly latitude: number | null
}
const files = `/v1/datasets/${dataset}/editions/2025/versions/1/files/${dataset}-2025-v1`
const points = (
  parse((await get(`${files}.csv`)).text, { columns: true }) as Record<keyof Point, string>[]
).map(
  ({ id, kind, longitude, latitude }): Point => ({
    ...{ id, kind },
    longitude: longitude === '' ? null : Number(longitude),
    latitude: latitude === '' ? null : Number(latitude),
  }),
)

const base = `/v1/datasets/${dataset}/records`
const idsOf = async (query: string) =>
  (await get(`${base}.csv?select=id&${query}`)).text.trim().split('\n').slice(1)

type Where = (place: { readonly longitude: number; readonly latitude: number }) => boolean
const naive = (where: Where) =>
  points
    .filter(
      ({ longitude, latitude }) => longitude !== null && latitude !== null && where({ longitude, latitude }),
    )
    .map(({ id }) => id)

const inBox =
  (west: number, south: number, east: number, north: number): Where =>
  ({ longitude, latitude }) =>
    south <= latitude &&
    latitude <= north &&
    (west <= east ? west <= longitude && longitude <= east : longitude >= west || longitude <= east)

t.test('bbox finds what a naive computation finds', async (t) => {
  const boxes = [
    [121.4, 31.1, 121.6, 31.3],
    [121.4785, 31.2214, 121.4785, 31.2214],
    [-180, -90, 180, 90],
    [179.5, -17.5, -179, -16],
    [170, 80, -170, 90],
    [0, 0, 0, 0],
    [10, 10, 10.00001, 10.00001],
    ...Array.from({ length: 12 }, () => {
      const [x, y] = [Number(between(120.8, 122)), Number(between(30.6, 31.9))]
      return [x, y, x + random(), y + random() / 2].map((one) => Number(one.toFixed(6)))
    }),
  ] as [number, number, number, number][]
  let found = 0
  for (const box of boxes) {
    const expected = naive(inBox(...box))
    t.strictSame(await idsOf(`bbox=${box}`), expected, `bbox=${box}`)
    found += expected.length
  }
  t.ok(found > 15_000, `${found} records`)
})

t.test('near finds what a naive computation finds', async (t) => {
  const circles = [
    [31.2214, 121.4785, 3000],
    [31.2214, 121.4785, 1],
    [-17, 179.99, 20_000],
    [-17, -179.99, 20_000],
    [0, 180, 1000],
    [90, 0, 100_000],
    [-90, 12, 1],
    [89.99, 45, 50_000],
    [0, 0, distanceMax],
    [31, 121, distanceMax / 2],
    ...Array.from({ length: 12 }, () => [
      Number(between(30.6, 31.9)),
      Number(between(120.8, 122)),
      Math.round(random() * 40_000) + 1,
    ]),
  ] as [number, number, number][]
  let found = 0
  for (const [latitude, longitude, within] of circles) {
    const query = `near=${latitude},${longitude}&within=${within}`
    const expected = naive((place) => distanceOf({ latitude, longitude }, place) <= within)
    t.strictSame(await idsOf(query), expected, query)
    found += expected.length
  }
  t.ok(found > 40_000, `${found} records`)
})

interface Page {
  readonly data: readonly Point[]
  readonly meta: { readonly count?: number; readonly crs?: string }
  readonly links: { readonly self: string; readonly next: string | null }
}

t.test('with filters, paging, counts and both areas at once', async (t) => {
  const area = 'bbox=121.2,31,121.7,31.5&near=31.2,121.5&within=20000'
  const expected = naive(
    (place) =>
      inBox(121.2, 31, 121.7, 31.5)(place) &&
      distanceOf({ latitude: 31.2, longitude: 121.5 }, place) <= 20_000,
  ).filter((id) => points.find((point) => point.id === id)?.kind === 'a')
  const ids: string[] = []
  let next: string | null = `${base}?kind=a&${area}&limit=100&count=exact&sort=-id`
  while (next !== null) {
    const page: Page = (await get(next)).json<Page>()
    if (ids.length === 0) t.equal(page.meta.count, expected.length)
    ids.push(...page.data.map(({ id }) => id))
    next = page.links.next
  }
  t.ok(ids.length > 100)
  t.strictSame(ids, expected.toReversed())
  // Equal areas share a cache key, others do not.
  const tagOf = async (query: string) => (await get(`${base}?limit=1&${query}`)).headers['etag']
  t.equal(await tagOf('near=31.20,121.5'), await tagOf('near=31.2, +121.50&within=3000.0'))
  t.not(await tagOf('near=31.2,121.5'), await tagOf('near=31.2,121.6'))
  t.not(await tagOf('bbox=1,1,2,2'), await tagOf('bbox=1,1,2,3'))
  const { next: cursor } = (await get(`${base}?bbox=121,31,122,32&limit=5`)).json<Page>().links
  t.match((await get(String(cursor).replace('bbox=121', 'bbox=120'))).json(), { code: 'cursor-invalid' })
  t.equal((await get((await get(`${base}?bbox=-0.0000001,-1,180,1`)).json<Page>().links.self)).status, 200)
  const joined = await get(`${base}?edition=all&near=31.2214,121.4785&within=1&sort=kind`)
  t.match(joined.json(), { data: [{ edition: '2025', id: 'p00007' }, { id: 'p00006' }] })
})

interface Features {
  readonly type: string
  readonly features: readonly {
    readonly geometry: { readonly coordinates: readonly [number, number] } | null
    readonly properties: Partial<Point>
  }[]
  readonly meta?: object
  readonly links?: { readonly next: string | null }
}

t.test('GeoJSON by extension and Accept, as a stream, in pages, and as a file', async (t) => {
  const accept = { accept: 'application/geo+json, application/json;q=0.9' }
  const query = 'near=31.2214,121.4785&within=1500'
  const all = await get(`${base}.geojson?${query}`)
  t.equal(all.headers['content-type'], 'application/geo+json')
  const body = all.json<Features>()
  const expected = await idsOf(query)
  t.strictSame(
    body.features.map(({ properties }) => properties.id),
    expected,
  )
  t.same(
    body.features.find(({ properties }) => properties.id === 'p00006'),
    {
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [121.4785, 31.2214] },
      properties: { id: 'p00006', kind: 'b', longitude: 121.4785, latitude: 31.2214 },
    },
  )
  t.equal((await get(`${base}?${query}`, accept)).text, all.text)
  const first = (await get(`${base}?${query}&limit=1&select=kind&count=exact`, accept)).json<Features>()
  t.match(first, { features: { length: 1 }, meta: { count: expected.length }, links: { next: /bbox|near/ } })
  t.same(Object.keys(first.features[0]?.properties ?? {}), ['kind'], 'points without the fields selected')
  t.ok(first.features[0]?.geometry)
  const second = (await get(String(first.links?.next), accept)).json<Features>()
  t.equal(second.features.length, 1)
  t.same((await get(`${base}.geojson?id=p00008`)).json<Features>().features[0]?.geometry, null)
  t.same((await get(`${base}.geojson?id=none`)).json(), { type: 'FeatureCollection', features: [] })
  const joined = (await get(`${base}.geojson?edition=all&id=p00006&select=kind`)).json<Features>()
  t.same(joined.features[0]?.properties, { edition: '2025', kind: 'b' })
  const file = await get(`${files}.geojson`)
  t.equal(file.headers['content-type'], 'application/geo+json')
  t.equal((await get(`${base}.geojson`)).text, file.text, 'all records are the distribution')
  t.equal(file.json<Features>().features.length, count)
})

const withoutGdal = installed('ogrinfo') ? false : 'ogrinfo is not installed: apt-get install gdal-bin'

t.test('GDAL reads the GeoJSON', { skip: withoutGdal }, async (t) => {
  const path = join(service.folder, 'points.geojson')
  await writeFile(path, (await get(`${files}.geojson`)).bytes)
  const { stdout } = await promisify(execFile)('ogrinfo', ['-so', '-al', path])
  t.match(stdout, /Geometry: Point/)
  t.match(stdout, new RegExp(`Feature Count: ${count}`))
  t.match(stdout, /ID\["EPSG",4326\]/)
  t.match(stdout, /kind: String/)
})

t.test('coordinates in GCJ-02 and BD-09, in JSON, CSV and NDJSON', async (t) => {
  const { transform, WGS84, GCJ02, BD09 } = gcoord as unknown as {
    readonly WGS84: string
    readonly GCJ02: string
    readonly BD09: string
    readonly transform: (position: [number, number], from: string, to: string) => [number, number]
  }
  for (const [crs, system] of [
    ['gcj02', GCJ02],
    ['bd09', BD09],
  ] as const) {
    const query = `near=31.2214,121.4785&within=2000&crs=${crs}`
    const { data, meta } = (await get(`${base}?${query}`)).json<Page>()
    t.equal(meta.crs, crs)
    t.ok(data.length > 3)
    const rounded = (place: readonly number[]) => place.map((one) => Number(one.toFixed(6)))
    for (const { id, longitude, latitude } of data) {
      const { longitude: x = 0, latitude: y = 0 } = points.find((point) => point.id === id) ?? {}
      t.same([longitude, latitude], rounded(transform([x ?? 0, y ?? 0], WGS84, system)), id)
      const metres = distanceOf(
        { longitude: x ?? 0, latitude: y ?? 0 },
        { longitude: longitude ?? 0, latitude: latitude ?? 0 },
      )
      t.ok(crs === 'gcj02' ? metres > 400 && metres < 600 : metres > 900 && metres < 1300, `${metres} m`)
    }
    const csv = await get(`${base}.csv?${query}&select=id,latitude`)
    t.match(csv.headers['content-disposition'], new RegExp(`records-${crs}\\.csv`))
    t.same(
      (parse(csv.text, { columns: true }) as { id: string; latitude: string }[]).map(({ id, latitude }) => [
        id,
        Number(latitude),
      ]),
      data.map(({ id, latitude }) => [id, latitude]),
    )
    const lines = (await get(`${base}.ndjson?${query}&limit=2`)).text.trimEnd().split('\n')
    t.same(
      lines.map((line) => JSON.parse(line)),
      data.slice(0, 2),
    )
  }
  const everything = await get(`${base}.csv?crs=gcj02`)
  t.equal(everything.text.trimEnd().split('\n').length, count + 1)
  t.equal((await get(`${base}.ndjson?crs=bd09`)).text.trimEnd().split('\n').length, count)
  t.match((await get(`${base}.csv?crs=gcj02&id=p00008`)).text, /p00008,b,,\n/, 'without coordinates')
  t.match((await get(`${base}.csv?crs=gcj02&id=p00009`)).text, /,0\.000000,0\.000000\n/, 'outside China')
})

t.test('bad input is refused by name', async (t) => {
  const refusals: readonly (readonly [string, string, RegExp])[] = [
    ['bbox=1,2,3', 'bbox', /west,south,east,north/],
    ['bbox=1,2,3,4,5,6', 'bbox', /without heights/],
    ['bbox=a,b,c,d', 'bbox', /degrees/],
    ['bbox=1e2,0,2,2', 'bbox', /degrees/],
    ['bbox=31,121,32,122', 'bbox', /swapped: try bbox=121,31,122,32/],
    ['bbox=121,32,122,31', 'bbox', /South/],
    ['bbox=-180.1,0,0,1', 'bbox', /-180 to 180/],
    ['bbox=0,-91,179,91', 'bbox', /-90 to 90/],
    ['near=31', 'near', /latitude,longitude/],
    ['near=121.4,31.2', 'near', /swapped: try near=31.2,121.4/],
    ['near=90.1,0', 'near', /-90 to 90/],
    ['near=0,180.1', 'near', /-180 to 180/],
    ['within=100', 'within', /needs a place/],
    ['near=1,1&within=0', 'within', /from 1 to/],
    [`near=1,1&within=${distanceMax + 1}`, 'within', /half of the Earth/],
    ['near=1,1&within=1,2', 'within', /metres/],
    ['near=1,1&near=2,2', 'near', /string/],
    ['crs=wgs84', 'crs', /gcj02/],
    ['nearby=1', 'nearby', /./],
  ]
  for (const [query, path, detail] of refusals) {
    const answer = await get(`${base}?${query}`)
    t.equal(answer.status, 400, query)
    t.match(answer.json(), { path, detail }, query)
  }
  for (const query of ['near=90,0&within=1', `near=1,1&within=${distanceMax}`, 'bbox=180,-90,-180,90'])
    t.equal((await get(`${base}?limit=1&${query}`)).status, 200, query)
  t.match((await get(`${base}.geojson?crs=gcj02`)).json(), { status: 400 })
  t.match((await get(`${base}?crs=gcj02`, { accept: 'application/geo+json' })).json(), {
    path: 'crs',
    detail: /7946/,
  })
})

t.test('a dataset without coordinates has none of this', async (t) => {
  await service.take({
    dataset: 'school-calendar',
    edition: '2026',
    rows: 'entry,starts,ends,name,name_en\nterm,2026-03-02,2026-06-30,第二学期,Second term\n',
  })
  await service.publish('school-calendar', '2026')
  const other = '/v1/datasets/school-calendar/records'
  for (const [query, path] of [
    ['bbox=1,2,3,4', 'bbox'] as const,
    ['near=1,2', 'near'] as const,
    ['crs=gcj02', 'crs'] as const,
  ])
    t.match((await get(`${other}?${query}`)).json(), { code: 'parameter-unknown', path }, query)
  t.match((await get(`${other}.geojson`)).json(), { status: 404, code: 'coordinates-not-found' })
  t.match((await get(other, { accept: 'application/geo+json' })).json(), { code: 'not-acceptable' })
  t.equal((await get(other, { accept: 'application/geo+json, application/json;q=0.1' })).status, 200)
  const document = (await get('/v1/datasets/school-calendar/openapi.json')).json<{ paths: object }>()
  t.notOk(Object.keys(document.paths).some((path) => path.endsWith('.geojson')))
  t.notMatch(JSON.stringify(document), /"bbox"/)
  const own = (await get(`/v1/datasets/${dataset}/openapi.json`)).json<{ paths: object }>()
  t.ok(Object.keys(own.paths).includes(`${base}.geojson`))
  t.match(JSON.stringify(own), /"bbox"/)
})
