/** Everything that can be wrong with rows of the upload template and their statistics. No text names a value. */
import type { Severity } from '../../platform/finding.ts'
import type { DerivationFault } from '../derivation.ts'

const fault = (severity: Severity, en: string, zh: string): DerivationFault => ({
  severity,
  message: { zh, en },
})

/** What is implausible: a warning that holds the publication until a person has approved it. */
const doubt = (en: string, zh: string): DerivationFault => ({ ...fault('warning', en, zh), holds: true })

export const faults = {
  'school-missing': fault(
    'error',
    'The code of the school is missing; give it in a column or in the name of the file.',
    '缺少学校标识码，请在列中或文件名中注明。',
  ),
  'school-unknown': fault(
    'error',
    'The directory of schools has no school with this code; correct the code.',
    '学校名录中没有此标识码，请更正。',
  ),
  'school-district': fault(
    'error',
    'The school belongs to another district; its own district sends this row.',
    '该校不属于本区，应由其所属区报送。',
  ),
  'school-system': fault(
    'error',
    'The directory does not say whether the school has the system 6+3 or 5+4, by which this grade is scored.',
    '学校名录未注明该校学制（六三制或五四制），无法确定该年级的评分表。',
  ),
  'grade-unknown': fault(
    'error',
    'This is no grade; write its code in the upload template.',
    '年级无法识别，请填写上传模板的年级编号。',
  ),
  'grade-system': fault(
    'error',
    "The grade does not exist in the school's system; correct the grade, or the system of the school.",
    '该校学制没有这个年级，请更正年级或学校的学制。',
  ),
  'grade-table': fault(
    'error',
    'The standard has no scoring table for this grade; leave the row out.',
    '《标准》没有该年级的评分表，请删除该行。',
  ),
  'sex-unknown': fault('error', 'Write 1 for a boy, 2 for a girl.', '请填写性别：1 男，2 女。'),
  'number-missing': fault('error', 'The pupil number is missing; fill it in.', '缺少学籍号，请补填。'),
  'number-damaged': fault(
    'error',
    'A spreadsheet has altered the pupil number; format the column as text and write the number in full.',
    '学籍号已被电子表格改动，请把该列设为文本后重新填写完整号码。',
  ),
  'number-twice': fault(
    'error',
    'Several rows have this pupil number, so none of them is taken; leave one.',
    '多行学籍号相同，各行均未采用，请只保留一行。',
  ),
  'measurement-unreadable': fault(
    'error',
    'This is no result of the item; write it as expected, in the unit of the template.',
    '不是该项目的有效成绩，请按要求和模板的单位填写。',
  ),
  'measurement-range': fault(
    'error',
    'The result is outside the range that the template accepts; check the value and its unit.',
    '成绩超出模板允许的范围，请核对数值和单位。',
  ),
  'measurement-doubtful': fault(
    'error',
    'It is unclear how many seconds are meant: a final zero may be lost. Write minutes and seconds in full.',
    '秒数不明确（末位的零可能已丢失），请完整填写分和秒。',
  ),
  'measurement-clock': fault(
    'warning',
    'The cell is a time of day; its hours were read as minutes, and its minutes as seconds.',
    '单元格为时刻格式，已按“时为分、分为秒”读取。',
  ),
  'measurement-both-units': fault(
    'error',
    'The measurement is given in two columns of different units; leave one.',
    '同一测量值在不同单位的两列中都有填写，请只保留一处。',
  ),
  'other-sex': fault(
    'warning',
    'This item is for the other sex and was ignored.',
    '该项目属于另一性别，未予采用。',
  ),
  'other-sex-only': fault(
    'error',
    "This item is for the other sex, and the pupil's own item is empty; check the sex and move the result.",
    '该项目属于另一性别，而本性别的对应项目为空，请核对性别并更正。',
  ),
  'item-not-scored': fault(
    'warning',
    'The item is not tested in this grade and was ignored.',
    '该年级不测此项目，未予采用。',
  ),
  'exempt-with-results': fault(
    'warning',
    'The pupil is exempt, so the results in the row were ignored.',
    '该生免予执行《标准》，本行其他成绩未予采用。',
  ),
  'birth-date': fault(
    'warning',
    'The birth date is not readable or not plausible; nothing is scored by it.',
    '出生日期无法识别或不合理，不影响评分。',
  ),
  'class-code': fault(
    'warning',
    'The class code does not consist of grade code and class number; nothing is scored by it.',
    '班级编号不是“年级编号＋班号”，不影响评分。',
  ),
  'school-enrolment': doubt(
    "The school's rows are many fewer or more than the pupils on its roll; check that the file is complete and has no other school's rows.",
    '该校数据行数与名录中的在校学生数相差较大，请核对是否漏报或混入他校数据。',
  ),
  'school-absent': doubt(
    'A school of the directory has no rows; send them, or check whether the school still exists.',
    '名录中的一所学校没有数据，请补报，或核对该校是否仍在办学。',
  ),
  'school-no-fail': doubt(
    'No pupil of this large school fails; check that those who fail were not left out.',
    '该校人数较多而无人不及格，请核对是否漏报不及格学生。',
  ),
  'school-digits': doubt(
    'Some last digits of this item are much more frequent than others in the school; check whether results were rounded or estimated.',
    '该校此项成绩的末位数字分布异常，请核对是否取整或估填。',
  ),
  'school-identical': doubt(
    'The results of this school are the same as those of another school; check whether one file was copied.',
    '该校成绩与另一所学校完全相同，请核对是否误用同一份数据。',
  ),
  'edition-mean-jump': doubt(
    'A mean differs much from that of the edition before; check units and completeness of the parts.',
    '平均值与上一期相差较大，请核对各部分数据的单位和完整性。',
  ),
  'edition-pupils-jump': doubt(
    'The number of pupils differs much from that of the edition before; check that all schools are there once.',
    '学生人数与上一期相差较大，请核对学校是否漏报或重报。',
  ),
  'edition-good-rate': doubt(
    'The rate of good or better is far from what national surveys find and national targets expect; check how the tests were done.',
    '优良率与全国抽测结果和国家目标相差较大，请核对测试过程。',
  ),
} as const satisfies Readonly<Record<string, DerivationFault>>

export type FaultName = keyof typeof faults
