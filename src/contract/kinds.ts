/**
 * Kinds: named sets of properties that a contract binds to its own fields, so that a module can use a dataset
 * without knowing its name or fields. Several datasets may have one kind; the caller joins them.
 */
import { defined } from '../platform/defined.ts'
import type { Bilingual } from '../platform/language.ts'
import type { Contract } from './contract.ts'
import type { FieldTypeName } from './fields/field-types.ts'

export interface KindProperty {
  readonly types: readonly FieldTypeName[]
  readonly required: boolean
  /** The code list that the field must use, if modules depend on its codes. */
  readonly codes?: string
  readonly about: Bilingual
}

const text = (required: boolean, zh: string, en: string) => property(['string'], required, zh, en)

function property(
  types: readonly FieldTypeName[],
  required: boolean,
  zh: string,
  en: string,
  codes?: string,
): KindProperty {
  return { types, required, about: { zh, en }, ...defined({ codes }) }
}

export const kinds = {
  'annual-list': {
    number: property(['integer', 'string'], true, '清单编号', 'number of the item in its list'),
    name: text(true, '数据项名称', 'title of the promised data'),
    providers: property(['list'], true, '提供部门', 'names of the departments that promise it'),
    description: text(false, '数据项描述', 'description of the data'),
    content: text(false, '数据项内容', 'contents of the data'),
    theme: text(false, '领域', 'theme'),
    due: property(['date'], false, '应开放日期', 'date by which the data are to be opened'),
    updateFrequency: property(['string'], false, '更新频率', 'how often it is updated', 'update-frequencies'),
    shareClass: property(['string'], false, '共享属性', 'sharing class', 'share-classes'),
    openClass: property(['string'], false, '开放属性', 'openness class', 'open-classes'),
    shareMethods: property(['list'], false, '共享方式', 'methods of sharing', 'share-methods'),
    dataset: text(false, '对应数据集', 'slug of the dataset that fulfils the promise'),
    edition: text(false, '对应期次', 'promised edition of that dataset'),
  },
  venues: {
    venue: text(true, '场地编码', 'code of the facility, shared by its sessions'),
    name: text(true, '学校名称', 'name of the place'),
    facility: text(true, '开放场地', 'the facility that is open'),
    activities: property(['list'], true, '开放项目', 'activities offered', 'venue-activities'),
    dayType: property(['string'], true, '日期类型', 'days on which the session is held', 'day-types'),
    opens: property(['time'], true, '开放时刻', 'start time of the session'),
    closes: property(['time'], true, '结束时刻', 'end time of the session'),
    longitude: property(['number'], true, '经度', 'longitude in degrees'),
    latitude: property(['number'], true, '纬度', 'latitude in degrees'),
    district: property(['string'], false, '所属区', 'district', 'districts'),
    address: text(false, '地址', 'postal address'),
    free: property(['boolean'], false, '是否免费', 'whether admission is free'),
    fee: text(false, '收费说明', 'fee'),
    booking: text(false, '预约方式', 'how to book'),
    phone: text(false, '联系电话', 'telephone'),
    facilityType: property(['string'], false, '场地类别', 'type of the facility', 'facility-types'),
    indoor: property(['boolean'], false, '是否室内', 'whether the facility is under a roof'),
    lights: property(['boolean'], false, '有无灯光', 'whether there are lights after dark'),
    surface: property(['string'], false, '地面材质', 'surface of the facility', 'surfaces'),
    capacity: property(['integer'], false, '最大承载人数', 'most people at a time'),
    accessibility: text(false, '无障碍设施', 'what makes it accessible'),
    except: property(['list'], false, '除外日', 'days without the session', 'day-types'),
    season: text(false, '季节', 'days of the year, MM-DD/MM-DD, both included; all year if absent'),
    validFrom: property(['date'], false, '有效期起', 'first valid day of the session'),
    validUntil: property(['date'], false, '有效期止', 'last valid day of the session'),
    feeAmount: property(['number'], false, '收费金额', 'amount of the fee'),
    feeUnit: property(['string'], false, '收费单位', 'what the amount is charged for', 'fee-units'),
    bookingUrl: text(false, '预约网址', 'address at which to book'),
    notes: text(false, '备注', 'notes'),
  },
  calendar: {
    entry: property(['string'], true, '日历事项', 'event on the days', 'calendar-entries'),
    starts: property(['date'], true, '起始日期', 'first day'),
    ends: property(['date'], true, '终止日期', 'last day, inclusive'),
    name: text(false, '名称', 'name in Chinese'),
    nameEn: text(false, '英文名称', 'name in English'),
  },
  schools: {
    code: text(true, '学校标识码', 'code of the school'),
    name: text(false, '学校名称', 'name of the school'),
    district: property(['string'], true, '所属区', 'district', 'districts'),
    stage: property(['string', 'list'], false, '学段', 'stages that the school teaches'),
    system: text(false, '学制', 'years of primary and lower secondary school, such as 5+4'),
    kind: text(false, '学校类型', 'kind of school'),
    enrolment: property(['integer'], false, '在校学生数', 'pupils on the roll'),
  },
  statistics: {
    count: property(['integer'], true, '人数', 'number that the other measures of a record are based on'),
    status: text(false, '保密状态', 'whether values are withheld'),
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, KindProperty>>>>

type KindName = keyof typeof kinds

/** Titles of the kinds, by name. */
export const kindTitles: ReadonlyMap<string, Bilingual> = new Map(
  Object.entries({
    'annual-list': { zh: '年度开放清单', en: 'Annual list' },
    venues: { zh: '场地开放', en: 'Venues and their hours' },
    calendar: { zh: '日历', en: 'Calendar' },
    schools: { zh: '学校名录', en: 'Directory of schools' },
    statistics: { zh: '统计', en: 'Statistics' },
  } satisfies Record<KindName, Bilingual>),
)

/** A contract's fields by the properties of a kind; an unbound property is undefined. */
export type KindBinding<Name extends KindName> = Readonly<Partial<Record<keyof (typeof kinds)[Name], string>>>

/** The fields that a contract binds to the properties of a kind; undefined if it has another kind. */
export function bindingOf<Name extends KindName>(
  contract: Contract,
  kind: Name,
): KindBinding<Name> | undefined {
  return contract.kind?.name === kind ? (contract.kind.bind as KindBinding<Name>) : undefined
}
