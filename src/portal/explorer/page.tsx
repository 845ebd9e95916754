/**
 * The table explorer of a dataset: conditions, order, columns and pages in the address, and the same question for
 * programs. A question that the contract does not allow gets its reason beside the form, as a 400.
 */

import { type AppContext, listVersions } from '../../catalogue/index.ts'
import type { Contract, LoadedContract } from '../../contract/index.ts'
import { Problem } from '../../platform/problem.ts'
import { problemTexts } from '../../platform/texts/problem-texts.ts'
import { sortableFields } from '../../records/index.ts'
import { Listing } from '../components/scroll.tsx'
import { Badge, number } from '../components/words.tsx'
import { DatasetTabs } from '../datasets/tabs.tsx'
import type { Html } from '../html.tsx'
import { page } from '../layout.tsx'
import { inView, to, type View, withParameters } from '../view.ts'
import { Filters } from './filters.tsx'
import { findRows, type RowsPage } from './find-rows.ts'
import { apiAddress, type Question, queryText, questionOf } from './question.ts'
import { RowsTable } from './rows-table.tsx'
import { snippetsOf } from './snippets.ts'

/** Versions above this size are not counted: the database would read all of their rows for each page. */
const countedMax = 200_000

interface Explorer {
  readonly context: AppContext
  readonly contract: Contract
  readonly question: Question
  readonly found: RowsPage | Problem
  readonly editions: readonly string[]
  readonly view: View
}

/** Renders the page, with the HTTP status of its question. */
export async function renderExplorer(
  context: AppContext,
  loaded: LoadedContract,
  view: View,
): Promise<{ readonly status: number; readonly text: string }> {
  const { contract } = loaded
  const question = questionOf(contract, view.parameters)
  const versions = await listVersions(context.database, { dataset: contract.dataset })
  const current = versions.filter(({ state }) => state !== 'withdrawn')
  const editions = [...new Set(current.map(({ edition }) => edition))]
  const isCounted = current.every(({ records }) => records <= countedMax)
  const found = await answerOf(context, loaded, question, isCounted)
  const read =
    found instanceof Problem
      ? contract
      : context.contracts.get(contract.dataset, found.contractVersion).contract
  const text = renderPage({ context, contract: read, question, found, editions, view })
  return { status: found instanceof Problem ? found.status : 200, text }
}

async function answerOf(
  context: AppContext,
  loaded: LoadedContract,
  { parameters, limit, cursor }: Question,
  isCounted: boolean,
): Promise<RowsPage | Problem> {
  try {
    const count: Record<string, string> = isCounted ? { count: 'exact' } : {}
    const at: Record<string, string> = cursor === undefined ? {} : { cursor }
    return await findRows(context, {
      loaded,
      parameters: { ...parameters, ...count, ...at, limit: String(limit) },
    })
  } catch (error) {
    // Only what the reader can correct: all else is a page of its own.
    if (error instanceof Problem && error.status === 400) return error
    throw error
  }
}

function renderPage(explorer: Explorer): string {
  const { context, contract, question, found, editions, view } = explorer
  const text = texts[view.language]
  const { dataset: slug } = contract
  const title = inView(view, contract.title)
  const isSynthetic = !(found instanceof Problem) && found.synthetic
  return page(view, {
    title: text.title(title),
    crumbs: [
      { text: text.datasets, href: to(view, '/datasets') },
      { text: title, href: to(view, `/datasets/${slug}`) },
    ],
    alternates: [
      { href: apiAddress('', slug, question), type: 'application/json' },
      { href: apiAddress('', slug, question, '.csv'), type: 'text/csv' },
    ],
    scripts: ['/assets/copy.js'],
    main: (
      <>
        <h1 id="rows">
          {title} {isSynthetic && <Badge language={view.language} />}
        </h1>
        <DatasetTabs contract={contract} current="table" view={view} />
        {found instanceof Problem && <Fault refusal={found} view={view} />}
        <Filters
          contracts={context.contracts}
          contract={contract}
          editions={editions}
          question={question}
          view={view}
        />
        {!(found instanceof Problem) && <Rows {...explorer} found={found} />}
        <Programs contract={contract} question={question} view={view} />
      </>
    ),
  })
}

/** What is wrong with the question, and what the API expects. */
function Fault({ refusal, view }: { readonly refusal: Problem; readonly view: View }): Html {
  const { title, hint, detail } = problemTexts(refusal, view.language)
  return (
    <div class="note fault" role="alert">
      <p>
        <strong>{title}</strong>
        {refusal.detail.path !== undefined && (
          <>
            {' '}
            <code>{refusal.detail.path}</code>
          </>
        )}
      </p>
      <p>{detail ?? hint}</p>
    </div>
  )
}

function Rows({ context, contract, question, found, view }: Explorer & { readonly found: RowsPage }): Html {
  const text = texts[view.language]
  const { count, records, rows, next } = found
  const names = question.parameters['select']?.split(',') ?? contract.fields.map(({ name }) => name)
  const fields = names.flatMap((name) => contract.fields.filter((field) => field.name === name))
  const joins = rows.some((row) => 'edition' in row) && !fields.some(({ name }) => name === 'edition')
  const csv = queryText({ ...question.parameters, variant: 'excel', lang: view.language })
  return (
    <section aria-labelledby="found">
      <h2 id="found" class="unseen">
        {text.rows}
      </h2>
      <p role="status">
        {count === undefined ? text.records(number(records)) : text.found(number(count), number(records))}{' '}
        {found.edition !== undefined && text.version(found.edition, found.version ?? 1)}
      </p>
      <RowsTable
        context={{ contracts: context.contracts, contract, view }}
        fields={joins ? [editionField, ...fields] : fields}
        rows={rows}
        labelledBy="rows"
        sortable={sortableFields(contract).map(({ name }) => name)}
        sort={question.parameters['sort'] ?? ''}
      />
      <nav class="pages" aria-label={text.pages}>
        {question.cursor !== undefined && (
          <a href={to(view, view.path, withParameters(view, { cursor: undefined }))}>{text.first}</a>
        )}
        {next !== undefined && (
          <a rel="next" href={to(view, view.path, withParameters(view, { cursor: next }))}>
            {text.next}
          </a>
        )}
        <a href={`/v1/datasets/${contract.dataset}/records.csv?${csv}`}>{text.csv}</a>
      </nav>
    </section>
  )
}

/** The first column where editions are read together. */
const editionField = {
  name: 'edition',
  type: 'string',
  role: 'key',
  title: { zh: '期次', en: 'Edition' },
  description: { zh: '', en: '' },
} as const

function Programs({
  contract,
  question,
  view,
}: {
  readonly contract: Contract
  readonly question: Question
  readonly view: View
}): Html {
  const text = texts[view.language]
  const json = apiAddress(view.base, contract.dataset, question)
  const csv = apiAddress(view.base, contract.dataset, question, '.csv')
  return (
    <section aria-labelledby="programs">
      <h2 id="programs">{text.programs}</h2>
      <p>{text.programsAbout}</p>
      <Listing id="address">{json}</Listing>
      {snippetsOf(csv, json).map(({ id, name, code }) => (
        <details key={id}>
          <summary>{name}</summary>
          <Listing id={`snippet-${id}`} copy={text.copy}>
            {code}
          </Listing>
        </details>
      ))}
      <p>
        <a href={`/docs?dataset=${contract.dataset}&lang=${view.language}`}>{text.docs}</a>
      </p>
    </section>
  )
}

const texts = {
  zh: {
    datasets: '数据目录',
    title: (title: string) => `数据表 · ${title}`,
    rows: '查询结果',
    found: (count: string, records: string) => `符合条件 ${count} 条，共 ${records} 条。`,
    records: (records: string) => `共 ${records} 条。`,
    version: (edition: string, version: number) => `${edition} 期第 ${version} 版。`,
    pages: '翻页',
    first: '回到第一页',
    next: '下一页',
    csv: '下载查询结果（CSV，Excel 可直接打开）',
    programs: '用程序读取同样的数据',
    programsAbout: '本页条件对应的接口地址如下。接口无需注册；结果随最新版本更新。',
    copy: '复制',
    docs: '本数据集的接口文档',
  },
  en: {
    datasets: 'Datasets',
    title: (title: string) => `Table · ${title}`,
    rows: 'Rows',
    found: (count: string, records: string) => `${count} of ${records} rows.`,
    records: (records: string) => `${records} rows.`,
    version: (edition: string, version: number) => `Edition ${edition}, version ${version}.`,
    pages: 'Pages',
    first: 'First page',
    next: 'Next page',
    csv: 'Download these rows (CSV for Excel)',
    programs: 'The same for programs',
    programsAbout:
      'The address of this question in the API. It needs no account and follows the latest version.',
    copy: 'Copy',
    docs: 'API documentation of this dataset',
  },
} as const
