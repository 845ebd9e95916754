/**
 * The core metadata as a table for people: one row per information item, with the elements of its resource
 * repeated, so that it can be filtered and no cell holds nested lists. Headers are the guide's element names.
 */

import type { Field } from '../../contract/index.ts'
import type { RecordValues } from '../../formats/index.ts'
import type { Bilingual } from '../../platform/language.ts'
import type { InformationItem, InformationResource } from './resources.ts'

interface Column {
  readonly field: Field
  readonly of: (resource: InformationResource, item: InformationItem) => string | null
}

/** The elements in the guide's order, with the city's classes next to the national ones. */
const columns: readonly Column[] = [
  column(
    'category',
    '信息资源分类',
    'Class',
    '国家目录的分类码',
    'Code of a class of the national catalogue',
    ({ category }) => category,
  ),
  column('name', '信息资源名称', 'Name', '数据集标题', 'Title of the dataset', ({ name }) => name),
  column(
    'code',
    '信息资源代码',
    'Code',
    '分类码与数据集短名',
    'The class and the slug of the dataset',
    ({ code }) => code,
  ),
  column(
    'provider',
    '信息资源提供方',
    'Provider',
    '承担数据集的单位',
    "The dataset's providers",
    ({ provider }) => provider,
  ),
  column(
    'provider_code',
    '信息资源提供方代码',
    'Provider code',
    '统一社会信用代码',
    'Unified social credit code',
    ({ providerCode }) => providerCode,
  ),
  column(
    'abstract',
    '信息资源摘要',
    'Abstract',
    '数据集说明',
    'Description of the dataset',
    ({ abstract }) => abstract,
  ),
  column(
    'format',
    '信息资源格式',
    'Format',
    '类别与文件类型',
    'Class and file types',
    ({ format }) => format,
  ),
  column('item', '信息项名称', 'Item', '字段标题', 'Title of the field', (_, { name }) => name),
  column('item_field', '信息项字段名', 'Field', '字段名', 'Name of the field', (_, { field }) => field),
  column(
    'item_type',
    '信息项数据类型',
    'Type',
    '指南的数据类型',
    "The guide's data type",
    (_, { type }) => type,
  ),
  column(
    'share_type',
    '共享类型',
    'Share type',
    '国家指南：1 无条件共享，2 有条件共享，3 不予共享',
    'The national guide: 1 unconditional, 2 conditional, 3 not shared',
    ({ shareType }) => shareType,
  ),
  column(
    'share_type_label',
    '共享类型名称',
    'Share type label',
    '国家指南的名称',
    "The national guide's label",
    ({ shareTypeLabel }) => shareTypeLabel,
  ),
  column(
    'share_class',
    '共享属性（市）',
    "City's share class",
    '普遍共享、按需共享、不共享',
    "The city's classes: general, on demand, not shared",
    ({ shareClass }) => shareClass,
  ),
  column(
    'share_condition',
    '共享条件',
    'Condition of sharing',
    '契约未载明时为空',
    'Empty if the contract has none',
    ({ shareCondition }) => shareCondition,
  ),
  column(
    'share_way',
    '共享方式',
    'Way of sharing',
    '平台方式或邮件、介质',
    'By a platform, or by mail and media',
    ({ shareWay }) => shareWay,
  ),
  column(
    'open',
    '是否向社会开放',
    'Open to society',
    '国家指南：1 是，0 否',
    'The national guide: 1 yes, 0 no',
    ({ open }) => open,
  ),
  column(
    'open_class',
    '开放属性（市）',
    "City's open class",
    '无条件开放、有条件开放、非开放',
    "The city's classes: unconditional, conditional, not open",
    ({ openClass }) => openClass,
  ),
  column(
    'open_condition',
    '开放条件',
    'Condition of opening',
    '有条件开放时为使用条款',
    'The terms of use, if it is open conditionally',
    ({ openCondition }) => openCondition,
  ),
  column(
    'update_cycle',
    '更新周期',
    'Update cycle',
    '更新频率',
    'How often it is updated',
    ({ updateCycle }) => updateCycle,
  ),
  column(
    'published',
    '发布日期',
    'Published',
    '首次发布日期，上海时间',
    'First published, in Asia/Shanghai',
    ({ published }) => published,
  ),
  column(
    'related',
    '关联资源代码',
    'Related',
    '关联的信息资源',
    'Codes of related resources',
    ({ related }) => related,
  ),
]

function column(
  name: string,
  zh: string,
  en: string,
  aboutZh: string,
  aboutEn: string,
  of: Column['of'],
): Column {
  const description: Bilingual = { zh: aboutZh, en: aboutEn }
  const type = name === 'published' ? 'date' : 'string'
  return { field: { name, type, role: 'attribute', title: { zh, en }, description }, of }
}

export const tableFields: readonly Field[] = columns.map(({ field }) => field)

/** The table's rows, in the order of the resources. */
export function tableRows(resources: readonly InformationResource[]): readonly RecordValues[] {
  return resources.flatMap((resource) =>
    resource.items.map((item) => columns.map(({ of }) => of(resource, item))),
  )
}
