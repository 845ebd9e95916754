/** The page for developers: a first request, what the API offers, its limits, and examples that are run as tests. */

import { type AppContext, listReadable } from '../../catalogue/index.ts'
import { anonymousCaller } from '../../platform/caller.ts'
import { Listing, Scroll } from '../components/scroll.tsx'
import { number } from '../components/words.tsx'
import { apiAddress } from '../explorer/question.ts'
import { snippetsOf } from '../explorer/snippets.ts'
import { page } from '../layout.tsx'
import { inView, to, type View } from '../view.ts'

export async function renderDevelopers(context: AppContext, view: View): Promise<string> {
  const text = texts[view.language]
  const contracts = listReadable(context.contracts, anonymousCaller).map(({ contract }) => contract)
  const slug = contracts[0]?.dataset ?? 'dataset'
  const question = { parameters: {}, limit: 50 }
  const { QINGDAN_RATE_PER_MINUTE: rate } = context.config
  const snippets = snippetsOf(
    apiAddress(view.base, slug, question, '.csv'),
    apiAddress(view.base, slug, question),
  )
  return page(view, {
    title: text.title,
    description: text.about,
    alternates: [{ href: '/openapi.json', type: 'application/json' }],
    scripts: ['/assets/copy.js'],
    main: (
      <>
        <section class="lead">
          <h1>{text.title}</h1>
          <p>{text.about}</p>
        </section>
        <h2>{text.start}</h2>
        <Listing>{`curl '${view.base}/v1/datasets'\ncurl '${view.base}/v1/datasets/${slug}/records?limit=5'`}</Listing>
        {snippets.map(({ id, name, code }) => (
          <details key={id}>
            <summary>{name}</summary>
            <Listing id={`snippet-${id}`} copy={text.copy}>
              {code}
            </Listing>
          </details>
        ))}
        <h2 id="addresses">{text.addresses}</h2>
        <Scroll labelledBy="addresses">
          <table>
            <tbody>
              {text.rows.map(([href, about]) => (
                <tr key={href}>
                  <th scope="row" class="nowrap">
                    <a href={href}>
                      <code>{href}</code>
                    </a>
                  </th>
                  <td class="text">{about}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
        <h2 id="datasets">{text.datasets}</h2>
        <ul>
          {contracts.map(({ dataset, title }) => (
            <li key={dataset}>
              <a href={`/docs?dataset=${dataset}&lang=${view.language}`}>{inView(view, title)}</a>
            </li>
          ))}
        </ul>
        <h2 id="limits">{text.limitsTitle}</h2>
        <ul>
          {text.limits(number(rate)).map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        <p>
          <a href={to(view, '/problems')}>{text.problems}</a>
        </p>
      </>
    ),
  })
}

const texts = {
  zh: {
    title: '开发者',
    about: '接口匿名、只读，无需注册，允许跨域访问。网页上的每张表、每个筛选都有对应的接口地址。',
    start: '快速开始',
    copy: '复制',
    addresses: '主要地址',
    rows: [
      ['/docs', '接口文档，可在线调试'],
      ['/openapi.json', 'OpenAPI 3.1 描述文件'],
      ['/v1/datasets', '全部数据集，可搜索和筛选'],
      ['/v1/lists', '年度开放清单及其落实情况'],
      ['/v1/changes', '按顺序的全部变化，可增量读取'],
      ['/v1/venues/open', '某一时刻开放的场地'],
      ['/v1/problems', '错误代码'],
      ['/catalog.ttl', 'DCAT-AP 3 目录，另有 .jsonld 和 .rdf'],
      ['/v1/core-metadata.csv', '政务信息资源核心元数据（2017）'],
      ['/api/3/action/package_search', 'CKAN 接口'],
      ['/sitemap.xml', '网站地图'],
    ],
    datasets: '各数据集的接口文档',
    limitsTitle: '限制与约定',
    limits: (rate: string) => [
      `每个网络地址每分钟 ${rate} 次请求；超过时返回 429 和应等待的秒数。`,
      'JSON 每页最多 10,000 条，用 links.next 翻页；CSV 和 NDJSON 不分页，一次给出全部。',
      '已发布版本的字节不变，带强 ETag 和 SHA-256；撤回的版本返回 410 及原因。',
      '未知参数会被拒绝，并提示最接近的参数名。',
    ],
    problems: '全部错误代码',
  },
  en: {
    title: 'Developers',
    about:
      'The API is anonymous, read-only, needs no account and is open to all origins. Every table and filter of these pages has its address in the API.',
    start: 'Quick start',
    copy: 'Copy',
    addresses: 'Addresses',
    rows: [
      ['/docs', 'API documentation, with requests to try'],
      ['/openapi.json', 'OpenAPI 3.1'],
      ['/v1/datasets', 'all datasets; search and filters'],
      ['/v1/lists', 'the annual lists with their states'],
      ['/v1/changes', 'every change in one order, read by cursor'],
      ['/v1/venues/open', 'venues that are open at a time'],
      ['/v1/problems', 'problem codes'],
      ['/catalog.ttl', 'the catalogue as DCAT-AP 3; also .jsonld and .rdf'],
      ['/v1/core-metadata.csv', 'the national core metadata of 2017'],
      ['/api/3/action/package_search', 'CKAN'],
      ['/sitemap.xml', 'sitemap'],
    ],
    datasets: 'Documentation of each dataset',
    limitsTitle: 'Limits and rules',
    limits: (rate: string) => [
      `${rate} requests a minute for one network address; above it, 429 with the seconds to wait.`,
      'JSON has up to 10,000 records a page; follow links.next. CSV and NDJSON give all records at once.',
      "A published version's bytes never change; strong ETag and SHA-256. A withdrawn version answers 410 with the reason.",
      'Unknown parameters are refused, and the nearest one is named.',
    ],
    problems: 'All problem codes',
  },
} as const
