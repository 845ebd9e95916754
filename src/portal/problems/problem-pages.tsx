/** The problem codes as pages: a list, and one page a code with what it means and what to do. */

import { type ProblemCode, problem, problems } from '../../platform/problem.ts'
import { Scroll } from '../components/scroll.tsx'
import { Marked } from '../components/words.tsx'
import type { Html } from '../html.tsx'
import { page } from '../layout.tsx'
import { to, type View } from '../view.ts'

const codes = Object.keys(problems) as readonly ProblemCode[]

/** Renders all codes by HTTP status. */
export function renderProblems(view: View): string {
  const text = texts[view.language]
  return page(view, {
    title: text.title,
    description: text.about,
    alternates: [{ href: '/v1/problems', type: 'application/json' }],
    main: (
      <>
        <section class="lead">
          <h1 id="codes">{text.title}</h1>
          <p>{text.about}</p>
        </section>
        <Scroll labelledBy="codes">
          <table>
            <thead>
              <tr>
                <th scope="col">{text.code}</th>
                <th scope="col">HTTP</th>
                <th scope="col">{text.meaning}</th>
              </tr>
            </thead>
            <tbody>
              {codes.map((code) => (
                <tr key={code}>
                  <th scope="row" class="nowrap">
                    <a href={to(view, `/problems/${code}`)}>
                      <code>{code}</code>
                    </a>
                  </th>
                  <td class="number">{problems[code].status}</td>
                  <td class="text">{titleOf(code, view)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      </>
    ),
  })
}

/** Renders the page of a code. Throws `problem-not-found`. */
export function renderProblemKind(name: string, view: View): string {
  const code = codes.find((known) => known === name)
  if (code === undefined) throw problem('problem-not-found', { path: 'code' })
  const text = texts[view.language]
  const { status, hint, hintZh } = problems[code]
  return page(view, {
    title: titleOf(code, view),
    crumbs: [{ text: text.title, href: to(view, '/problems') }],
    alternates: [{ href: `/v1/problems/${code}`, type: 'application/json' }],
    main: (
      <>
        <h1>{titleOf(code, view)}</h1>
        <dl>
          <Fact name={text.code} value={code} />
          <Fact name="HTTP" value={String(status)} />
        </dl>
        <h2>{text.todo}</h2>
        <p>
          <Marked text={view.language === 'zh' ? hintZh : hint} />
        </p>
      </>
    ),
  })
}

function Fact({ name, value }: { readonly name: string; readonly value: string }): Html {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
      </dd>
    </div>
  )
}

const titleOf = (code: ProblemCode, { language }: View) =>
  language === 'zh' ? problems[code].titleZh : problems[code].title

const texts = {
  zh: {
    title: '错误代码',
    about: '接口返回错误时附带固定代码，程序可据此处理。每个代码的含义和处理办法见其页面。',
    code: '代码',
    meaning: '含义',
    todo: '处理办法',
  },
  en: {
    title: 'Problem codes',
    about: 'Errors of the API have a stable code to program against. Each has a page that says what to do.',
    code: 'Code',
    meaning: 'Meaning',
    todo: 'What to do',
  },
} as const
