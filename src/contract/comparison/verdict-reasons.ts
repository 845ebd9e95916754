/**
 * Texts that explain to readers and providers why a difference between two contracts matters. verdict.ts
 * decides how serious each difference is.
 */

import type { Bilingual } from '../../platform/language.ts'
import { lookUp } from '../../platform/lookup.ts'

type Kind = 'compatible' | 'additive' | 'breaking'
type Reasons = Readonly<Record<string, Readonly<Partial<Record<Kind, Bilingual>>>>>

/** Reasons by the last segment of a path. Other paths get the general reason of their kind. */
const reasons: Reasons = {
  type: {
    breaking: {
      zh: '取值的类型改变，须按新类型读取',
      en: 'the type changes, so values must be read differently',
    },
  },
  unit: {
    breaking: {
      zh: '单位改变，同样的数值含义不同',
      en: 'the unit changes, so the same number means another quantity',
    },
  },
  codes: {
    compatible: { zh: '代码表更名，内容不变', en: 'the code list has a new name; its codes stay' },
    breaking: { zh: '所用代码表改变', en: 'values come from another code list' },
  },
  codesBy: {
    breaking: { zh: '决定可用代码的字段改变', en: 'another field determines the allowed codes' },
  },
  role: {
    additive: { zh: '字段的角色改变，取值不变', en: 'the role of the field changes; its values stay' },
    breaking: { zh: '由谁填写该字段发生改变', en: 'who fills the field changes' },
  },
  scale: {
    additive: { zh: '保留的小数位增加或不再限定', en: 'more digits after the decimal point are stored' },
    breaking: { zh: '保留的小数位减少', en: 'fewer digits after the decimal point are stored' },
  },
  required: {
    additive: {
      zh: '该字段可以为空，读取方须处理空值',
      en: 'the field may now be empty; readers must handle nulls',
    },
    breaking: { zh: '该字段必须填写，此前可空的数据将被拒收', en: 'a value is now required' },
  },
  enum: {
    additive: { zh: '允许更多取值', en: 'more values are allowed' },
    breaking: { zh: '此前允许的取值不再允许', en: 'some values are no longer allowed' },
  },
  pattern: {
    additive: { zh: '不再限定写法', en: 'any notation is allowed' },
    breaking: { zh: '写法要求改变', en: 'the notation changes' },
  },
  name: {
    additive: {
      zh: '字段更名，取值不变；各期仍可一并读取和比较，按字段名读取的程序须改用新名',
      en: 'the field has a new name; editions are still read and compared together, and readers use the new name',
    },
  },
  renamedCodes: {
    additive: {
      zh: '代码更名；比较各期时按新代码对应',
      en: 'codes have new names; records of earlier editions are compared under the new ones',
    },
  },
  keyMissing: {
    additive: {
      zh: '主键可以空缺，以替代代码填入',
      en: 'a key may be empty and is then filled with a stand-in',
    },
    breaking: { zh: '主键空缺的处理改变', en: 'the stand-in for an empty key changes' },
  },
  primaryKey: { breaking: { zh: '识别一条记录的字段改变', en: 'other fields identify a record' } },
  period: { breaking: { zh: '每期数据所指的时段改变', en: 'an edition covers another period' } },
  formats: {
    additive: { zh: '提供更多格式的文件', en: 'more file formats are available' },
    breaking: { zh: '不再提供某种格式的文件', en: 'a file format is no longer available' },
  },
  indexes: {
    additive: { zh: '可按更多字段快速查询或排序', en: 'more fields can be filtered and sorted quickly' },
    breaking: { zh: '不再能按某些字段排序', en: 'some fields can no longer be sorted by' },
  },
  parts: {
    additive: { zh: '增加提供方', en: 'there are additional providers' },
    breaking: { zh: '提供方或其范围改变', en: 'the providers or their parts change' },
  },
  licence: {
    compatible: {
      zh: '使用条款的说明有改动，条款不变',
      en: 'the description of the terms changes, the terms do not',
    },
    breaking: { zh: '使用条款改变', en: 'the terms of use change' },
  },
  openClass: {
    compatible: { zh: '开放属性改变，数据仍然开放', en: 'the openness class changes; the data stay open' },
    breaking: { zh: '数据不再开放', en: 'the data are no longer open' },
  },
  missingValues: {
    additive: { zh: '更多写法被视为缺失值', en: 'more texts count as a missing value' },
    breaking: { zh: '某种写法不再被视为缺失值', en: 'a text no longer counts as a missing value' },
  },
  noticeDays: {
    compatible: {
      zh: '契约重大变更的通知期改变，数据不受影响',
      en: 'the notice period for breaking contracts changes; the data are not affected',
    },
  },
  approval: {
    compatible: {
      zh: '发布审批要求改变，数据不受影响',
      en: 'the approval rule for publication changes; the data are not affected',
    },
  },
}

const fieldReasons = {
  added: {
    compatible: { zh: '新增字段', en: 'a field was added' },
    additive: { zh: '新增字段，原有字段不变', en: 'a field was added; existing fields stay' },
    breaking: {
      zh: '新增必填字段，提供方必须填写',
      en: 'a required field was added; providers must fill it',
    },
  },
  removed: {
    compatible: { zh: '字段被删除', en: 'a field was removed' },
    additive: { zh: '字段被删除', en: 'a field was removed' },
    breaking: { zh: '字段被删除，读取方不再得到它', en: 'a field was removed; readers no longer get it' },
  },
} as const

const general: Readonly<Record<Kind, Bilingual>> = {
  compatible: { zh: '已修改，读写方式不变', en: 'it was changed; reading and sending work as before' },
  additive: { zh: '有新增或放宽', en: 'something was added or widened' },
  breaking: {
    zh: '被收窄、改变或删除，与此前不兼容',
    en: 'something was narrowed, changed or removed incompatibly',
  },
}

/** The reason for the kind of the difference at a path. `fields/<name>` is a whole field. */
export function reasonOf(path: string, what: 'added' | 'removed' | 'changed', kind: Kind): Bilingual {
  if (/^(intake\/)?fields\/[^/]+$/.test(path) && what !== 'changed') return fieldReasons[what][kind]
  if (/^(intake\/)?fields$/.test(path))
    return {
      zh: '字段顺序改变，表头标明各列',
      en: 'the order of the fields changes; the header names each column',
    }
  return lookUp(reasons, path.split('/').at(-1) ?? '')?.[kind] ?? general[kind]
}
