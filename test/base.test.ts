import { readFileSync } from 'node:fs'
import t from 'tap'
import { mayBeUtf8 } from '../src/bundle/core/csv/encoding.ts'
import { attachment } from '../src/http/attachment.ts'
import {
  ConfigError,
  deprecationText,
  formerSettings,
  loadConfig,
  type SettingName,
  settings,
} from '../src/platform/config.ts'
import { readCursor, writeCursor } from '../src/platform/cursor.ts'
import { canonicalJson } from '../src/platform/digest.ts'
import { columnLetters } from '../src/platform/finding.ts'
import { lookUp, tableOf } from '../src/platform/lookup.ts'
import { Problem } from '../src/platform/problem.ts'
import { dayInShanghai, isDay, parseMoment, parseSpan } from '../src/platform/time.ts'
import { shareTypeLabel } from '../src/protocols/core-metadata/guide-labels.ts'
import {
  accessRightOf,
  authorityTheme,
  fileTerms,
  frequencyOf,
} from '../src/protocols/dcat/authority-codes.ts'
import { parseFilters } from '../src/records/query/query.ts'
import { envExample } from './support/env-example.ts'

t.test('config refuses unknown settings and reports all faults at once', async (t) => {
  const faults = () => loadConfig({ QINGDAN_PORT: '70000', QINGDAN_PROT: '1', DATABASE_URL: 'mysql://x' })
  t.throws(faults, ConfigError)
  t.throws(
    faults,
    /QINGDAN_PORT must be a whole number from 0 to 65535[\s\S]*QINGDAN_PROT is not a setting[\s\S]*DATABASE_URL/,
  )
  const url = 'postgres://someone@127.0.0.1/x'
  const refusals: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{ DATABASE_URL: url, QINGDAN_WORK_URL: url }, /must be set together/],
    [{ QINGDAN_TRUSTED_PROXIES: '10.0.0.0/24, 10.1.0.1' }, /without spaces/],
    [{ QINGDAN_TRUSTED_PROXIES: '0.0.0.0/0' }, /1 to 50 networks/],
    [{ QINGDAN_TRUSTED_PROXIES: 'proxy.example.org' }, /1 to 50 networks/],
    [{ DATABASE_URL: url, QINGDAN_SERVE_URL: url }, /must be set together/],
    [{ QINGDAN_WORK_URL: url, QINGDAN_SERVE_URL: url }, /needs DATABASE_URL/],
    [
      { DATABASE_URL: url, QINGDAN_WORK_URL: url, QINGDAN_SERVE_URL: 'mysql://x' },
      /SERVE_URL must be an addr/,
    ],
  ]
  for (const [environment, message] of refusals) t.throws(() => loadConfig(environment), message)
  loadConfig({ DATABASE_URL: url, QINGDAN_WORK_URL: url, QINGDAN_SERVE_URL: url })
  const config = loadConfig({ QINGDAN_PORT: '0', PATH: '/bin' })
  t.equal(config.QINGDAN_PORT, 0)
  t.equal(config.QINGDAN_HOST, '127.0.0.1')
  t.ok(Object.isFrozen(config))
})

t.test('the public address: http or https, and required beyond loopback', async (t) => {
  const at = (host: string, url?: string) =>
    loadConfig({ QINGDAN_HOST: host, QINGDAN_PUBLIC_URL: url }).QINGDAN_PUBLIC_URL
  for (const host of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1', 'localhost']) t.equal(at(host), '')
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'data.example', 'localhost.data.example', '']) {
    if (host !== '') t.throws(() => at(host), /QINGDAN_PUBLIC_URL must be set/, host)
    t.equal(at(host, 'https://data.example/'), 'https://data.example')
  }
  t.equal(at('::', 'http://data.example:8080/open/'), 'http://data.example:8080/open')
  const bad = [
    'ftp://a.example',
    'javascript:alert(1)',
    'data.example',
    'https://u:p@a.example',
    'https://a.example?x',
  ]
  for (const url of bad) t.throws(() => at('127.0.0.1', url), /QINGDAN_PUBLIC_URL must be an address/, url)
})

t.test('a table is looked up by its own names only', async (t) => {
  const inherited = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']
  t.same(
    inherited.map((word) => lookUp({ a: 1 }, word)),
    inherited.map(() => undefined),
  )
  t.equal(lookUp({ a: 1 }, 'a'), 1)
  t.same(
    Object.entries(
      tableOf([
        ['__proto__', 1],
        ['a', 2],
      ]),
    ),
    [
      ['__proto__', 1],
      ['a', 2],
    ],
  )
  t.match(parseFilters(JSON.parse('{"__proto__":"1"}')), [
    { name: '__proto__', field: '', operator: 'proto__' },
  ])
  t.equal(mayBeUtf8('constructor'), false)
  for (const word of inherited) {
    t.same(
      [frequencyOf(word), accessRightOf(word), authorityTheme(word), shareTypeLabel(word)],
      [undefined, undefined, undefined, null],
    )
    t.same(fileTerms(word), { label: word })
  }
})

t.test('a former name of a setting is read with a warning', async (t) => {
  const config = loadConfig({ QINGDAN_INBOX_REST_SECONDS: '7', QINGDAN_WAITS_MAX: '' })
  t.equal(config.QINGDAN_INBOX_SETTLE_SECONDS, 7)
  t.notOk('QINGDAN_INBOX_REST_SECONDS' in config)
  const replacement = 'QINGDAN_INBOX_SETTLE_SECONDS'
  t.same(config.deprecatedSettings, [{ name: 'QINGDAN_INBOX_REST_SECONDS', replacement }])
  t.match(config.deprecatedSettings.map(deprecationText), [/REST_SECONDS is now called QINGDAN_INBOX_SETTLE/])
  t.same(loadConfig({ QINGDAN_INBOX_SETTLE_SECONDS: '7' }).deprecatedSettings, [])
  const both = { QINGDAN_WAITS_MAX: '9', QINGDAN_LONG_POLLS_MAX: '9' }
  t.equal(loadConfig(both).QINGDAN_LONG_POLLS_MAX, 9, 'the same value under both names')
  t.throws(
    () => loadConfig({ ...both, QINGDAN_LONG_POLLS_MAX: '8' }),
    /QINGDAN_WAITS_MAX and QINGDAN_LONG_POLLS_MAX are the same setting with different values/,
  )
  t.throws(() => loadConfig({ QINGDAN_WAITS_MAX: '0' }), /^QINGDAN_WAITS_MAX must be a whole number/m)
  t.same(
    [...formerSettings.keys()].filter((name) => name in settings),
    [],
    'a former name is never a current one',
  )
})

t.test('a cursor belongs to its query and shows damage', async (t) => {
  const cursor = writeCursor('a=1', { after: 100 })
  t.same(readCursor('a=1', cursor), { after: 100 })
  for (const [query, text] of [
    ['a=2', cursor],
    ['a=1', `${cursor.slice(0, -2)}AA`],
    ['a=1', ''],
    ['a=1', "' OR 1=1 --"],
    ['a=1', 'A'.repeat(5000)],
  ] as const) {
    t.throws(() => readCursor(query, text), Problem)
  }
})

t.test('column letters, canonical JSON and days', async (t) => {
  t.same([0, 25, 26, 701, 702].map(columnLetters), ['A', 'Z', 'AA', 'ZZ', 'AAA'])
  t.equal(canonicalJson({ b: [{ d: 1, c: null }], a: 'x' }), '{"a":"x","b":[{"c":null,"d":1}]}')
  t.equal(dayInShanghai(new Date('2025-06-30T15:59:59Z')), '2025-06-30')
  t.equal(dayInShanghai(new Date('2025-06-30T16:00:00Z')), '2025-07-01')
  t.ok(isDay('2024-02-29'))
  t.notOk(isDay('2023-02-29'))
  t.notOk(isDay('2023-2-9'))
})

t.test('.env.example lists every setting with its default', async (t) => {
  t.equal(readFileSync('.env.example', 'utf8'), envExample(), 'update it with `npm run env-example`')
  for (const [name, { fallback }] of Object.entries(settings)) {
    t.equal(loadConfig({})[name as SettingName], fallback)
  }
})

t.test('a date and time without an offset is in Shanghai time', async (t) => {
  const moments: readonly (readonly [text: string, instant: string | undefined])[] = [
    ['2026-03-01T09:00:00Z', '2026-03-01T09:00:00.000Z'],
    ['2026-03-01T09:00:30.5+02:00', '2026-03-01T07:00:30.500Z'],
    ['2026-03-01T09:00', '2026-03-01T01:00:00.000Z'],
    [' 2026-03-01 09:00 ', '2026-03-01T01:00:00.000Z'],
    ['2026-03-01', '2026-02-28T16:00:00.000Z'],
    ['2026-03-01T23:59:59', '2026-03-01T15:59:59.000Z'],
    ['2026-03-01T24:00', undefined],
    ['2026-03-01T25:00', undefined],
    ['2026-03-01T09:61', undefined],
    ['2026-02-29', undefined],
    ['2026-03-01T09', undefined],
    ['2026-03-01T09:00+0800', undefined],
    ['09:00', undefined],
    ['', undefined],
    ['9999-12-31T23:59:59-14:00', undefined],
    ['0000-01-01', undefined],
  ]
  for (const [text, instant] of moments) t.equal(parseMoment(text)?.toISOString(), instant, text)
})

t.test('a span is a count of minutes, hours or days', async (t) => {
  t.same(['30m', '12h', '7d'].map(parseSpan), [1_800_000, 43_200_000, 604_800_000])
  for (const text of ['', '0d', '7', 'd', '-1d', '1.5h', '100000d', '7w']) t.equal(parseSpan(text), undefined)
})

t.test('an attachment has an ASCII name and a readable one', async (t) => {
  const header = (title: string) => attachment({ plain: 'a-2025-v1.csv', title, ending: '-2025-v1.csv' })
  const named = (title: string) => decodeURIComponent(header(title).split("filename*=UTF-8''")[1] ?? '')
  t.equal(
    header('学校'),
    `attachment; filename="a-2025-v1.csv"; filename*=UTF-8''%E5%AD%A6%E6%A0%A1-2025-v1.csv`,
  )
  t.equal(named('a/b\\c:d*e?f"g<h>i|j\r\n\u0000k'), 'a_b_c_d_e_f_g_h_i_j___k-2025-v1.csv')
  t.equal(named('😀'.repeat(60)), `${'😀'.repeat(50)}-2025-v1.csv`, 'no character is cut in two')
  t.ok(Buffer.byteLength(named('😀'.repeat(60))) <= 255, 'the name fits file system limits')
  t.match(header(`a'(b)*;"c`), /^[\x20-\x7e]+filename\*=UTF-8''[A-Za-z0-9%_.!~-]+$/, 'RFC 8187')
})

t.test('the accel prefix must be a path', async (t) => {
  t.equal(loadConfig({ QINGDAN_ACCEL_PREFIX: '/_files/open' }).QINGDAN_ACCEL_PREFIX, '/_files/open')
  for (const wrong of ['files', '/files/', '/a b', 'http://x/y', '/\n']) {
    t.throws(() => loadConfig({ QINGDAN_ACCEL_PREFIX: wrong }), /QINGDAN_ACCEL_PREFIX must be a path/, wrong)
  }
})
