/**
 * Settings, from the environment alone: read once, checked once, frozen. Each setting is one entry here, and
 * `.env.example` is held to this list by a test. An unknown QINGDAN_* name is refused: a typo must not pass as a default.
 */

interface Setting<T> {
  readonly fallback: T
  readonly parse: (text: string) => T | undefined
  readonly expected: string
  readonly about: string
}

const text = (fallback: string, about: string): Setting<string> => ({
  fallback,
  parse: (value) => (value === '' ? undefined : value),
  expected: 'a text that is not empty',
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

/** An origin as browsers send it (RFC 6454): scheme, host, and a port that is not the scheme's own. */
const isOrigin = (one: string) => URL.canParse(one) && new URL(one).origin === one && /^https?:/.test(one)

const origins = (about: string): Setting<string> => ({
  fallback: '',
  parse: (value) => (value.split(',').every(isOrigin) ? value : undefined),
  expected: 'origins such as https://data.example.org, separated by commas without spaces',
  about,
})

const mebi = 1024 * 1024

export const settings = {
  QINGDAN_HOST: text('127.0.0.1', 'Address that the service listens on. Behind a proxy keep the loopback.'),
  QINGDAN_PORT: whole(8080, 0, 65_535, 'Port that the service listens on; 0 takes any free one.'),
  QINGDAN_DATA: text('./var', 'Folder of everything that the service keeps: database, files, quarantine.'),
  QINGDAN_DATASETS: text(
    '',
    'Folder of contracts and code lists; by default the one that ships with the code.',
  ),
  QINGDAN_PUBLIC_URL: text(
    '',
    'Address under which readers reach the service, without a slash at its end; it begins every link. By default links are paths.',
  ),
  QINGDAN_MCP_ORIGINS: origins(
    'Origins of web pages that may ask at /mcp besides the one of QINGDAN_PUBLIC_URL. Programs send none and always may.',
  ),
  QINGDAN_PULL_KEY: text(
    '',
    'The key that the command `qingdan pull` sends to the service that it pulls from. A service has no use for it.',
  ),
  QINGDAN_ACCEL_PREFIX: path(
    "Where a proxy such as nginx keeps the data folder's `files` as an internal place, like /_files: the proxy then sends them, told by X-Accel-Redirect. By default the service does.",
  ),
  QINGDAN_SAMPLES: choice(
    'auto',
    ['auto', 'always', 'never'],
    'Whether the synthetic samples are published at the first start: auto means only into an empty embedded database.',
  ),
  QINGDAN_LOG_LEVEL: choice(
    'info',
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    'The least level that is logged.',
  ),
  QINGDAN_RATE_PER_MINUTE: whole(1200, 1, 1_000_000, 'Requests per minute that one address or key may make.'),
  QINGDAN_USAGE_DAYS: whole(
    400,
    1,
    3_660,
    'Days for which it is kept how much was asked with each key, by dataset; 400 compare a month with the one a year before.',
  ),
  QINGDAN_BODY_BYTES_MAX: whole(64 * mebi, 1024, 16_384 * mebi, 'Largest body of a request, in bytes.'),
  QINGDAN_SHUTDOWN_SECONDS: whole(20, 1, 600, 'Seconds that requests and jobs have to end after SIGTERM.'),
  QINGDAN_POOL_MAX: whole(10, 2, 200, 'Connections that each of the serving and the working pool may hold.'),
  QINGDAN_CACHE_BYTES_MAX: whole(
    64 * mebi,
    0,
    16_384 * mebi,
    'Bytes of answers that each process keeps, to give them again; 0 keeps none.',
  ),
  QINGDAN_STREAMS_MAX: whole(
    20,
    1,
    500,
    'Streams of records that may be open at once, each on a database connection of its own; one caller may hold half.',
  ),
  QINGDAN_WAITS_MAX: whole(
    200,
    1,
    10_000,
    'Requests that may wait at once for a change to come (`wait` of /v1/changes); one caller may hold half.',
  ),
  QINGDAN_STREAM_STALL_SECONDS: whole(
    60,
    1,
    3_600,
    'Seconds that a stream waits for a reader who takes nothing, before it is cut.',
  ),
  QINGDAN_BUNDLE_FILES_MAX: whole(2_000, 1, 100_000, 'Files that a bundle may hold.'),
  QINGDAN_BUNDLE_BYTES_MAX: whole(
    8_192 * mebi,
    1024,
    1_048_576 * mebi,
    'Bytes that a bundle may hold once unpacked.',
  ),
  QINGDAN_BUNDLE_INFLATION_MAX: whole(
    200,
    2,
    10_000,
    'How many times its packed size an entry of a ZIP may unpack to. Well-kept CSV seldom passes 30.',
  ),
  QINGDAN_BUNDLE_ROWS_MAX: whole(20_000_000, 1, 1_000_000_000, 'Rows that a bundle may hold.'),
  QINGDAN_FIELD_BYTES_MAX: whole(mebi, 64, 64 * mebi, 'Bytes that one field of a CSV may hold.'),
  QINGDAN_GROUP_BAGS_MAX: whole(100, 1, 10_000, 'Bags that may make one bundle together.'),
  QINGDAN_DELTA_CHAIN_MAX: whole(
    50,
    1,
    1_000,
    'Deltas that may rest on each other before a full bundle is asked for; each costs time when rows have to be built again.',
  ),
  QINGDAN_UNSIGNED: choice(
    'refuse',
    ['refuse', 'allow'],
    'What becomes of bundles that are not signed, or by a key that nobody registered: allow takes them with a warning.',
  ),
  QINGDAN_UPLOAD_HOURS: whole(
    48,
    1,
    8_760,
    'Hours after which an unfinished upload goes, counted from its beginning.',
  ),
  QINGDAN_UPLOADS_MAX: whole(20, 1, 1_000, 'Unfinished uploads that a key may have at once.'),
  QINGDAN_INBOX: text(
    '',
    'Folder that is watched for bundles, such as the mount of a stick or a share. By default none is.',
  ),
  QINGDAN_INBOX_SECONDS: whole(5, 1, 3_600, 'Seconds between two looks into the inbox.'),
  QINGDAN_INBOX_REST_SECONDS: whole(
    10,
    1,
    3_600,
    'Seconds for which a bundle in the inbox must stay as it is before it is taken: who copies it may pause.',
  ),
  QINGDAN_INBOX_PATIENCE_SECONDS: whole(
    3_600,
    1,
    604_800,
    'Seconds after which what stays as it is and is not whole is taken for a broken bundle, and refused with a receipt.',
  ),
  QINGDAN_FINDINGS_MAX: whole(10_000, 1, 1_000_000, 'Findings kept for a bundle. All are counted.'),
} as const satisfies Record<string, unknown>

export type SettingName = keyof typeof settings

type Settings = {
  readonly [Name in SettingName]: (typeof settings)[Name] extends Setting<infer T> ? T : never
}

export interface Config extends Settings {
  /** A server to use in place of the embedded database. */
  readonly DATABASE_URL?: string
}

/** Thrown by `loadConfig`; the message lists every fault at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** Reads the settings from an environment. Throws ConfigError naming every fault. */
export function loadConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = []
  const config: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(settings) as [SettingName, Setting<unknown>][]) {
    const given = environment[name]
    const value = given === undefined || given === '' ? setting.fallback : setting.parse(given)
    if (value === undefined) faults.push(`${name} must be ${setting.expected}.`)
    config[name] = value
  }
  for (const name of Object.keys(environment)) {
    if (name.startsWith('QINGDAN_') && !(name in settings)) {
      faults.push(`${name} is not a setting. See .env.example for all of them.`)
    }
  }
  const url = environment['DATABASE_URL']
  if (url !== undefined && url !== '') {
    if (/^postgres(ql)?:\/\//.test(url)) config['DATABASE_URL'] = url
    else faults.push('DATABASE_URL must begin with postgres:// or postgresql://.')
  }
  if (faults.length > 0) throw new ConfigError(faults.join('\n'))
  return Object.freeze(config) as unknown as Config
}
