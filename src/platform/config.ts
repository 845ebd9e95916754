/**
 * Settings, from the environment only: read once, checked once, frozen. A test compares `.env.example` with
 * this list. Rejects an unknown QINGDAN_* name, so that a typo never falls back to a default.
 */

import ipaddr from 'ipaddr.js'

interface Setting<T> {
  readonly fallback: T
  readonly parse: (text: string) => T | undefined
  readonly expected: string
  readonly about: string
}

const text = (fallback: string, about: string): Setting<string> => ({
  fallback,
  parse: (value) => (value === '' ? undefined : value),
  expected: 'a non-empty text',
  about,
})

const whole = (fallback: number, minimum: number, maximum: number, about: string): Setting<number> => ({
  fallback,
  parse: (value) => {
    const number = Number(value)
    return /^\d{1,15}$/.test(value) && number >= minimum && number <= maximum ? number : undefined
  },
  expected: `a whole number from ${minimum} to ${maximum}`,
  about,
})

/** A hundred years, which is forever. */
const days = (fallback: number, about: string): Setting<number> => whole(fallback, 0, 36_500, about)

const choice = <const T extends string>(fallback: T, options: readonly T[], about: string): Setting<T> => ({
  fallback,
  parse: (value) => options.find((option) => option === value),
  expected: `one of ${options.join(', ')}`,
  about,
})

const path = (about: string): Setting<string> => ({
  fallback: '',
  parse: (value) => (/^(\/[A-Za-z0-9_.-]+)+$/.test(value) ? value : undefined),
  expected: 'a path of letters, digits and _ . - that begins with a slash and does not end with one',
  about,
})

const database = (about: string): Setting<string> => ({
  fallback: '',
  parse: (value) => (isDatabase(value) ? value : undefined),
  expected: 'an address that begins with postgres:// or postgresql://',
  about,
})

const isDatabase = (value: string) => /^postgres(ql)?:\/\//.test(value)

/** An origin as browsers send it (RFC 6454): scheme, host, and a port other than the scheme's default. */
const isOrigin = (one: string) => URL.canParse(one) && new URL(one).origin === one && /^https?:/.test(one)

const origins = (about: string): Setting<string> => ({
  fallback: '',
  parse: (value) => (value.split(',').every(isOrigin) ? value : undefined),
  expected: 'origins such as https://data.example.org, separated by commas without spaces',
  about,
})

/** Most networks of proxies; each is compared for every request with X-Forwarded-For. */
const proxiesMax = 50

/** A network as CIDR, or one address; one that has every address would trust every caller. */
const isProxyNetwork = (one: string) =>
  ipaddr.isValid(one) || (ipaddr.isValidCIDR(one) && ipaddr.parseCIDR(one)[1] > 0)

const networks = (about: string): Setting<string> => ({
  fallback: '',
  parse: (value) => {
    const all = value.split(',')
    return all.length <= proxiesMax && all.every(isProxyNetwork) ? value : undefined
  },
  expected: `1 to ${proxiesMax} networks or addresses such as 10.0.0.0/24,2001:db8::7, separated by commas without spaces`,
  about,
})

/** An absolute address of http or https. Every link begins with it, so it has no user, query or fragment. */
const httpUrl = (about: string): Setting<string> => ({
  fallback: '',
  parse: (value) => {
    if (!/^https?:\/\/[^\s?#\\]+$/i.test(value) || !URL.canParse(value)) return undefined
    const { username, password, href } = new URL(value)
    return username === '' && password === '' ? href.replace(/\/+$/, '') : undefined
  },
  expected: 'an address of http or https such as https://data.example.org, without user, query and fragment',
  about,
})

/** Whether only this machine can reach a host. A name other than `localhost` may mean any address. */
function isLoopback(host: string): boolean {
  if (host === 'localhost') return true
  return ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback'
}

const mebi = 1024 * 1024

export const settings = {
  QINGDAN_HOST: text(
    '127.0.0.1',
    'Address that the service listens on. Behind a proxy, keep the loopback address.',
  ),
  QINGDAN_PORT: whole(8080, 0, 65_535, 'Port that the service listens on; 0 chooses any free port.'),
  QINGDAN_DATA: text('./var', 'Data folder: embedded database, files, quarantine.'),
  QINGDAN_WORK_URL: database(
    'Address of the login role that processes data, on the server of DATABASE_URL. Set it together with QINGDAN_SERVE_URL; by default the service creates both roles.',
  ),
  QINGDAN_SERVE_URL: database(
    'Address of the login role that answers readers, on the server of DATABASE_URL. It only reads what is published.',
  ),
  QINGDAN_DATASETS: text('', 'Folder of contracts and code lists; by default `datasets` of this repository.'),
  QINGDAN_PUBLIC_URL: httpUrl(
    'Public address of the service (http or https). Every absolute link begins with it. Required unless QINGDAN_HOST is a loopback address; there, links are paths or begin with the listening address by default.',
  ),
  QINGDAN_CONTACT: text(
    '',
    'How readers reach the operator, as the portal shows it: an e-mail address, a telephone number or an address of a page.',
  ),
  QINGDAN_MCP_ORIGINS: origins(
    'Origins of web pages that may call /mcp, besides that of QINGDAN_PUBLIC_URL. Requests without an Origin header are always allowed.',
  ),
  QINGDAN_TRUSTED_PROXIES: networks(
    'Proxies on other machines whose X-Forwarded-For names the caller. Proxies on this machine are always trusted. Name the proxies alone: any other machine in these networks could choose the address that it is counted by.',
  ),
  QINGDAN_PULL_KEY: text(
    '',
    'Key that `qingdan pull` sends to the service it pulls from. The service itself does not use it.',
  ),
  QINGDAN_ACCEL_PREFIX: path(
    "Internal location, such as /_files, under which nginx serves the data folder's `files`. The service then answers downloads with X-Accel-Redirect. By default it sends the files itself.",
  ),
  QINGDAN_SAMPLES: choice(
    'auto',
    ['auto', 'always', 'never'],
    'Whether the first start publishes the synthetic samples; auto: only into an empty embedded database.',
  ),
  QINGDAN_LOG_LEVEL: choice(
    'info',
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    'Lowest level that is logged.',
  ),
  QINGDAN_RATE_PER_MINUTE: whole(1200, 1, 1_000_000, 'Requests per minute allowed for one address or key.'),
  QINGDAN_USAGE_RETENTION_DAYS: whole(
    400,
    1,
    3_660,
    'Days for which usage counts by key and dataset are stored; 400 days allow comparing a month with the same month a year earlier.',
  ),
  QINGDAN_BODY_BYTES_MAX: whole(64 * mebi, 1024, 16_384 * mebi, 'Largest request body, in bytes.'),
  QINGDAN_SHUTDOWN_SECONDS: whole(20, 1, 600, 'Seconds that requests and jobs have to finish after SIGTERM.'),
  QINGDAN_POOL_MAX: whole(
    10,
    2,
    200,
    'Database connections in each of the two pools, for serving and for work.',
  ),
  QINGDAN_CONNECTIONS_PER_CLIENT_MAX: whole(
    200,
    1,
    100_000,
    'Open connections of one client, not counting those of a proxy on this machine; requests over further ones get 429.',
  ),
  QINGDAN_REQUESTS_PER_CONNECTION_MAX: whole(
    1_000,
    1,
    1_000_000_000,
    'Requests over one connection, which then closes; so connections move on to other processes.',
  ),
  QINGDAN_PAGES_WAITING_MAX: whole(
    200,
    2,
    100_000,
    'Pages that wait until the database can serve them; one client may have half of them, further ones get 503.',
  ),
  QINGDAN_CACHE_BYTES_MAX: whole(
    64 * mebi,
    0,
    16_384 * mebi,
    'Bytes of responses that each process caches; 0 disables the cache.',
  ),
  QINGDAN_SCRUB_BYTES_PER_SECOND: whole(
    8 * mebi,
    0,
    1_024 * mebi,
    'Bytes per second that the running service reads again to find damaged files; 0 only compares sizes.',
  ),
  QINGDAN_STREAMS_MAX: whole(
    20,
    1,
    500,
    'Concurrent streams of records, each on its own database connection; one caller may hold half of them.',
  ),
  QINGDAN_LONG_POLLS_MAX: whole(
    200,
    1,
    10_000,
    'Concurrent long polls (`wait` of /v1/changes); one caller may hold half of them.',
  ),
  QINGDAN_STREAM_STALL_SECONDS: whole(
    60,
    1,
    3_600,
    'Seconds without progress after which the stream of a stalled reader is closed.',
  ),
  QINGDAN_BUNDLE_FILES_MAX: whole(2_000, 1, 100_000, 'Most files in a bundle.'),
  QINGDAN_BUNDLE_BYTES_MAX: whole(8_192 * mebi, 1024, 1_048_576 * mebi, 'Most bytes in a bundle, unpacked.'),
  QINGDAN_BUNDLE_INFLATION_MAX: whole(
    200,
    2,
    10_000,
    'Highest ratio of unpacked to packed size of a ZIP entry. Ordinary CSV seldom exceeds 30.',
  ),
  QINGDAN_BUNDLE_ROWS_MAX: whole(20_000_000, 1, 1_000_000_000, 'Most rows in a bundle.'),
  QINGDAN_FIELD_BYTES_MAX: whole(mebi, 64, 64 * mebi, 'Most bytes in one field of a CSV.'),
  QINGDAN_GROUP_BAGS_MAX: whole(100, 1, 10_000, 'Most bags in one group (`Bag-Group-Identifier`).'),
  QINGDAN_DELTA_CHAIN_MAX: whole(
    50,
    1,
    1_000,
    'Consecutive deltas accepted before a full bundle is required; rebuilding rows takes longer with each delta.',
  ),
  QINGDAN_UNSIGNED: choice(
    'refuse',
    ['refuse', 'allow'],
    'Whether bundles without a signature, or signed by an unregistered key, are refused; allow accepts them with a warning.',
  ),
  QINGDAN_REFUSED_RETENTION_DAYS: days(
    90,
    'Days for which the bytes of refused bundles are stored; receipts and findings stay.',
  ),
  QINGDAN_QUARANTINED_RETENTION_DAYS: days(
    180,
    'Days after which a bundle in quarantine is dropped if nobody has decided about it.',
  ),
  QINGDAN_SUPERSEDED_RETENTION_DAYS: days(
    365,
    'Days for which the bytes of a staged bundle are stored after a newer one has replaced it, unless it is needed.',
  ),
  QINGDAN_WITHDRAWN_RETENTION_DAYS: days(
    0,
    'Days for which the records and files of a withdrawn version are stored, and the bundles that newer ones replaced, although nobody can read them.',
  ),
  QINGDAN_BAG_RETENTION_DAYS: days(
    30,
    'Days for which the signed bag of a version is stored after its creation; the next request creates it again.',
  ),
  QINGDAN_UPLOAD_EXPIRY_HOURS: whole(
    48,
    1,
    8_760,
    'Hours after which an unfinished upload is deleted, counted from its start.',
  ),
  QINGDAN_UPLOADS_MAX: whole(20, 1, 1_000, 'Concurrent unfinished uploads of one key.'),
  QINGDAN_INBOX: text(
    '',
    'Folder watched for bundles, such as a mounted USB disk or network share. By default none is watched.',
  ),
  QINGDAN_INBOX_POLL_SECONDS: whole(5, 1, 3_600, 'Seconds between two scans of the inbox.'),
  QINGDAN_INBOX_SETTLE_SECONDS: whole(
    10,
    1,
    3_600,
    'Seconds for which a bundle in the inbox must stay unchanged before it is ingested, since copying it may pause.',
  ),
  QINGDAN_INBOX_TIMEOUT_SECONDS: whole(
    3_600,
    1,
    604_800,
    'Seconds after which an unchanged but incomplete bundle is refused with a receipt.',
  ),
  QINGDAN_FINDINGS_MAX: whole(
    10_000,
    1,
    1_000_000,
    'Findings stored for a bundle. All findings are counted, up to QINGDAN_FINDINGS_COUNTED_MAX.',
  ),
  QINGDAN_FINDINGS_COUNTED_MAX: whole(
    100_000,
    1,
    1_000_000_000,
    'Findings after which the validation of a bundle stops, if they already exceed the tolerance of its contract. Rows of a released bundle are always read to the end.',
  ),
} as const satisfies Record<string, unknown>

export type SettingName = keyof typeof settings

/** Former names, read until the next release: the old name and the setting that replaces it. */
export const formerSettings: ReadonlyMap<string, SettingName> = new Map<string, SettingName>([
  ['QINGDAN_INBOX_PATIENCE_SECONDS', 'QINGDAN_INBOX_TIMEOUT_SECONDS'],
  ['QINGDAN_INBOX_REST_SECONDS', 'QINGDAN_INBOX_SETTLE_SECONDS'],
  ['QINGDAN_INBOX_SECONDS', 'QINGDAN_INBOX_POLL_SECONDS'],
  ['QINGDAN_UPLOAD_HOURS', 'QINGDAN_UPLOAD_EXPIRY_HOURS'],
  ['QINGDAN_USAGE_DAYS', 'QINGDAN_USAGE_RETENTION_DAYS'],
  ['QINGDAN_WAITS_MAX', 'QINGDAN_LONG_POLLS_MAX'],
])

/** A setting that was given under its former name. */
interface DeprecatedSetting {
  readonly name: string
  readonly replacement: SettingName
}

type Settings = {
  readonly [Name in SettingName]: (typeof settings)[Name] extends Setting<infer T> ? T : never
}

export interface Config extends Settings {
  /** A server to use instead of the embedded database. */
  readonly DATABASE_URL?: string
  /** The settings given under former names, for a warning. */
  readonly deprecatedSettings: readonly DeprecatedSetting[]
}

/** The sentence that warns of a former name. */
export function deprecationText({ name, replacement }: DeprecatedSetting): string {
  return `${name} is now called ${replacement}. The old name still works, and will be refused after the next release.`
}

/** Thrown by `loadConfig`; the message lists all faults. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * Reads the settings from an environment; a former name counts as the new one. Throws ConfigError with every
 * fault, including a former and a new name with different values.
 */
export function loadConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = []
  const deprecatedSettings = findDeprecated(environment, faults)
  const formerNames = new Map(deprecatedSettings.map(({ name, replacement }) => [replacement, name]))
  const config: Record<string, unknown> = { deprecatedSettings }
  for (const [name, setting] of Object.entries(settings) as [SettingName, Setting<unknown>][]) {
    const source = formerNames.get(name) ?? name
    const given = environment[source]
    const value = given === undefined || given === '' ? setting.fallback : setting.parse(given)
    if (value === undefined) faults.push(`${source} must be ${setting.expected}.`)
    config[name] = value
  }
  for (const name of Object.keys(environment)) {
    if (name.startsWith('QINGDAN_') && !(name in settings) && !formerSettings.has(name)) {
      faults.push(`${name} is not a setting. See .env.example for all settings.`)
    }
  }
  const url = environment['DATABASE_URL']
  if (url !== undefined && url !== '') {
    if (isDatabase(url)) config['DATABASE_URL'] = url
    else faults.push('DATABASE_URL must begin with postgres:// or postgresql://.')
  }
  const { QINGDAN_HOST: host, QINGDAN_PUBLIC_URL: publicUrl } = config
  if (publicUrl === '' && !isLoopback(String(host))) {
    faults.push(
      'QINGDAN_PUBLIC_URL must be set, because QINGDAN_HOST is not a loopback address: links must not depend on ' +
        'what a request claims. Example: QINGDAN_PUBLIC_URL=https://data.example.org',
    )
  }
  if ((config['QINGDAN_WORK_URL'] === '') !== (config['QINGDAN_SERVE_URL'] === ''))
    faults.push('QINGDAN_WORK_URL and QINGDAN_SERVE_URL must be set together.')
  else if (config['QINGDAN_WORK_URL'] !== '' && config['DATABASE_URL'] === undefined)
    faults.push('QINGDAN_WORK_URL needs DATABASE_URL, the address of the owner, who migrates.')
  if (faults.length > 0) throw new ConfigError(faults.join('\n'))
  return Object.freeze(config) as unknown as Config
}

/** The former names in an environment. Adds a fault where the new name has another value. */
function findDeprecated(
  environment: Readonly<Record<string, string | undefined>>,
  faults: string[],
): readonly DeprecatedSetting[] {
  const found: DeprecatedSetting[] = []
  for (const [name, replacement] of formerSettings) {
    const [given, current] = [environment[name] ?? '', environment[replacement] ?? '']
    if (given === '') continue
    found.push({ name, replacement })
    if (current !== '' && current !== given) {
      faults.push(`${name} and ${replacement} are the same setting with different values. Remove ${name}.`)
    }
  }
  return Object.freeze(found)
}
