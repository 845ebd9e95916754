/** Checks of a cell or of a whole row; a part of the closed list of checks.ts. */
import { type FaultKind, kind } from './check-definition.ts'

/** Checks of a cell or of a whole row. The checks of checks/ keep their own names. */
export const rowChecks = {
  'coordinates-swapped': kind(
    'Longitude and latitude are swapped; exchange the values of the two columns.',
    '经度和纬度颠倒；请对调这两列的值。',
  ),
  'coordinates-gcj02': kind(
    'The points are shifted from those published before as GCJ-02 is from WGS-84: convert them to WGS-84, or ask the map service for it.',
    '坐标相对以前发布的位置有偏移，与 GCJ-02（高德、腾讯）相符；请转换为 WGS-84 后重新提交。',
    'warning',
  ),
  'coordinates-bd09': kind(
    'The points are shifted from those published before as BD-09 is from WGS-84: convert them to WGS-84, or ask the map service for it.',
    '坐标相对以前发布的位置有偏移，与 BD-09（百度）相符；请转换为 WGS-84 后重新提交。',
    'warning',
  ),
  'validation-stopped': kind(
    'Validation stopped here: the findings already exceed what the contract allows. Rows below were not checked; correct these first.',
    '问题已超出数据契约的容许范围，校验到此停止，其后各行未检查，请先更正已列出的问题。',
    'warning',
  ),
  'text-control': kind(
    'The text has a character that is not seen but changes how the text is shown or read; remove it.',
    '文本中有不可见的控制字符，会改变文字的显示或读取方式，请删除。',
    'warning',
  ),
  'text-lost': kind(
    'The text has a replacement character: a program could not read what was there, and wrote this instead. Enter it again from its source.',
    '文本中有替换字符（�），说明原有文字已在某次转换中丢失，请按原始资料重新填写。',
    'warning',
  ),
  type: kind(
    'The value does not have the type of its field; write it as expected.',
    '值不符合字段类型，请按要求填写。',
  ),
  'number-damaged': kind(
    'A spreadsheet may have lost digits of this number; enter it again from its source, in a column that is formatted as text, or as a number with at most 15 digits.',
    '该数字可能已被电子表格丢失部分位数；请按原始资料重新填写：编号类请先把该列设为文本格式，数值至多 15 位。',
  ),
  'code-unknown': kind(
    'The value is not a code of the list; use one of its codes.',
    '值不在代码表中，请使用代码表中的代码。',
  ),
  'code-retired': kind(
    'The code was retired before this edition; use its successor.',
    '该代码在本期之前已停用，请使用其后继代码。',
  ),
  'code-not-yet-valid': kind(
    'The code is not yet valid in this edition; use a valid one.',
    '该代码在本期尚未启用，请使用有效代码。',
  ),
  'code-dependent': kind(
    'The code is not allowed together with the code of the field it depends on; correct one of the two.',
    '该代码与其所依赖字段的代码不相配，请更正其一。',
  ),
  required: kind('A value is required here; fill it in.', '此处不能为空，请补填。'),
  constraint: kind(
    'The value is outside the range that the contract allows; correct it.',
    '值超出数据契约允许的范围，请更正。',
  ),
  'key-doubled': kind(
    'Another row has the same key, perhaps in another width or Unicode form, so none of them is accepted; leave only one.',
    '另有一行主键相同（全角与半角、不同的 Unicode 形式视为相同），各行均未采用，请只保留一行。',
  ),
  'row-header': kind(
    'The row repeats the header, probably because files were joined; remove it.',
    '该行重复了表头（多为文件合并所致），请删除此行。',
  ),
  'row-total': kind(
    'The row is a total or an average, not a record; remove it. If such rows are records here, the contract must list them as codes or give the field the role dimension.',
    '该行是合计或平均，并非记录，请删除；如此类行也是记录，须由数据契约列入代码表，或将该字段设为维度（dimension）。',
  ),
  'row-note': kind(
    'Only one cell of the row is filled, as in text below the table: remove it, or fill in the record.',
    '该行只填了一格，像是表下的说明文字，请删除；如是记录，请补齐。',
  ),
  'cell-swallowed': kind(
    'The cell holds whole rows, because a quote before or after them is missing; correct the quotes.',
    '该单元格中夹带了整行数据（前后缺少引号所致），请更正引号。',
  ),
} as const satisfies Record<string, FaultKind>
