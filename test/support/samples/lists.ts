/**
 * The annual lists of two years: promises fulfilled by the shipped datasets, promises without a dataset,
 * joint ones, some long overdue and some due next year, and one that left the list. Its items are examples.
 */
import type { Cell, SamplePart } from './part.ts'

const header = (
  'number,providers,name,description,content,theme,due,rhythm,share_class,open_class,share_ways,' +
  'dataset,dataset_edition'
).split(',')

interface Item {
  readonly providers?: string
  readonly name: string
  readonly content: string
  readonly theme?: string
  /** `conditional` where a condition is named; open without one otherwise. */
  readonly conditional?: boolean
  readonly rhythm?: string
  /** Last day and the edition promised, by the year of the list; an item without a year is not in that list. */
  readonly years: Readonly<Record<string, readonly [due: string, edition?: string]>>
  readonly dataset?: string
}

const commission = '市教育委员会'

const items: readonly Item[] = [
  {
    name: '公共数据年度开放清单',
    content: '编号、提供部门、数据项名称、应开放日期、对应数据集等',
    theme: '政府服务',
    dataset: 'annual-open-data-list',
    years: { '2025': ['2025-03-31', '2025'], '2026': ['2026-03-31', '2026'] },
  },
  {
    name: '学校校历',
    content: '学期、寒暑假、法定节假日、调休上班日',
    dataset: 'school-calendar',
    years: { '2025': ['2025-01-31', '2025'], '2026': ['2026-01-31', '2026'] },
  },
  {
    providers: '市体育局;市教育委员会',
    name: '体育设施对外开放学校',
    content: '学校名称、地址、开放时段、联系电话、开放场地和项目等',
    theme: '文化娱乐',
    dataset: 'school-sports-venues',
    years: { '2025': ['2025-12-31', '2025'], '2026': ['2026-12-31', '2026'] },
  },
  {
    name: '学生体质健康监测中心',
    content: '名称、地址、联系电话、服务时间等',
    dataset: 'fitness-monitoring-centres',
    years: { '2025': ['2025-06-30', '2025'], '2026': ['2027-01-31', '2026'] },
  },
  {
    name: '学生体质健康测试统计',
    content: '各区、年级、性别和项目的测试人数、均值、分位数、等级比例、优良率和合格率',
    theme: '卫生健康',
    dataset: 'student-fitness',
    years: { '2025': ['2025-12-31', '2023-2024'], '2026': ['2026-12-31', '2024-2025'] },
  },
  {
    name: '学生体质健康测试统计（提前发布）',
    content: '2025学年测试结果的提前统计',
    theme: '卫生健康',
    dataset: 'student-fitness',
    years: { '2026': ['2026-10-31', '2025-2026'] },
  },
  {
    name: '高等教育机构',
    content: '机构名称、地址、类别、办学类型、联系电话等',
    years: { '2025': ['2025-06-30'], '2026': ['2026-06-30'] },
  },
  {
    name: '基础教育机构',
    content: '机构名称、地址、类别、联系电话等',
    years: { '2025': ['2025-09-30'], '2026': ['2026-09-30'] },
  },
  {
    name: '学前教育机构',
    content: '机构名称、地址、类别、联系电话等',
    years: { '2025': ['2025-12-31'], '2026': ['2027-02-28'] },
  },
  {
    name: '职业教育机构',
    content: '机构名称、地址、类别、联系电话等',
    years: { '2025': ['2025-12-31'], '2026': ['2027-03-31'] },
  },
  {
    name: '中外合作办学机构和项目',
    content: '名称、地址、批准书编号、合作者名称、专业设置、办学层次等',
    conditional: true,
    rhythm: 'half-yearly',
    years: { '2025': ['2025-11-30'], '2026': ['2026-12-20'] },
  },
  {
    providers: '市教育委员会;市科学技术委员会',
    name: '校外教育机构',
    content: '机构名称、地址、联系电话、特色教育等',
    rhythm: 'irregular',
    years: { '2025': ['2025-12-31'], '2026': ['2027-06-30'] },
  },
  {
    name: '教育管理与服务机构',
    content: '机构名称、地址、服务时间、服务内容、联系电话等',
    theme: '政府服务',
    years: { '2025': ['2025-12-31'] },
  },
]

/** The list of each year; its items are numbered in order. */
export function listParts(editions: readonly string[]): readonly SamplePart[] {
  return editions.map((edition) => ({
    dataset: 'annual-open-data-list',
    edition,
    provider: 'edu-commission',
    header,
    rows: () => rowsOf(edition),
  }))
}

function* rowsOf(year: string): Generator<readonly Cell[]> {
  let number = 0
  for (const item of items) {
    const promise = item.years[year]
    if (promise === undefined) continue
    number += 1
    const [due, edition = ''] = promise
    yield [
      number,
      item.providers ?? commission,
      item.name,
      `本市${item.name}的相关信息（示例）`,
      item.content,
      item.theme ?? '教育科技',
      due,
      item.rhythm ?? 'yearly',
      item.conditional === true ? 'on-demand' : 'general',
      item.conditional === true ? 'conditional' : 'unconditional',
      item.dataset === undefined ? 'file' : 'interface;file;offline',
      item.dataset ?? '',
      edition,
    ]
  }
}
