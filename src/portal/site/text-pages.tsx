/** Pages of text: about this site, its accessibility, how to reach the operator. */
import type { Content } from '../html.tsx'
import { link } from '../html.tsx'
import { page } from '../layout.tsx'
import type { View } from '../view.ts'

type TextPage = 'about' | 'accessibility' | 'contact'

export function renderText(name: TextPage, view: View): string {
  const { title, sections } = texts[view.language][name]
  return page(view, {
    title,
    main: (
      <article>
        <h1>{title}</h1>
        {sections.map(([heading, ...paragraphs]) => (
          <section key={heading}>
            {heading !== '' && <h2>{heading}</h2>}
            {paragraphs.map((paragraph) => (
              <p key={paragraph}>{paragraph}</p>
            ))}
          </section>
        ))}
        {name !== 'about' && <p>{contactOf(view)}</p>}
      </article>
    ),
  })
}

/** How to reach the operator, as a link where it is an address. */
function contactOf({ contact, language }: View): Content {
  if (contact === '') return texts[language].noContact
  const href = /^[^\s@]+@[^\s@]+$/.test(contact) ? `mailto:${contact}` : link(contact)
  return href === '#' ? contact : <a href={href}>{contact}</a>
}

const texts = {
  zh: {
    noContact: '本站尚未设置联系方式。请联系数据集页面所列的提供部门。',
    about: {
      title: '关于本站',
      sections: [
        [
          '',
          '教育主管部门每年公布数据开放清单，列明开放哪些数据、由哪个部门提供、何时开放。本站公布清单及其落实情况，并以网页、文件和接口三种方式提供已开放的数据。',
        ],
        [
          '数据如何发布',
          '各部门和各区报送的数据经校验后发布。已发布的版本不再改动；更正以新版本发布并说明原因；撤回的版本不再提供，并注明原因和替代版本。',
          '每个文件都有校验值，可据此确认下载的文件完整、未被改动。',
        ],
        [
          '个人信息保护',
          '涉及个人的原始记录不公开、不入库。公布的是统计结果，人数过少的不予公布，并防止由其他数值推算。',
          '本站不使用第三方服务，不跟踪访问者。仅在您切换语言后，用一个 Cookie 记住所选语言。',
        ],
        ['使用许可', '各数据集的使用许可见其页面。使用时请注明提供部门、期次和版本。'],
      ],
    },
    accessibility: {
      title: '无障碍声明',
      sections: [
        [
          '',
          '本站按照《Web内容无障碍指南》（WCAG）2.2 AA 级和《信息技术 互联网内容无障碍可访问性技术要求与测试方法》（GB/T 37668—2019）设计。',
        ],
        [
          '可以做到',
          '全部内容可仅用键盘操作，可用屏幕阅读器阅读；文字可放大到 400%；深色与浅色随系统设置；不启用 JavaScript 也可使用（接口文档和体质评分页除外，其内容另有文字版或表格）。',
          '图表旁均附有同样内容的表格。',
        ],
        ['已知不足', '接口文档页采用的通用组件在手机上较拥挤；同样的内容可从 OpenAPI 文件读取。'],
        ['反馈', '如遇到使用障碍，请告诉我们：'],
      ],
    },
    contact: {
      title: '联系我们',
      sections: [
        [
          '',
          '对某项数据有疑问，请联系数据集页面所列的提供部门，并注明期次和版本。对网站或接口有意见，请联系：',
        ],
      ],
    },
  },
  en: {
    noContact:
      'The operator has not set an address yet. Please contact the department that the page of a dataset names.',
    about: {
      title: 'About this site',
      sections: [
        [
          '',
          'Each year the education authority publishes a list of the data it will open, who provides them, and by when. This site publishes the list and its progress, and the open data as pages, files and an API.',
        ],
        [
          'How data are published',
          'What departments and districts deliver is checked and then published. A published version never changes; a correction is a new version with its reason; a withdrawn version is not available any more, and its page gives the reason and what replaces it.',
          'Every file has a checksum, so that you can verify that your copy is complete and unchanged.',
        ],
        [
          'Personal data',
          'Records about persons are neither published nor stored in the database. What is published are statistics; those of few persons are withheld, and protected from being computed from others.',
          'This site uses no services of others and does not track you. Only after you choose a language, one cookie remembers it.',
        ],
        [
          'Licence',
          'The page of each dataset names its licence. Please name the department, the edition and the version.',
        ],
      ],
    },
    accessibility: {
      title: 'Accessibility',
      sections: [
        [
          '',
          'This site is made to meet the Web Content Accessibility Guidelines (WCAG) 2.2 at level AA, and GB/T 37668-2019.',
        ],
        [
          'What you can expect',
          'Everything works with the keyboard alone and with screen readers; text can be enlarged to 400 %; dark and light follow your system; pages work without JavaScript (but for the API documentation and the fitness score, whose content is also available as text or table).',
          'Beside every chart is a table of the same content.',
        ],
        [
          'Known limits',
          'The API documentation uses a common component that is crowded on a telephone; the OpenAPI file has the same content.',
        ],
        ['Feedback', 'If something does not work for you, please write to us:'],
      ],
    },
    contact: {
      title: 'Contact',
      sections: [
        [
          '',
          'For questions about data, contact the department that the page of the dataset names, with edition and version. About the site and its API, contact:',
        ],
      ],
    },
  },
} as const satisfies Readonly<
  Record<
    string,
    { readonly noContact: string } & Readonly<
      Record<
        TextPage,
        { readonly title: string; readonly sections: readonly (readonly [string, ...string[]])[] }
      >
    >
  >
>
