/** The editions of a dataset with all their versions: why each was made, what it changed, what was withdrawn. */

import { type AppContext, isSynthetic, listVersions, type PublishedVersion } from '../../catalogue/index.ts'
import type { LoadedContract } from '../../contract/index.ts'
import { problem } from '../../platform/problem.ts'
import { dayInShanghai } from '../../platform/time.ts'
import { Scroll } from '../components/scroll.tsx'
import { Columns } from '../components/table-parts.tsx'
import { Badge, Day, number } from '../components/words.tsx'
import { DatasetTabs } from '../datasets/tabs.tsx'
import type { Html } from '../html.tsx'
import { page } from '../layout.tsx'
import { inView, to, type View } from '../view.ts'

/** Renders all editions, or one. Throws `edition-not-found`. */
export async function renderHistory(
  context: AppContext,
  { contract }: LoadedContract,
  edition: string | undefined,
  view: View,
): Promise<string> {
  const text = texts[view.language]
  const { dataset: slug } = contract
  const versions = await listVersions(context.database, { dataset: slug })
  const names = [...new Set(versions.map((version) => version.edition))]
  if (edition !== undefined && !names.includes(edition))
    throw problem('edition-not-found', { path: 'edition' })
  const shown = edition === undefined ? names : [edition]
  const title = inView(view, contract.title)
  const path = `/datasets/${slug}`
  return page(view, {
    title: edition === undefined ? text.title(title) : text.one(title, edition),
    crumbs: [
      { text: text.datasets, href: to(view, '/datasets') },
      { text: title, href: to(view, path) },
    ],
    alternates: [
      {
        href: `/v1/datasets/${slug}/editions${edition === undefined ? '' : `/${edition}`}`,
        type: 'application/json',
      },
    ],
    main: (
      <>
        <h1>{edition === undefined ? text.title(title) : text.one(title, edition)}</h1>
        <DatasetTabs contract={contract} current="versions" view={view} />
        <p>{text.about}</p>
        {shown.length === 0 && <p class="faint">{text.none}</p>}
        {shown.map((name) => (
          <section key={name} aria-labelledby={`edition-${name}`}>
            <h2 id={`edition-${name}`}>{text.edition(name)}</h2>
            <Versions
              name={name}
              versions={versions.filter((version) => version.edition === name)}
              view={view}
            />
          </section>
        ))}
      </>
    ),
  })
}

interface VersionsParts {
  readonly name: string
  /** The newest first. */
  readonly versions: readonly PublishedVersion[]
  readonly view: View
}

function Versions({ name, versions, view }: VersionsParts): Html {
  const text = texts[view.language]
  return (
    <Scroll labelledBy={`edition-${name}`}>
      <table>
        <Columns names={text.columns} />
        <tbody>
          {versions.map((version) => (
            <tr key={version.number}>
              <th scope="row" class="nowrap">
                <a
                  href={to(view, `/datasets/${version.dataset}/editions/${name}/versions/${version.number}`)}
                >
                  {text.version(version.number)}
                </a>{' '}
                {isSynthetic(version) && <Badge language={view.language} />}
              </th>
              <td>
                <Day day={dayInShanghai(version.publishedAt)} />
              </td>
              <td class="nowrap">{text.states[version.state === 'withdrawn' ? 'withdrawn' : 'valid']}</td>
              <td class="number">{number(version.records)}</td>
              <td class="text">{version.withdrawnReason ?? version.reason ?? text.first}</td>
              <td class="nowrap">
                {version.difference === null
                  ? '—'
                  : `+${number(version.difference.added)} −${number(version.difference.removed)} ~${number(version.difference.changed)}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

const texts = {
  zh: {
    datasets: '数据目录',
    title: (title: string) => `版本历史 · ${title}`,
    one: (title: string, edition: string) => `${edition} 期 · ${title}`,
    about: '已发布的版本不再改动；更正以新版本发布并说明原因，旧版本仍可查询和下载。',
    none: '尚未发布数据。',
    edition: (edition: string) => `${edition} 期`,
    version: (version: number) => `第 ${version} 版`,
    columns: ['版本', '发布日期', '状态', '记录数', '原因', '增 / 删 / 改'],
    states: { valid: '有效', withdrawn: '已撤回' },
    first: '首次发布',
  },
  en: {
    datasets: 'Datasets',
    title: (title: string) => `Versions · ${title}`,
    one: (title: string, edition: string) => `Edition ${edition} · ${title}`,
    about:
      'A published version never changes. A correction is a new version with its reason; former versions can still be read and downloaded.',
    none: 'No edition has been published yet.',
    edition: (edition: string) => `Edition ${edition}`,
    version: (version: number) => `Version ${version}`,
    columns: ['Version', 'Published', 'State', 'Records', 'Reason', 'Added, removed, changed'],
    states: { valid: 'valid', withdrawn: 'withdrawn' },
    first: 'First publication',
  },
} as const
