/** The card of a dataset: what it is, its latest edition, and the most useful files. Synthetic data are marked. */
import type { Bilingual, Language } from '../../platform/language.ts'
import { Badge, Day, Marked, number, size } from '../components/words.tsx'
import { type Content, type Html, link } from '../html.tsx'
import { inView, joined, to, type View } from '../view.ts'

export interface PortalFile {
  readonly format: string
  readonly name: string
  readonly bytes: number
  readonly digest: string
  readonly href: string
}

export interface PortalDataset {
  readonly slug: string
  readonly title: Bilingual
  readonly description: Bilingual
  readonly providers: readonly Bilingual[]
  /** Whether the data of the latest version are synthetic; its edition then has a badge. */
  readonly synthetic: boolean
  /** The name of its kind, such as `statistics`. */
  readonly kind?: string
  /** The dataset's metadata as JSON. */
  readonly href: string
  readonly contractHref: string
  /** The latest version of the latest edition; absent if none is published. */
  readonly latest?: {
    readonly edition: string
    readonly version: number
    readonly records: number
    /** Day in Asia/Shanghai, `YYYY-MM-DD`. */
    readonly updated: string
    readonly recordsHref: string
    /** Files to download, spreadsheets first. */
    readonly files: readonly PortalFile[]
  }
}

interface Card {
  readonly dataset: PortalDataset
  readonly view: View
  /** Shown below the description, for example search matches. */
  readonly children?: Content
}

export function DatasetCard({ dataset, view, children }: Card): Html {
  const text = texts[view.language]
  const { latest, slug } = dataset
  const title = inView(view, dataset.title)
  const path = `/datasets/${encodeURIComponent(slug)}`
  return (
    <article class="card">
      <h3>
        <a href={to(view, path)}>{title}</a>
      </h3>
      <p class="faint">
        {joined(
          view,
          dataset.providers.map((provider) => inView(view, provider)),
        )}
      </p>
      <p>
        <Marked text={firstSentence(dataset.description, view.language)} />
      </p>
      {children}
      {latest === undefined ? (
        <p class="faint">{text.nothingYet}</p>
      ) : (
        <>
          <dl>
            <div>
              <dt>{text.edition}</dt>
              <dd>
                {latest.edition} {dataset.synthetic && <Badge language={view.language} />}
              </dd>
            </div>
            <div>
              <dt>{text.records}</dt>
              <dd>{number(latest.records)}</dd>
            </div>
            <div>
              <dt>{text.updated}</dt>
              <dd>
                <Day day={latest.updated} />
              </dd>
            </div>
          </dl>
          <p class="links">
            <a href={to(view, `${path}/table`)}>
              {text.table}
              <span class="unseen"> {title}</span>
            </a>
            {latest.files.slice(0, 2).map(({ format, bytes, href }) => (
              <a key={format} href={link(href)}>
                {formatName(format)} <small class="count">{size(bytes)}</small>
                <span class="unseen"> {title}</span>
              </a>
            ))}
          </p>
        </>
      )}
    </article>
  )
}

/** Names of formats as people know them. */
export function formatName(format: string): string {
  return names[format] ?? format.toUpperCase()
}

const names: Readonly<Record<string, string>> = {
  ...{ xlsx: 'Excel', csv: 'CSV', 'csv.gz': 'CSV (gzip)', json: 'JSON', ndjson: 'NDJSON' },
  ...{ parquet: 'Parquet', 'sdmx.csv': 'SDMX-CSV', zip: 'Data Package (ZIP)', geojson: 'GeoJSON' },
}

/** The beginning of a description, to its first full stop or semicolon. */
function firstSentence(description: Bilingual, language: Language): string {
  const text = description[language]
  const end = language === 'zh' ? /[。；]/.exec(text) : /;\s|\.\s/.exec(text)
  if (end === null) return text
  return `${text.slice(0, end.index)}${language === 'zh' ? '。' : '.'}`
}

const texts = {
  zh: {
    edition: '最新一期',
    records: '记录数',
    updated: '发布日期',
    table: '查看数据',
    nothingYet: '尚未发布数据。',
  },
  en: {
    edition: 'Latest edition',
    records: 'Records',
    updated: 'Published',
    table: 'Look at the data',
    nothingYet: 'No edition has been published yet.',
  },
} as const
