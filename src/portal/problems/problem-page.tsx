/** The page that a browser gets instead of a problem document: what is wrong, and where to go on. */

import type { Language } from '../../platform/language.ts'
import type { Problem } from '../../platform/problem.ts'
import { problemTexts } from '../../platform/texts/problem-texts.ts'
import { SearchForm } from '../components/search-form.tsx'
import { page } from '../layout.tsx'
import { plainView, to } from '../view.ts'

/** Renders the page of a problem. It repeats no value of the request. */
export function renderProblem(refusal: Problem, requestId: string, language: Language): string {
  const view = plainView(language)
  const text = texts[language]
  const { code, status, detail } = refusal
  const { title, detail: occurrence } = problemTexts(refusal, language)
  const reason = typeof detail['reason'] === 'string' ? detail['reason'] : undefined
  const successor = typeof detail['successor'] === 'string' ? pageOf(detail['successor']) : undefined
  return page(view, {
    title,
    isHidden: true,
    main: (
      <section class="problem">
        <p class="status">{status}</p>
        <h1>{title}</h1>
        {occurrence !== undefined && <p>{occurrence}</p>}
        {detail.path !== undefined && (
          <p>
            {text.path} <code>{detail.path}</code>
          </p>
        )}
        {reason !== undefined && (
          <p>
            {text.reason}
            {reason}
          </p>
        )}
        {successor !== undefined && (
          <p>
            <a href={to(view, successor)}>{text.successor}</a>
          </p>
        )}
        {status === 503 && <p>{text.later}</p>}
        <SearchForm view={view} />
        <ul>
          <li>
            <a href={to(view, '/')}>{text.home}</a>
          </li>
          <li>
            <a href={to(view, '/datasets')}>{text.datasets}</a>
          </li>
          <li>
            <a href={to(view, `/problems/${code}`)}>{text.about}</a>
          </li>
        </ul>
        <p class="faint">
          {text.id} <code>{requestId}</code>
        </p>
      </section>
    ),
  })
}

/** The portal's page of a version's address in the API. */
function pageOf(href: string): string | undefined {
  return /\/v1(\/datasets\/[a-z0-9-]+\/editions\/[0-9-]+\/versions\/\d+)$/.exec(href)?.[1]
}

const texts = {
  zh: {
    path: '涉及：',
    reason: '原因：',
    successor: '查看替代版本',
    later: '服务正在启动或暂时不可用，请稍后刷新本页。',
    home: '返回首页',
    datasets: '浏览全部数据集',
    about: '此错误的说明与处理办法',
    id: '请求编号',
  },
  en: {
    path: 'About:',
    reason: 'Reason: ',
    successor: 'See the version that replaces it',
    later: 'The service is starting or not available for a moment. Reload this page later.',
    home: 'Home',
    datasets: 'All datasets',
    about: 'About this error, and what to do',
    id: 'Request',
  },
} as const
