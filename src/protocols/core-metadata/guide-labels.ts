/**
 * Labels of the national catalogue guide of 2017 (政务信息资源目录编制指南（试行）) for our codes. Its sharing types, and
 * whether it counts a dataset as open, are in the column `national_2017` of the code lists, the only mapping
 * of those codes.
 */

import { type Contracts, type FieldTypeName, findCode } from '../../contract/index.ts'
import { lookUp } from '../../platform/lookup.ts'

/** 数据类型 of an information item. */
export const itemTypes = {
  string: '字符型C',
  integer: '整型I',
  number: '数值型N',
  boolean: '逻辑型L',
  date: '日期型D',
  time: '字符型C',
  datetime: '日期时间型T',
  list: '字符型C',
} as const satisfies Record<FieldTypeName, string>

/** 共享类型 by its number. */
const shareTypes: Readonly<Record<string, string>> = {
  '1': '无条件共享',
  '2': '有条件共享',
  '3': '不予共享',
}

/** The guide's label of a sharing type. */
export function shareTypeLabel(number: string): string | null {
  return lookUp(shareTypes, number) ?? null
}

/** 共享方式 by the codes of the list `share-methods`: by a platform, or by mail and media. */
const shareMethods: Readonly<Record<string, string>> = {
  interface: '平台方式（服务接口）',
  file: '平台方式（文件下载）',
  offline: '邮件/介质',
}

/** The guide's labels of sharing channels; a channel unknown to the guide keeps its own label. */
export function shareWayText(contracts: Contracts, methods: readonly string[]): string {
  const own = (method: string) => findCode(contracts.codes('share-methods'), method)?.label.zh ?? method
  return [...new Set(methods.map((method) => lookUp(shareMethods, method) ?? own(method)))].join('；')
}

/** 信息资源格式: the guide's classes, with the file types of each. */
const fileClasses: Readonly<Record<string, string>> = {
  csv: '电子表格',
  'csv.gz': '电子表格',
  xlsx: '电子表格',
  ndjson: '自描述格式',
  json: '自描述格式',
  parquet: '自描述格式',
  geojson: '自描述格式',
  zip: '自描述格式',
}

/** The dataset's formats grouped by the guide's classes: `电子表格（csv、xlsx）；服务接口`. */
export function formatText(formats: readonly string[], methods: readonly string[]): string {
  const classOf = (format: string) => lookUp(fileClasses, format) ?? '自描述格式'
  const classes = [...new Set(formats.map(classOf))].map((name) => {
    const types = formats.filter((format) => classOf(format) === name)
    return `${name}（${types.join('、')}）`
  })
  return [...classes, ...(methods.includes('interface') ? ['服务接口'] : [])].join('；')
}
