/**
 * The API documentation page: a choice of OpenAPI documents, and Swagger UI, which reads the chosen one and
 * nothing else.
 */
import type { DocsPage } from '../../http/index.ts'
import { page } from '../layout.tsx'
import { plainView } from '../view.ts'

/** Renders the page of one document in a language. Its scripts are served by this service. */
export function renderDocs({ language, document, dataset, datasets }: DocsPage): string {
  const text = texts[language]
  const view = plainView(language, '/docs', new URLSearchParams(dataset === undefined ? {} : { dataset }))
  return page(view, {
    title: text.title,
    styles: ['/docs/ui/static/swagger-ui.css', '/assets/docs.css'],
    scripts: ['/docs/ui/static/swagger-ui-bundle.js', '/assets/docs.js'],
    main: (
      <>
        <h1 class="unseen">{text.title}</h1>
        <form class="docs-choice" method="get" action="/docs">
          <input type="hidden" name="lang" value={language} />
          <label for="docs-dataset">{text.choose}</label>
          <select id="docs-dataset" name="dataset">
            <option value="">{text.generic}</option>
            {datasets.map(({ slug, title }) => (
              <option key={slug} value={slug} selected={slug === dataset}>
                {title} ({slug})
              </option>
            ))}
          </select>
          <button type="submit">{text.show}</button>
          <a href={document}>{text.document}</a>
        </form>
        <div id="swagger-ui" data-document={document}>
          <noscript>
            <p>
              {text.wait}
              <a href={document}>{document}</a>
            </p>
          </noscript>
        </div>
      </>
    ),
  })
}

const texts = {
  zh: {
    title: '接口文档',
    wait: '本页需要启用 JavaScript。未启用时，请直接查看 ',
    choose: '接口范围',
    generic: '通用接口（所有数据集）',
    show: '显示',
    document: 'OpenAPI 文档',
  },
  en: {
    title: 'API documentation',
    wait: 'This page needs JavaScript. Without it, read ',
    choose: 'Operations of',
    generic: 'all datasets (generic)',
    show: 'Show',
    document: 'OpenAPI document',
  },
} as const
