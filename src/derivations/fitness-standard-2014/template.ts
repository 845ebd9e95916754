/**
 * The columns of the national upload template, primary and secondary, with the headers under which they come. Headers
 * are compared without width, case and blanks, so only real differences are listed.
 */
import type { Contract, Field } from '../../contract/index.ts'
import type { TemplateColumn } from './read-pupil.ts'

interface TemplateField {
  readonly title: { readonly zh: string; readonly en: string }
  /** Other names of the column. */
  readonly others?: readonly string[]
  /** Units that may follow any of its names in brackets. */
  readonly units?: readonly string[]
  readonly example: string
  /** Whether only the names with a unit mean the column. */
  readonly needsUnit?: true
}

const inMetres = ['m', '米']
const inCentimetres = ['cm', '厘米']
const inSeconds = ['秒', 's', '"']
const inMinutes = ['分秒', '分.秒', '分·秒', '分、秒', '分:秒', '分\'秒"', `'"`]
const counts = ['次', '个', '次/分', '个/分', '次/分钟', '个/分钟']

const shuttle = ['×', 'x', '*', '✕', '']
  .flatMap((times) => [`50米${times}8往返跑`, `50米${times}8`, `50m${times}8往返跑`, `50m${times}8`])
  .concat('8×50米往返跑', '往返跑')

const fields: Readonly<Record<TemplateColumn, TemplateField>> = {
  grade: { title: { zh: '年级编号', en: 'Grade' }, others: ['年级', '年级代码'], example: '21' },
  class: { title: { zh: '班级编号', en: 'Class' }, others: ['班级代码', '班级号'], example: '2101' },
  number: {
    title: { zh: '学籍号', en: 'Pupil number' },
    others: ['全国学籍号', '学生学籍号', '教育ID'],
    example: 'G000000000000000000',
  },
  sex: { title: { zh: '性别', en: 'Sex' }, example: '2' },
  birth_date: {
    title: { zh: '出生日期', en: 'Birth date' },
    others: ['出生年月日', '生日'],
    example: '2012-09-01',
  },
  height: { title: { zh: '身高', en: 'Height' }, units: inCentimetres, example: '155' },
  height_m: {
    title: { zh: '身高(米)', en: 'Height in metres' },
    ...{ others: ['身高'], units: inMetres, needsUnit: true, example: '1.55' },
  },
  weight: { title: { zh: '体重', en: 'Weight' }, units: ['kg', '公斤', '千克'], example: '48' },
  weight_jin: {
    title: { zh: '体重(斤)', en: 'Weight in jin' },
    ...{ others: ['体重'], units: ['斤', '市斤'], needsUnit: true, example: '96' },
  },
  vital_capacity: { title: { zh: '肺活量', en: 'Vital capacity' }, units: ['ml', '毫升'], example: '2400' },
  run_50m: {
    title: { zh: '50米跑', en: '50 m run' },
    ...{ others: ['50米', '50m', '50m跑'], units: inSeconds, example: '8.9' },
  },
  sit_reach: { title: { zh: '坐位体前屈', en: 'Sit and reach' }, units: inCentimetres, example: '12.0' },
  rope_1min: {
    title: { zh: '一分钟跳绳', en: 'Rope skipping, one minute' },
    ...{ others: ['1分钟跳绳', '跳绳'], units: counts, example: '120' },
  },
  sit_up_1min: {
    title: { zh: '一分钟仰卧起坐', en: 'Sit-ups, one minute' },
    ...{ others: ['1分钟仰卧起坐', '仰卧起坐'], units: counts, example: '40' },
  },
  shuttle_50x8: {
    title: { zh: '50米×8往返跑', en: 'Shuttle run, 8 × 50 m' },
    ...{ others: shuttle, units: [...inSeconds, ...inMinutes], example: `1'45"` },
  },
  standing_jump: {
    title: { zh: '立定跳远', en: 'Standing long jump' },
    ...{ units: inCentimetres, example: '170' },
  },
  standing_jump_m: {
    title: { zh: '立定跳远(米)', en: 'Standing long jump in metres' },
    ...{ others: ['立定跳远'], units: inMetres, needsUnit: true, example: '1.7' },
  },
  pull_up: { title: { zh: '引体向上', en: 'Pull-ups' }, units: counts, example: '8' },
  run_1000m: {
    title: { zh: '1000米跑', en: '1000 m run' },
    ...{ others: ['1000米', '1000m', '1000m跑'], units: [...inSeconds, ...inMinutes], example: `4'05"` },
  },
  run_800m: {
    title: { zh: '800米跑', en: '800 m run' },
    ...{ others: ['800米', '800m', '800m跑'], units: [...inSeconds, ...inMinutes], example: `3'55"` },
  },
}

/** Without these nobody can be scored. */
const neededColumns = ['grade', 'sex']

/** The columns as fields of a contract: texts, because a result may be a word. */
const templateFields: readonly Field[] = Object.entries(fields).map(([name, field]) => {
  const { title, others = [], units = [], needsUnit, example } = field
  const names = needsUnit === true ? others : [title.zh, ...others]
  const aliases = names.flatMap((text) => [text, ...units.map((unit) => `${text}(${unit})`)])
  return {
    ...{ name, type: 'string', role: 'attribute', title, example },
    ...(neededColumns.includes(name) ? { constraints: { required: true } } : {}),
    description: { zh: `国家上传模板的“${title.zh}”。`, en: `${title.en} of the national upload template.` },
    aliases: [...new Set(aliases)].filter(
      (text) => text !== title.zh && !(needsUnit === true && others.includes(text)),
    ),
  }
})

/** Columns of the template and of its variants that are not read. */
const ignored: readonly string[] = [
  ...['序号', '学校', '学校名称', '学校标识码', '学校代码', '班级名称', '班级', '民族代码', '民族'],
  ...['姓名', '学生姓名', '家庭住址', '身份证号', '身份证件号', '学生来源', '生源地', '备注'],
  ...['左眼裸眼视力', '右眼裸眼视力', '左眼串镜', '右眼串镜', '左眼屈光不正', '右眼屈光不正'],
]

/** By what a school reads its own file: the columns of the template, without a dataset. */
export const templateContract: Pick<Contract, 'fields' | 'primaryKey' | 'intake' | 'ignoredHeaders'> = {
  fields: templateFields,
  primaryKey: [],
  intake: { personal: true, innerQuotes: 'text', fields: templateFields, primaryKey: [] },
  ignoredHeaders: ignored,
}

/** How the rows of notes and totals begin. */
const noteWords = /^(注|备注|说明|填表|制表|审核|负责人|合计|总计|小计|平均|总人数|人数|合格率|优秀率|优良率)/

/**
 * Whether a row is a note, a total or a repeated title, and no pupil: it begins as notes do or is one text only, and has no
 * pupil number, sex and birth date, unless all its cells are notes. `identity` are the cells that name a pupil.
 */
export function isNote(cells: () => readonly string[], identity: readonly string[]): boolean {
  const named = identity.filter((text) => text.trim() !== '')
  if (!named.every(beginsAsNote)) return false
  const filled = cells().filter((text) => text.trim() !== '')
  if (named.length > 0) return filled.every(beginsAsNote)
  const [first = ''] = filled.map((text) => text.trim())
  return noteWords.test(first) || (filled.length === 1 && first.length > 4 && !/^[\d.]+$/.test(first))
}

const beginsAsNote = (text: string) => noteWords.test(text.trim())
