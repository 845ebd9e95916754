/** The national upload template, pupils in it, and the forms in which schools write results, with what each must give. */
import { formula, makeSheet, number, type TestCell } from '../workbook.ts'

/** Number formats of the workbooks: style 1, 2, 3. */
export const formats = ['hh:mm', 'yyyy/m/d', 'mm:ss']
const clock = (serial: number) => number(serial, 1)
const day = (serial: number) => number(serial, 2)

export const secondary = [
  ...[
    '年级编号',
    '班级编号',
    '班级名称',
    '学籍号',
    '民族代码',
    '姓名',
    '性别',
    '出生日期',
    '家庭住址',
    '身高',
    '体重',
  ],
  ...['肺活量', '50米跑', '立定跳远', '坐位体前屈', '800米跑', '1000米跑', '一分钟仰卧起坐', '引体向上'],
]
export const primary = [
  ...[
    '年级编号',
    '班级编号',
    '班级名称',
    '学籍号',
    '民族代码',
    '姓名',
    '性别',
    '出生日期',
    '家庭住址',
    '身高',
    '体重',
  ],
  ...['肺活量', '50米跑', '坐位体前屈', '一分钟跳绳', '一分钟仰卧起坐', '50米×8往返跑'],
]

export type Cells = Readonly<Record<string, TestCell>>

/** The girl of the worked example: 87.4, good. */
export const girl: Cells = {
  ...{ 年级编号: '21', 班级编号: '2101', 学籍号: 'G01', 姓名: '某', 性别: '2', 出生日期: '2013-05-01' },
  ...{ 身高: '155', 体重: '48', 肺活量: '2400', '50米跑': '8.9', 立定跳远: '170', 坐位体前屈: '12.0' },
  ...{ '800米跑': `3'55"`, 一分钟仰卧起坐: '55' },
}
const boy: Cells = {
  ...{ ...girl, 性别: '1', '800米跑': undefined, 一分钟仰卧起坐: undefined },
  ...{ '1000米跑': `4'10"`, 引体向上: '9' },
}
export const child: Cells = {
  ...{ 年级编号: '15', 班级编号: '1501', 学籍号: 'G02', 性别: '2', 出生日期: '2015-05-01', 身高: '140' },
  ...{ 体重: '34', 肺活量: '1800', '50米跑': '9.5', 坐位体前屈: '10', 一分钟跳绳: '120' },
  ...{ 一分钟仰卧起坐: '35', '50米×8往返跑': `1'50"` },
}

export const csvCell = (cell: TestCell) => {
  const text = typeof cell === 'string' ? cell : ''
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export interface Form {
  readonly pupil: Cells
  readonly column: string
  readonly cell: TestCell
  /** What a CSV can't store is tested in a workbook only. */
  readonly only?: 'xlsx' | 'csv'
  readonly expected: string
}

const read = (pupil: Cells, column: string, cell: TestCell, expected: string, only?: Form['only']): Form => ({
  ...{ pupil, column, cell, expected },
  ...(only === undefined ? {} : { only }),
})

/** 3′55″ is 85 points for a girl of grade 21. */
export const good = '85 87.4'
const enduranceForms: readonly Form[] = [
  ...[
    `3'55"`,
    '3’55”',
    '3′55″',
    '3′55′′',
    "3'55''",
    '3.55',
    '3:55',
    '3：55',
    '3分55秒',
    '3分55',
    '235',
    '235秒',
    '３′５５″',
  ],
  ` 3'55" `,
].map((cell) => read(girl, '800米跑', cell, good))

export const forms: readonly Form[] = [
  ...enduranceForms,
  read(girl, '800米跑', number(3.55), good, 'xlsx'),
  read(girl, '800米跑', number(235), good, 'xlsx'),
  // Endurance 4′20″: a number has lost its zero, a text is doubtful.
  read(girl, '800米跑', number(4.2), '74 85.2', 'xlsx'),
  read(girl, '800米跑', '4.2', `refused measurement-doubtful@P`),
  read(girl, '800米跑', clock((3 * 60 + 55) / 1440), `${good} measurement-clock@P`, 'xlsx'),
  read(girl, '800米跑', number(235 / 86_400, 3), `refused measurement-unreadable@P`, 'xlsx'),
  read(girl, '800米跑', day(45_000), `refused measurement-unreadable@P`, 'xlsx'),
  read(girl, '800米跑', `3'75"`, `refused measurement-unreadable@P`),
  read(girl, '800米跑', '3.75', `refused measurement-unreadable@P`),
  read(girl, '800米跑', '4', `refused measurement-unreadable@P`),
  read(girl, '800米跑', number(4), `refused measurement-unreadable@P`, 'xlsx'),
  read(girl, '800米跑', '3:55:00', `refused measurement-unreadable@P`),
  // Both ends of the range are inside.
  read(girl, '800米跑', `2'00"`, '100 100.4'),
  read(girl, '800米跑', `1'59"`, `refused measurement-range@P`),
  read(girl, '800米跑', `9'00"`, '0 70.4'),
  read(girl, '800米跑', `9'01"`, `refused measurement-range@P`),
  // Missing and exempt.
  ...['', 'X', 'x', '缺测', '-', '/'].map((cell) => read(girl, '800米跑', cell, '- -')),
  read(girl, '800米跑', '免体', `exempt exempt-with-results@J`),
  // Units: metres, jin, litres are refused unless a header says so.
  read(girl, '身高', '1.55', `refused measurement-range@J`),
  read(girl, '身高', '1.55m', `refused measurement-unreadable@J`),
  read(girl, '身高', '155cm', good),
  read(girl, '身高', '１５５', good),
  read(girl, '身高', number(155), good, 'xlsx'),
  read(girl, '身高', '80', '85 81.4'),
  read(girl, '身高', '79.99', `refused measurement-range@J`),
  read(girl, '身高', '250', '85 84.4'),
  read(girl, '身高', '250.01', `refused measurement-range@J`),
  read(girl, '身高', '155.555', `refused measurement-unreadable@J`),
  read(girl, '体重', '96斤', `refused measurement-unreadable@K`),
  read(girl, '体重', '13.9', `refused measurement-range@K`),
  read(girl, '体重', '200.1', `refused measurement-range@K`),
  read(girl, '肺活量', '2.4', `refused measurement-unreadable@L`),
  read(girl, '肺活量', '2,400', good),
  read(girl, '肺活量', '499', `refused measurement-range@L`),
  read(girl, '肺活量', '10000', `refused measurement-range@L`),
  read(girl, '立定跳远', '1.70', `refused measurement-range@N`),
  read(girl, '肺活量', formula(), `refused cell-uncached@L`, 'xlsx'),
  read(girl, '肺活量', formula('2400'), good, 'xlsx'),
  // Items of the other sex.
  read(girl, '1000米跑', `4'10"`, `${good} other-sex@Q`),
  read(girl, '1000米跑', 'X', good),
  read({ ...girl, '800米跑': '' }, '1000米跑', `4'10"`, `refused other-sex-only@Q`),
  read({ ...boy, 引体向上: '' }, '一分钟仰卧起坐', '40', `refused other-sex-only@R`),
  // Who a pupil is.
  read(girl, '性别', '3', 'refused sex-unknown@G'),
  read(girl, '性别', '女', good),
  read(girl, '性别', '', 'refused required@G'),
  read(girl, '年级编号', '24', 'refused grade-system@A'),
  read(girl, '年级编号', '初一', good),
  read(girl, '年级编号', '2025', 'refused grade-unknown@A'),
  read({ ...girl, 班级编号: '' }, '年级编号', '34', 'refused grade-table@A'),
  read(girl, '学籍号', '1.23E+17', 'refused number-damaged@D'),
  read(girl, '学籍号', number('310101200901011234'), 'refused number-damaged@D', 'xlsx'),
  read(girl, '学籍号', number(12_345), good, 'xlsx'),
  // Nothing is scored by birth dates and class codes.
  ...['2013/5/1', '2013年5月1日', '20130501', '41395'].map((cell) => read(girl, '出生日期', cell, good)),
  read(girl, '出生日期', day(41_395), good, 'xlsx'),
  read(girl, '出生日期', number(41_395), good, 'xlsx'),
  ...['1913-05-01', '2113-05-01', '2013-13-01', '2013-02-30', 'May 2013'].map((cell) =>
    read(girl, '出生日期', cell, `${good} birth-date@H`),
  ),
  read(girl, '班级编号', '1', `${good} class-code@B`),
  read(girl, '班级编号', '2201', `${good} class-code@B`),
]

/** A table as the bytes of a CSV or a workbook, by the name of the file. */
export function tableBytes(
  name: string,
  lines: readonly (readonly TestCell[])[],
  merges: readonly string[] = [],
): Buffer {
  if (name.endsWith('.xlsx')) return makeSheet(lines, { merges }, { formats })
  return Buffer.from(lines.map((line) => line.map(csvCell).join(',')).join('\n'))
}
