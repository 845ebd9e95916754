/** Bad input in deliveries of venues: each defect is a finding that names it, and shifted coordinates are a warning. */
import { parse } from 'csv-parse/sync'
import gcoord from 'gcoord'
import t from 'tap'
import { csvLines } from '../../src/formats/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { openTestContext, publishSample, sampleRows } from '../support/open-test-context.ts'

const dataset = 'school-sports-venues'
const degrees = { scale: 6, constraints: { required: true, minimum: -180, maximum: 180 } }
/** A dataset whose providers bring GCJ-02, and say so. */
const declared = contractOf(
  [
    field('id', 'string', { role: 'key', constraints: { required: true } }),
    field('lon', 'number', degrees),
    field('lat', 'number', degrees),
  ],
  ['id'],
  {
    dataset: 'declared',
    themes: ['education'],
    coordinates: { system: 'GCJ-02', longitude: 'lon', latitude: 'lat' },
  },
)
const service = await openTestContext(t, { contracts: [declared], shipped: [dataset] })
await publishSample(service, dataset, '2025', 2)
const [part] = await sampleRows(dataset, '2026')
const { contractVersion } = service.context.contracts.get(dataset).contract
const provider = part?.provider ?? ''
const rows = parse(part?.rows ?? '', { columns: true }) as Record<string, string>[]
const [first = {}] = rows
const header = Object.keys(first)
const textOf = (all: readonly Readonly<Record<string, string>>[]) =>
  csvLines([header, ...all.map((row) => header.map((name) => row[name] ?? ''))])

async function findingsOf(changed: readonly Readonly<Record<string, string>>[]) {
  const receipt = await service.bring({
    dataset,
    edition: '2026',
    provider,
    contractVersion,
    rows: textOf(changed),
  })
  const findings = await service.findingsOf(receipt)
  return {
    state: receipt.state,
    findings: findings.map(({ check, field, message }) => ({ check, field, message })),
  }
}

t.test('one faulty cell, one finding', async (t) => {
  const faults: readonly (readonly [Record<string, string>, object])[] = [
    [{ closes: '25:00' }, { check: 'type', field: 'closes' }],
    [{ closes: '24:01' }, { check: 'type', field: 'closes' }],
    [
      { opens: '24:00', closes: '24:00' },
      { check: 'ascending', field: 'closes' },
    ],
    [
      { opens: '08:00', closes: '08:00' },
      { check: 'ascending', field: 'closes', message: /does not exceed/ },
    ],
    [
      { opens: '10:00', closes: '08:00' },
      { check: 'ascending', field: 'closes' },
    ],
    [{ day_type: 'holiday' }, { check: 'code', field: 'day_type' }],
    [{ except: 'Xx' }, { check: 'code', field: 'except' }],
    [{ activities: 'basketbal' }, { check: 'code', field: 'activities' }],
    [{ notes: '雨天<br>关闭' }, { check: 'no-markup', field: 'notes' }],
    [{ facility: '<script>alert(1)</script>' }, { check: 'no-markup', field: 'facility' }],
    [{ address: '示例路&nbsp;1号' }, { check: 'no-markup', field: 'address' }],
    [
      { longitude: first['latitude'] ?? '', latitude: first['longitude'] ?? '' },
      { check: 'coordinates-swapped', field: 'latitude', message: /are swapped/ },
    ],
    [{ longitude: '' }, { check: 'required', field: 'longitude' }],
  ]
  for (const [change, finding] of faults) {
    const { state, findings } = await findingsOf([{ ...first, ...change }, ...rows.slice(1)])
    t.equal(state, 'quarantined', JSON.stringify(change))
    t.match(findings, [finding], JSON.stringify(change))
    t.equal(findings.length, 1, JSON.stringify(change))
  }
  t.match(await findingsOf([{ ...first, longitude: '123.500000' }]), {
    state: 'quarantined',
    findings: [{ check: 'within', field: 'longitude', message: /outside the bounding box/ }, {}],
  })
  t.same(await findingsOf(rows), { state: 'staged', findings: [] })
  t.equal((await findingsOf([{ ...first, closes: '24:00' }, ...rows.slice(1)])).state, 'staged', 'midnight')
})

t.test('doubtful values are warnings', async (t) => {
  const at = (place: Record<string, string>) => findingsOf([{ ...first, ...place }, ...rows.slice(1)])
  t.match(await at({ longitude: '122.250000', latitude: '31.200000' }), {
    state: 'staged',
    findings: [{ check: 'in-outline', message: /perhaps in the sea/ }],
  })
  t.match(await at({ longitude: '121.230000', latitude: '31.030000' }), {
    findings: [{ check: 'in-outline', message: /310117/ }],
  })
  const { opens = '', closes = '' } = first
  const later = `${opens.slice(0, 3)}${opens.endsWith('30') ? '45' : '30'}`
  t.ok(later < closes)
  t.match(await findingsOf([...rows, { ...first, opens: later }]), {
    state: 'staged',
    findings: [{ check: 'no-overlap', field: 'opens' }],
  })
  t.match(await findingsOf([...rows, { ...first, opens: later, activities: 'swimming' }]), { findings: [] })
})

t.test('declared GCJ-02 is converted as it arrives', async (t) => {
  const points = ['121.483006,31.219440', '121.483006,31.219440', '0.000000,0.000000']
  const text = ['id,lon,lat', ...points.map((point, n) => `p${n},${point}`), ''].join('\n')
  await service.take({ dataset: 'declared', edition: '2025', rows: text })
  t.equal((await service.publish('declared', '2025')).state, 'done')
  const csv = async (query: string) => (await service.get(`/v1/datasets/declared/records.csv${query}`)).text
  t.equal(
    await csv(''),
    'id,lon,lat\np0,121.478500,31.221400\np1,121.478500,31.221400\np2,0.000000,0.000000\n',
  )
  t.equal(await csv('?crs=gcj02'), text, 'and back')
})

t.test('coordinates in GCJ-02 or BD-09 are found by the points published before', async (t) => {
  const { transform, WGS84, GCJ02, BD09 } = gcoord as unknown as {
    readonly WGS84: string
    readonly GCJ02: string
    readonly BD09: string
    readonly transform: (position: [number, number], from: string, to: string) => [number, number]
  }
  const moved = (system: string, count = rows.length) =>
    rows.map((row, index) => {
      const [x, y] = transform([Number(row['longitude']), Number(row['latitude'])], WGS84, system)
      return index >= count ? row : { ...row, longitude: x.toFixed(6), latitude: y.toFixed(6) }
    })
  t.match(await findingsOf(moved(GCJ02)), {
    state: 'staged',
    findings: [{ check: 'coordinates-gcj02', message: /GCJ-02/ }],
  })
  t.match(await findingsOf(moved(BD09)), { state: 'staged', findings: [{ check: 'coordinates-bd09' }] })
  t.same((await findingsOf(moved(GCJ02, 3))).findings, [], 'three rows are a correction')
  const north = rows.map((row) => ({ ...row, latitude: (Number(row['latitude']) + 0.0045).toFixed(6) }))
  t.same((await findingsOf(north)).findings, [], 'another direction')
})
