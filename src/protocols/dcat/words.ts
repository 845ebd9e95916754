/**
 * Our codes in the words of the authorities that DCAT-AP 3 names: the tables of the Publications Office of the EU and
 * the media types of IANA. What has no word there has none here either; it is then said in our own words alone.
 */
import type { Bilingual } from '../../platform/language.ts'

const authority = 'http://publications.europa.eu/resource/authority'

/** Codes of the list `update-frequencies`: https://op.europa.eu/en/web/eu-vocabularies/dataset/-/resource?uri=http://publications.europa.eu/resource/dataset/frequency */
const frequencies: Readonly<Record<string, string>> = {
  'real-time': 'UPDATE_CONT',
  daily: 'DAILY',
  weekly: 'WEEKLY',
  monthly: 'MONTHLY',
  quarterly: 'QUARTERLY',
  'half-yearly': 'ANNUAL_2',
  yearly: 'ANNUAL',
  irregular: 'IRREG',
  once: 'NEVER',
}

/** How often a dataset is renewed; undefined where the authority has no word for the code. */
export function frequencyOf(code: string): string | undefined {
  const word = frequencies[code]
  return word === undefined ? undefined : `${authority}/frequency/${word}`
}

/** Codes of the list `open-classes`. What is open with a condition is `RESTRICTED`: available under certain conditions. */
const accessRights: Readonly<Record<string, string>> = {
  unconditional: 'PUBLIC',
  conditional: 'RESTRICTED',
  'not-open': 'NON_PUBLIC',
}

/** Who may have the data. */
export function accessRightOf(openClass: string): string | undefined {
  const word = accessRights[openClass]
  return word === undefined ? undefined : `${authority}/access-right/${word}`
}

export interface AuthorityTheme {
  readonly iri: string
  /** As the authority calls it in English. */
  readonly label: string
}

const education = { iri: `${authority}/data-theme/EDUC`, label: 'Education, culture and sport' }
const government = { iri: `${authority}/data-theme/GOVE`, label: 'Government and public sector' }

/** Codes of the list `themes`. */
const themes: Readonly<Record<string, AuthorityTheme>> = {
  education,
  culture: education,
  health: { iri: `${authority}/data-theme/HEAL`, label: 'Health' },
  'public-service': government,
  government,
}

/** The theme of the authority that is nearest to one of ours. */
export function authorityTheme(theme: string): AuthorityTheme | undefined {
  return themes[theme]
}

/** The state of what was taken back. */
export const withdrawnStatus = `${authority}/dataset-status/WITHDRAWN`

/** The languages that texts of the catalogue are written in. */
export const languages = [`${authority}/language/ZHO`, `${authority}/language/ENG`] as const

const media = 'https://www.iana.org/assignments/media-types'
const spreadsheet = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

export interface FileWords {
  /** In the authority's table of file types. */
  readonly fileType?: string
  /** As people call it, where the authority has no word. */
  readonly label?: string
  /** At IANA; absent where the type is not registered there. */
  readonly mediaType?: string
  readonly compressed?: string
  readonly packed?: string
}

/** What a distribution's format is called, by the names of `formats/`. */
const files: Readonly<Record<string, FileWords>> = {
  csv: { fileType: `${authority}/file-type/CSV`, mediaType: `${media}/text/csv` },
  'csv.gz': {
    fileType: `${authority}/file-type/CSV`,
    mediaType: `${media}/text/csv`,
    compressed: `${media}/application/gzip`,
  },
  ndjson: { label: 'NDJSON' },
  json: { fileType: `${authority}/file-type/JSON`, mediaType: `${media}/application/json` },
  xlsx: { fileType: `${authority}/file-type/XLSX`, mediaType: `${media}/${spreadsheet}` },
  parquet: { label: 'Apache Parquet', mediaType: `${media}/application/vnd.apache.parquet` },
  zip: {
    fileType: `${authority}/file-type/CSV`,
    mediaType: `${media}/text/csv`,
    packed: `${media}/application/zip`,
  },
}

/** The words for a format; a new one is called by its own name. */
export function fileWords(format: string): FileWords {
  return files[format] ?? { label: format }
}

/** Said of what was made up for demonstration. */
export const synthetic: Bilingual = {
  zh: '合成样例：由程序生成，仅供试用，不是真实数据。',
  en: 'Synthetic sample: made by a program for trying out; not real data.',
}
