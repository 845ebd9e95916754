/** The page of changes: what is new, by dataset and kind, in words. */
import type { AppContext } from '../../catalogue/index.ts'
import { listReadable } from '../../catalogue/index.ts'
import { anonymousCaller } from '../../platform/caller.ts'
import { Hidden } from '../components/search-form.tsx'
import { page } from '../layout.tsx'
import { inView, type View } from '../view.ts'
import { changeKinds, findChanges } from './find-changes.ts'
import { ChangeList } from './list.tsx'

/** Changes on the page; the feed has all of them. */
const changesMax = 100

export async function renderChanges(context: AppContext, view: View): Promise<string> {
  const text = texts[view.language]
  const dataset = view.parameters.get('dataset') || undefined
  const kind = changeKinds.find((name) => name === view.parameters.get('kind'))
  const changes = await findChanges(context, {
    dataset,
    kinds: kind === undefined ? undefined : [kind],
    limit: changesMax,
  })
  const datasets = listReadable(context.contracts, anonymousCaller).map(({ contract }) => contract)
  return page(view, {
    title: text.title,
    description: text.about,
    alternates: [
      { href: '/v1/changes', type: 'application/json' },
      { href: '/v1/changes.atom', type: 'application/atom+xml' },
    ],
    main: (
      <>
        <section class="lead">
          <h1>{text.title}</h1>
          <p>{text.about}</p>
        </section>
        <form class="filters" method="get" action="/changes">
          <Hidden view={view} />
          <div class="fields">
            <div>
              <label for="dataset">{text.dataset}</label>
              <select id="dataset" name="dataset">
                <option value="">{text.all}</option>
                {datasets.map(({ dataset: slug, title }) => (
                  <option key={slug} value={slug} selected={slug === dataset}>
                    {inView(view, title)}
                  </option>
                ))}
              </select>
            </div>
            <div>
              <label for="kind">{text.kind}</label>
              <select id="kind" name="kind">
                <option value="">{text.all}</option>
                {changeKinds.map((name) => (
                  <option key={name} value={name} selected={name === kind}>
                    {text.kinds[name]}
                  </option>
                ))}
              </select>
            </div>
            <div>
              <button type="submit">{text.show}</button>
            </div>
          </div>
        </form>
        {changes.length === 0 && <p>{text.none}</p>}
        <ChangeList changes={changes} view={view} isFull />
        <p>
          {text.feed} <a href="/v1/changes">/v1/changes</a>
        </p>
      </>
    ),
  })
}

const texts = {
  zh: {
    title: '更新动态',
    about: '数据的发布、更正、撤回，清单事项的状态变化，以及对使用者的影响。最新的在前。',
    dataset: '数据集',
    kind: '类型',
    all: '全部',
    show: '筛选',
    none: '没有符合条件的动态。',
    feed: '全部动态按发生顺序提供，可由程序增量读取：',
    kinds: {
      'version-published': '发布',
      'version-corrected': '更正',
      'version-withdrawn': '撤回',
      'contract-added': '数据契约',
      'item-changed': '清单事项',
      'closure-changed': '场地安排',
    },
  },
  en: {
    title: 'What is new',
    about:
      'Publications, corrections, withdrawals and changed promises, and what each means for those who use the data. The newest first.',
    dataset: 'Dataset',
    kind: 'Kind',
    all: 'All',
    show: 'Show',
    none: 'No change matches.',
    feed: 'Programs read all changes in order, and only what is new to them:',
    kinds: {
      'version-published': 'Publications',
      'version-corrected': 'Corrections',
      'version-withdrawn': 'Withdrawals',
      'contract-added': 'Contracts',
      'item-changed': 'List items',
      'closure-changed': 'Venues',
    },
  },
} as const
