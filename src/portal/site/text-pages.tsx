/** Pages of text: about this site, how statistics are protected, accessibility, how to reach the operator. */
import type { Content } from '../html.tsx'
import { link } from '../html.tsx'
import { page } from '../layout.tsx'
import type { View } from '../view.ts'

type TextPage = 'about' | 'methods' | 'accessibility' | 'contact'

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
        {(name === 'accessibility' || name === 'contact') && <p>{contactOf(view)}</p>}
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
    methods: {
      title: '统计数据的保密与误差',
      sections: [
        [
          '',
          '学生等个人的统计，人数少时可能认出本人，用合计减去其他值也可能得出某个人的结果。因此部分数值不予公布。本页说明哪些数值不公布、读者能知道多少、比率的区间是什么意思。',
        ],
        [
          '哪些数值不公布',
          '状态 C：该组人数过少；或属于不及格、肥胖等敏感等级，其人数很少或用来保护很少的人数。状态 D：为使其他值不能被推算而隐去。状态 F：没有隐去。空值总有状态，不等于零。',
          '比率只在分子和分母都公布时给出；均值、标准差和分位数会暴露被隐去的人数时，一并不公布。',
        ],
        [
          '读者能知道多少',
          '被隐去的人数附有下限和上限，两者都能由已公布的数值推出，不含新的信息。',
          '每次发布前，系统为每个状态为 C 的人数找出另一张整数统计表：它与所有已公布数值一致，而该人数相差至少 5（以数据契约为准）。只看公布数据的人无法分辨哪一张是真实的。找不到这样的表，就不发布。更正后的各版合在一起证明；改动太小的更正不单独显示。',
          '没有证明的情况：读者另外知道几名学生的结果；同样的数据在别处以其他方式公布。',
          '按旧规则发布的版本只隐去过小的人数，没有证明，其页面和接口均有说明。',
        ],
        [
          '比率的区间',
          '比率附有 95% 区间（Wilson 法）。即使全部学生都参测，结果也受当天状态、缺测等偶然因素影响。两个比率的区间大部分重叠时，不宜说一个高于另一个。人数越少，区间越宽。',
        ],
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
    methods: {
      title: 'How statistics are protected, and how sure they are',
      sections: [
        [
          '',
          'Statistics about pupils and other persons can show a single person, where few are counted or where a value is the difference of a total and others. Some values are therefore withheld. This page says which, what a reader can know, and what the interval of a rate means.',
        ],
        [
          'What is withheld',
          'Status C: the group has too few persons, or its level is sensitive (such as fail or obese) and its count is small or protects a small one. Status D: withheld so that others can’t be computed. Status F: nothing is withheld. A blank always has a status; it is not zero.',
          'A rate is shown only where both its counts are. Mean, standard deviation and percentiles are withheld where they would show a withheld count.',
        ],
        [
          'What a reader can know',
          'A withheld count has a lowest and a highest value. Both follow from what is published, so they add nothing.',
          'Before each publication the service finds, for every count with status C, a second table of whole numbers that agrees with everything published and in which this count differs by at least 5 (the contract says how much). Nobody who reads only what is published can know which of the two is true. If there is no such table, nothing is published. Corrected versions are proven together, and a correction too small to hide single persons is not shown by itself.',
          'Not proven: readers who also know the results of several pupils, and other tables published elsewhere from the same data.',
          'Versions published under a former rule withhold small counts only, without a proof; their pages and the API say so.',
        ],
        [
          'The interval of a rate',
          'A rate has a 95 % interval (Wilson). Even where all pupils are tested, results depend on the day and on who was absent. Where most of the intervals of two rates overlap, don’t call one higher than the other. The fewer persons, the wider the interval.',
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
