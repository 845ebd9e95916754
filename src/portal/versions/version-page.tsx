/** The page of one version: why it was made, what changed, its files; of a withdrawn version why, and its successor. */

import { addresses, isSynthetic } from '../../catalogue/index.ts'
import type { Contracts } from '../../contract/index.ts'
import { dayInShanghai } from '../../platform/time.ts'
import { FactList } from '../components/table-parts.tsx'
import { Badge, Day, number } from '../components/words.tsx'
import { Cite } from '../datasets/cite.tsx'
import { Files } from '../datasets/files.tsx'
import { Quality } from '../datasets/quality.tsx'
import { DatasetTabs } from '../datasets/tabs.tsx'
import { RowsTable } from '../explorer/rows-table.tsx'
import type { Content, Html } from '../html.tsx'
import { page } from '../layout.tsx'
import { inView, to, type View } from '../view.ts'
import { DifferenceTable } from './difference-table.tsx'
import type { VersionPage } from './find-version.ts'

interface PageParts {
  readonly content: VersionPage
  readonly contracts: Contracts
  readonly view: View
}

export function renderVersion(parts: PageParts): string {
  const { content, contracts, view } = parts
  const { version, contract, dataset, isWithdrawn, files, rows, preview } = content
  const text = texts[view.language]
  const title = inView(view, dataset.title)
  const path = `/datasets/${dataset.slug}`
  const heading = text.heading(version.edition, version.number)
  const isDraft = version.publishedAt === null
  const href = addresses({ QINGDAN_PUBLIC_URL: '' }).version(version)
  return page(view, {
    title: `${heading} · ${title}`,
    isHidden: isDraft || isWithdrawn,
    crumbs: [
      { text: text.datasets, href: to(view, '/datasets') },
      { text: title, href: to(view, path) },
      { text: text.versions, href: to(view, `${path}/editions`) },
    ],
    alternates: isDraft
      ? []
      : [
          { href, type: 'application/json' },
          ...(isWithdrawn ? [] : [{ href: `${href}/croissant.json`, type: 'application/ld+json' }]),
        ],
    main: (
      <article>
        <h1>
          {title} <span class="count">{heading}</span>{' '}
          {isSynthetic(version) && <Badge language={view.language} />}
        </h1>
        <DatasetTabs contract={contract} current="versions" view={view} />
        <Validity {...parts} />
        <Facts {...parts} />
        {!isWithdrawn && (
          <section aria-labelledby="files">
            <h2 id="files">{text.downloads}</h2>
            <Files files={files} view={view} />
          </section>
        )}
        <Changed {...parts} />
        {rows !== undefined && (
          <section aria-labelledby="rows">
            <h2 id="rows">{text.rows}</h2>
            <RowsTable
              context={{ contracts, contract, view }}
              fields={contract.fields}
              rows={rows.rows}
              labelledBy="rows"
            />
          </section>
        )}
        {!isWithdrawn && (
          <section aria-labelledby="quality">
            <h2 id="quality">{text.quality}</h2>
            <Quality contracts={contracts} contract={contract} version={version} view={view} />
          </section>
        )}
        {version.publishedAt !== null && !isWithdrawn && (
          <section aria-labelledby="cite">
            <h2 id="cite">{text.cite}</h2>
            <Cite
              dataset={dataset}
              edition={version.edition}
              version={version.number}
              day={dayInShanghai(version.publishedAt)}
              view={view}
            />
          </section>
        )}
        {preview === undefined && !isDraft && (
          <p>
            <a href={href}>JSON</a>
          </p>
        )}
      </article>
    ),
  })
}

/** Whether the version may be used, and what to use in its place. */
function Validity({ content, view }: PageParts): Html | undefined {
  const { version, successor, isWithdrawn } = content
  const text = texts[view.language]
  const link = successor !== undefined && (
    <p>
      <a
        href={to(
          view,
          `/datasets/${successor.dataset}/editions/${successor.edition}/versions/${successor.number}`,
        )}
      >
        {text.successor(successor.number)}
      </a>
    </p>
  )
  if (isWithdrawn) {
    return (
      <div class="note fault">
        <p>
          <strong>{text.withdrawn}</strong>{' '}
          {version.withdrawnAt !== null && <Day day={dayInShanghai(version.withdrawnAt)} />}
        </p>
        <p>
          {text.reason}
          {version.withdrawnReason ?? text.noReason}
        </p>
        <p>{text.withdrawnMeans}</p>
        {link === false ? <p>{text.noSuccessor}</p> : link}
      </div>
    )
  }
  if (version.publishedAt === null) {
    return (
      <div class="note">
        <p>{text.draft}</p>
      </div>
    )
  }
  if (link === false) return undefined
  return (
    <div class="note">
      <p>{text.former}</p>
      {link}
    </div>
  )
}

function Facts({ content, view }: PageParts): Html {
  const { version } = content
  const text = texts[view.language]
  const facts: readonly (readonly [string, Content])[] = [
    [
      text.published,
      version.publishedAt === null ? text.notYet : <Day day={dayInShanghai(version.publishedAt)} />,
    ],
    [
      text.period,
      <>
        <Day day={version.periodStart} /> – <Day day={version.periodEnd} />
      </>,
    ],
    [text.why, version.reason ?? text.first],
    [text.records, number(version.records)],
    [text.digest, <code>{version.digest}</code>],
  ]
  return <FactList facts={facts} />
}

function Changed({ content, contracts, view }: PageParts): Html | undefined {
  const { difference, contract, version } = content
  if (difference === undefined) return undefined
  const text = texts[view.language]
  const { from, first } = difference
  const { added, removed, changed, unchanged } = first.counts
  const href = `/v1/datasets/${version.dataset}/editions/${version.edition}/versions/${version.number}/diff`
  return (
    <section aria-labelledby="changed">
      <h2 id="changed">{text.changed(from.number)}</h2>
      <p>{text.counts(number(added), number(removed), number(changed), number(unchanged))}</p>
      {first.data.length > 0 && (
        <DifferenceTable differences={first} contract={contract} contracts={contracts} view={view} />
      )}
      {version.publishedAt !== null && (
        <p class="links">
          {added + removed + changed > first.data.length && text.more(number(first.data.length))}
          <a href={`${href}.csv?against=v${from.number}`}>{text.all}</a>
          <a href={`${href}?against=v${from.number}`}>JSON</a>
        </p>
      )}
    </section>
  )
}

const texts = {
  zh: {
    datasets: '数据目录',
    versions: '版本历史',
    heading: (edition: string, version: number) => `${edition} 期第 ${version} 版`,
    withdrawn: '此版本已撤回，请勿使用。',
    withdrawnMeans: '其数据和文件不再提供。已下载的副本请停止使用。',
    reason: '原因：',
    noReason: '未说明',
    noSuccessor: '目前没有替代版本。',
    successor: (version: number) => `查看第 ${version} 版`,
    draft: '这是尚未发布的草稿，仅供审核，请勿引用或转发。',
    former: '这是较早的版本，已有新版本。',
    published: '发布日期',
    notYet: '尚未发布',
    period: '数据期间',
    why: '发布原因',
    first: '首次发布',
    records: '记录数',
    digest: 'SHA-256（CSV）',
    downloads: '数据下载',
    changed: (version: number) => `与第 ${version} 版相比`,
    counts: (added: string, removed: string, changed: string, same: string) =>
      `新增 ${added} 条，删除 ${removed} 条，修改 ${changed} 条，未变 ${same} 条。`,
    more: (shown: string) => `此处列出前 ${shown} 条。`,
    all: '下载全部差异（CSV）',
    rows: '前几条记录',
    quality: '质量与保密说明',
    cite: '如何引用',
  },
  en: {
    datasets: 'Datasets',
    versions: 'Versions',
    heading: (edition: string, version: number) => `edition ${edition}, version ${version}`,
    withdrawn: 'This version was withdrawn. Do not use it.',
    withdrawnMeans: 'Its data and files are not available any more. Stop using your copies.',
    reason: 'Reason: ',
    noReason: 'none was given',
    noSuccessor: 'There is no version in its place.',
    successor: (version: number) => `See version ${version}`,
    draft: 'This is a draft for review. It is not published: do not cite or pass on.',
    former: 'This is a former version; there is a newer one.',
    published: 'Published',
    notYet: 'not yet',
    period: 'Period',
    why: 'Reason',
    first: 'First publication',
    records: 'Records',
    digest: 'SHA-256 (CSV)',
    downloads: 'Downloads',
    changed: (version: number) => `Compared with version ${version}`,
    counts: (added: string, removed: string, changed: string, same: string) =>
      `${added} records added, ${removed} removed, ${changed} changed, ${same} the same.`,
    more: (shown: string) => `The first ${shown} are shown.`,
    all: 'All differences (CSV)',
    rows: 'First records',
    quality: 'Quality and confidentiality',
    cite: 'How to cite',
  },
} as const
