/** The page of one dataset: what it is, its latest files, first rows, quality, fields, how to cite it. */

import { latestOf } from '../../catalogue/index.ts'
import type { Contracts } from '../../contract/index.ts'
import { dayInShanghai } from '../../platform/time.ts'
import { FactList } from '../components/table-parts.tsx'
import { Badge, Day, Marked, number } from '../components/words.tsx'
import { RowsTable } from '../explorer/rows-table.tsx'
import { type Content, type Html, link } from '../html.tsx'
import { page } from '../layout.tsx'
import { inView, joined, to, type View } from '../view.ts'
import { Cite } from './cite.tsx'
import { FieldsTable } from './fields-table.tsx'
import { Files } from './files.tsx'
import type { DatasetPage } from './find-page.ts'
import { Quality } from './quality.tsx'
import { DatasetTabs } from './tabs.tsx'

/** Columns of the preview. */
const previewColumns = 8

interface PageParts {
  readonly content: DatasetPage
  readonly contracts: Contracts
  readonly view: View
}

/** Renders the page. */
export function renderDatasetPage(parts: PageParts): string {
  const { content, contracts, view } = parts
  const { contract, dataset, latest, data } = content
  const text = texts[view.language]
  const title = inView(view, contract.title)
  return page(view, {
    title,
    description: inView(view, contract.description),
    crumbs: [{ text: text.datasets, href: to(view, '/datasets') }],
    alternates: [
      { href: dataset.href, type: 'application/json' },
      { href: `${dataset.href}.ttl`, type: 'text/turtle' },
      { href: `${dataset.href}.jsonld`, type: 'application/ld+json' },
      { href: `${dataset.href}.rdf`, type: 'application/rdf+xml' },
      // Croissant, beside the data of schema.org in the page.
      ...(latest === undefined
        ? []
        : [
            {
              href: `${dataset.href}/editions/${latest.edition}/versions/${latest.number}/croissant.json`,
              type: 'application/ld+json',
            },
          ]),
    ],
    data,
    main: (
      <article>
        <h1>
          {title} {dataset.synthetic && <Badge language={view.language} />}
        </h1>
        <DatasetTabs contract={contract} current="about" view={view} />
        <section class="lead">
          <p>
            <Marked text={inView(view, contract.description)} />
          </p>
          {dataset.synthetic && (
            <div class="note">
              <p>{text.synthetic}</p>
            </div>
          )}
        </section>
        <Facts {...parts} />
        <section aria-labelledby="files">
          <h2 id="files">{text.downloads}</h2>
          {dataset.latest === undefined ? (
            <p class="faint">{text.nothingYet}</p>
          ) : (
            <Files files={dataset.latest.files} view={view} />
          )}
        </section>
        <Preview {...parts} />
        <Editions {...parts} />
        {latest !== undefined && (
          <section aria-labelledby="quality">
            <h2 id="quality">{text.quality}</h2>
            <Quality contracts={contracts} contract={content.read} version={latest} view={view} />
          </section>
        )}
        <section aria-labelledby="fields">
          <h2 id="fields">
            {text.fields} <span class="count">{contract.fields.length}</span>
          </h2>
          <FieldsTable contracts={contracts} fields={contract.fields} view={view} />
        </section>
        {latest !== undefined && (
          <section aria-labelledby="cite">
            <h2 id="cite">{text.cite}</h2>
            <Cite
              dataset={dataset}
              edition={latest.edition}
              version={latest.number}
              day={dayInShanghai(latest.publishedAt)}
              view={view}
            />
          </section>
        )}
        <Machines {...parts} />
      </article>
    ),
  })
}

function Facts({ content, view }: PageParts): Html {
  const text = texts[view.language]
  const { contract, dataset, rhythm, openClass, source } = content
  const { licence } = contract
  const providers = dataset.providers.map((provider) => inView(view, provider))
  const facts: readonly (readonly [string, Content])[] = [
    [text.providers, joined(view, providers)],
    [text.rhythm, inView(view, rhythm)],
    ...(dataset.latest === undefined
      ? []
      : ([
          [
            text.latest,
            <>
              {text.version(dataset.latest.edition, dataset.latest.version)}{' '}
              <Day day={dataset.latest.updated} />
            </>,
          ],
          [text.records, number(dataset.latest.records)],
        ] as const)),
    [text.openClass, inView(view, openClass)],
    [
      text.licence,
      licence.url === undefined ? (
        inView(view, licence.title)
      ) : (
        <a href={link(licence.url)}>{inView(view, licence.title)}</a>
      ),
    ],
    [text.source, inView(view, source)],
    [text.contact, <a href={to(view, '/contact')}>{text.contactAbout}</a>],
  ]
  return <FactList facts={facts} />
}

function Preview({ content, contracts, view }: PageParts): Html | undefined {
  const { preview, read, contract } = content
  if (preview === undefined) return undefined
  const text = texts[view.language]
  return (
    <section aria-labelledby="preview">
      <h2 id="preview">{text.preview}</h2>
      <RowsTable
        context={{ contracts, contract: read, view }}
        fields={read.fields.slice(0, previewColumns)}
        rows={preview.rows}
        labelledBy="preview"
      />
      <p>
        <a href={to(view, `/datasets/${contract.dataset}/table`)}>{text.table(number(preview.records))}</a>
      </p>
    </section>
  )
}

/** The editions, each with its latest version. */
function Editions({ content, view }: PageParts): Html | undefined {
  const { versions, contract } = content
  const text = texts[view.language]
  const names = [...new Set(versions.map(({ edition }) => edition))]
  if (names.length === 0) return undefined
  return (
    <section aria-labelledby="editions">
      <h2 id="editions">
        {text.editions} <span class="count">{names.length}</span>
      </h2>
      <ul>
        {names.map((name) => {
          const latest = latestOf(versions.filter(({ edition }) => edition === name))
          return (
            <li key={name}>
              <a href={to(view, `/datasets/${contract.dataset}/editions/${name}`)}>{name}</a>{' '}
              {latest === undefined
                ? text.withdrawn
                : text.current(latest.number, number(latest.records), dayInShanghai(latest.publishedAt))}
            </li>
          )
        })}
      </ul>
    </section>
  )
}

function Machines({ content, view }: PageParts): Html {
  const text = texts[view.language]
  const { dataset, contract } = content
  return (
    <section aria-labelledby="machines">
      <h2 id="machines">{text.machines}</h2>
      <p class="links">
        <a href={`/docs?dataset=${contract.dataset}&lang=${view.language}`}>{text.docs}</a>
        {dataset.latest !== undefined && <a href={link(dataset.latest.recordsHref)}>{text.recordsLink}</a>}
        <a href={link(dataset.href)}>{text.metadata}</a>
        <a href={link(dataset.contractHref)}>{text.contract}</a>
        {['ttl', 'jsonld', 'rdf'].map((extension) => (
          <a key={extension} href={link(`${dataset.href}.${extension}`)}>
            DCAT .{extension}
          </a>
        ))}
      </p>
    </section>
  )
}

const texts = {
  zh: {
    datasets: '数据目录',
    synthetic: '这是合成样例，由程序生成，仅供试用，不反映任何真实学校或个人。',
    providers: '提供部门',
    rhythm: '更新频率',
    latest: '最新数据',
    version: (edition: string, version: number) => `${edition} 期第 ${version} 版，发布于`,
    records: '记录数',
    openClass: '开放属性',
    licence: '使用许可',
    source: '数据来源',
    contact: '联系方式',
    contactAbout: '对数据有疑问',
    downloads: '数据下载',
    nothingYet: '尚未发布数据。',
    preview: '数据预览',
    table: (records: string) => `查询全部 ${records} 条记录`,
    editions: '各期数据',
    withdrawn: '已撤回',
    current: (version: number, records: string, day: string) =>
      `第 ${version} 版，${records} 条记录，${day} 发布`,
    quality: '质量与保密说明',
    fields: '字段说明',
    cite: '如何引用',
    machines: '接口与元数据',
    docs: '接口文档',
    recordsLink: '记录（JSON）',
    metadata: '元数据（JSON）',
    contract: '数据契约（JSON）',
  },
  en: {
    datasets: 'Datasets',
    synthetic:
      'This is a synthetic sample, generated by a program for trials. It describes no real school or person.',
    providers: 'Providers',
    rhythm: 'Update frequency',
    latest: 'Latest data',
    version: (edition: string, version: number) => `Edition ${edition}, version ${version}, published`,
    records: 'Records',
    openClass: 'Openness',
    licence: 'Licence',
    source: 'Source',
    contact: 'Contact',
    contactAbout: 'Questions about these data',
    downloads: 'Downloads',
    nothingYet: 'No edition has been published yet.',
    preview: 'First rows',
    table: (records: string) => `Look through all ${records} records`,
    editions: 'Editions',
    withdrawn: 'withdrawn',
    current: (version: number, records: string, day: string) =>
      `version ${version}, ${records} records, published ${day}`,
    quality: 'Quality and confidentiality',
    fields: 'Fields',
    cite: 'How to cite',
    machines: 'For programs',
    docs: 'API documentation',
    recordsLink: 'Records (JSON)',
    metadata: 'Metadata (JSON)',
    contract: 'Contract (JSON)',
  },
} as const
