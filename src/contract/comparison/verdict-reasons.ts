/**
 * Texts that explain to readers and providers why a difference between two contracts matters. verdict.ts
 * decides how grave each difference is.
 */
import type { Bilingual } from '../../platform/language.ts'

type Kind = 'compatible' | 'additive' | 'breaking'
type Reasons = Readonly<Record<string, Readonly<Partial<Record<Kind, Bilingual>>>>>

/** Reasons by the last segment of a path. Other paths get the general reason of their kind. */
const reasons: Reasons = {
  type: {
    breaking: {
      zh: '取值的类型改变，须按新类型读取',
      en: 'values are of another type and are read another way',
    },
  },
  unit: { breaking: { zh: '单位改变，同样的数值含义不同', en: 'the same number means another quantity' } },
  codes: {
    compatible: { zh: '代码表更名，内容不变', en: 'the code list has a new name; its codes stay' },
    breaking: { zh: '所用代码表改变', en: 'values come from another code list' },
  },
  codesBy: {
    breaking: { zh: '决定可用代码的字段改变', en: 'another field chooses the codes that are allowed' },
  },
  role: {
    additive: { zh: '字段的角色改变，取值不变', en: 'the field plays another part; its values stay' },
    breaking: { zh: '由谁填写该字段发生改变', en: 'who fills the field changes' },
  },
  scale: {
    additive: { zh: '保留的小数位增加或不再限定', en: 'more digits are kept after the point' },
    breaking: { zh: '保留的小数位减少', en: 'fewer digits are kept after the point' },
  },
  required: {
    additive: {
      zh: '该字段可以为空，读取方须处理空值',
      en: 'the field may be empty from now on; readers meet nulls',
    },
    breaking: { zh: '该字段必须填写，此前可空的数据将被拒收', en: 'a value must be brought from now on' },
  },
  enum: {
    additive: { zh: '允许更多取值', en: 'further values are allowed' },
    breaking: { zh: '此前允许的取值不再允许', en: 'values that were allowed are not any more' },
  },
  pattern: {
    additive: { zh: '不再限定写法', en: 'any way to write it is allowed' },
    breaking: { zh: '写法要求改变', en: 'it is written another way' },
  },
  primaryKey: { breaking: { zh: '识别一条记录的字段改变', en: 'other fields tell one record from another' } },
  period: { breaking: { zh: '每期数据所指的时段改变', en: 'an edition stands for another period' } },
  formats: {
    additive: { zh: '提供更多格式的文件', en: 'files of further formats are offered' },
    breaking: { zh: '不再提供某种格式的文件', en: 'files of a format are not offered any more' },
  },
  indexes: {
    additive: { zh: '可按更多字段快速查询或排序', en: 'further fields are quick to filter and to sort by' },
    breaking: { zh: '不再能按某些字段排序', en: 'some fields can not be sorted by any more' },
  },
  parts: {
    additive: { zh: '增加提供方', en: 'further providers bring a part' },
    breaking: { zh: '提供方或其范围改变', en: 'the providers, or what each brings, are others' },
  },
  licence: {
    compatible: { zh: '使用条款的说明有改动，条款不变', en: 'the terms are told in other words and stay' },
    breaking: { zh: '使用条款改变', en: 'the data come on other terms' },
  },
  openClass: {
    compatible: { zh: '开放属性改变，数据仍然开放', en: 'the data are open in another class' },
    breaking: { zh: '数据不再开放', en: 'the data are closed' },
  },
  missingValues: {
    additive: { zh: '更多写法被视为缺失值', en: 'further texts stand for a missing value' },
    breaking: { zh: '某种写法不再被视为缺失值', en: 'a text does not stand for a missing value any more' },
  },
  noticeDays: {
    compatible: {
      zh: '契约重大变更的通知期改变，数据不受影响',
      en: 'how long a breaking contract is announced before; the data are not touched',
    },
  },
  approval: {
    compatible: {
      zh: '发布审批要求改变，数据不受影响',
      en: 'who must agree to a publication; the data are not touched',
    },
  },
}

const fieldReasons = {
  added: {
    compatible: { zh: '新增字段', en: 'a field is new' },
    additive: { zh: '新增字段，原有字段不变', en: 'a field is new; those that were stay' },
    breaking: { zh: '新增必填字段，提供方必须填写', en: 'a field is new that providers must fill' },
  },
  removed: {
    compatible: { zh: '字段被删除', en: 'a field is gone' },
    additive: { zh: '字段被删除', en: 'a field is gone' },
    breaking: { zh: '字段被删除，读取方不再得到它', en: 'a field is gone; who reads it finds nothing' },
  },
} as const

const general: Readonly<Record<Kind, Bilingual>> = {
  compatible: { zh: '已修改，读写方式不变', en: 'it was changed; reading and bringing go on as before' },
  additive: { zh: '有新增或放宽', en: 'something was added or widened' },
  breaking: { zh: '被收窄、改变或删除，与此前不兼容', en: 'something was narrowed, changed or removed' },
}

/** The reason for the kind of the difference at a path. `fields/<name>` is a whole field. */
export function reasonOf(path: string, what: 'added' | 'removed' | 'changed', kind: Kind): Bilingual {
  if (/^(intake\/)?fields\/[^/]+$/.test(path) && what !== 'changed') return fieldReasons[what][kind]
  if (/^(intake\/)?fields$/.test(path))
    return {
      zh: '字段顺序改变，表头标明各列',
      en: 'the fields stand in another order; the header names them',
    }
  return reasons[path.split('/').at(-1) ?? '']?.[kind] ?? general[kind]
}
