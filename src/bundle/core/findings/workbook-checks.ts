/** Checks of a workbook, its sheet and its cells; a part of the closed list of checks.ts. */
import { type FaultKind, kind } from './check-definition.ts'

export const workbookChecks = {
  'workbook-kind': kind(
    'This is not an XLSX workbook, despite its name; open it, save it as .xlsx ("Excel Workbook") or CSV UTF-8, and send that file.',
    '这不是 XLSX 工作簿（不论文件名如何）；请打开后另存为“Excel 工作簿 (.xlsx)”或 CSV UTF-8 再提交。',
  ),
  'workbook-encrypted': kind(
    'The workbook is protected by a password; save it without one.',
    '工作簿设有密码，请取消密码后重新保存。',
  ),
  'workbook-macros': kind(
    'The workbook contains macros or controls, which are not accepted; save it as .xlsx without them, or as CSV UTF-8.',
    '工作簿含有宏或控件，不予接收；请另存为不含宏的 .xlsx 或 CSV UTF-8。',
  ),
  'workbook-external': kind(
    'The workbook links to other files or data sources; break the links (Data, Edit Links), which leaves the values, and save it.',
    '工作簿链接到其他文件或数据源；请断开链接（数据—编辑链接）保留数值后重新保存。',
  ),
  'workbook-doctype': kind(
    'A part of the workbook has a document type declaration, which no spreadsheet program writes; save it again from Excel.',
    '工作簿的部件中含有文档类型声明，电子表格不会写出此类内容；请用 Excel 重新保存。',
  ),
  'workbook-damaged': kind(
    'The workbook is truncated or damaged; open it in Excel, save it again, and copy that file.',
    '工作簿不完整或已损坏，请用 Excel 打开并重新保存后再复制。',
  ),
  'workbook-trailing': kind(
    'There are bytes after the end of the workbook, perhaps from a transfer; send the file again, or open it in Excel and save it.',
    '工作簿末尾之后还有多余字节（可能由传输造成），请重新报送，或用 Excel 打开后重新保存。',
  ),
  'workbook-large': kind(
    'The workbook has too much content, or unpacks to far more than its size; save the sheet as CSV UTF-8.',
    '工作簿内容过多或解压后异常膨胀，请把工作表另存为 CSV UTF-8。',
  ),
  'sheet-unknown': kind(
    'The workbook has no such sheet with cells, or no visible one; name an existing sheet.',
    '工作簿中没有这个（可见的）工作表，请写明已有的工作表。',
  ),
  'sheet-first': kind(
    'The first sheet has no header of the contract, and the workbook has others; choose the one with the table by --sheet, or by sheetName in datapackage.json.',
    '第一个工作表没有数据契约认得的表头，工作簿另有其他工作表；请用 --sheet（或 datapackage.json 的 sheetName）指明数据所在的工作表。',
  ),
  'sheet-others': kind(
    'The workbook has other sheets with content; only one is read.',
    '工作簿另有含内容的工作表，只读取其中一个。',
    'warning',
  ),
  'hidden-sheets': kind(
    'The workbook has hidden sheets, which are not read.',
    '工作簿中有隐藏的工作表，未读取。',
    'warning',
  ),
  'hidden-rows': kind(
    'The sheet has hidden rows, starting here; they are read like the others.',
    '工作表从此行起有隐藏行，照常读取。',
    'warning',
  ),
  'hidden-columns': kind(
    'The sheet has hidden columns, starting here; they are read like the others.',
    '工作表从此列起有隐藏列，照常读取。',
    'warning',
  ),
  'header-merged': kind(
    'A merged header spans several columns that have no headers of their own; give each column a header.',
    '一个表头合并了多列而下方没有各列的名称，请为每列单独写表头。',
  ),
  'cell-merged': kind(
    'Cells are merged here, so it is unclear which rows the value is for; unmerge them and fill each cell.',
    '此处为合并单元格，无法确定数值属于哪些行；请取消合并并逐格填写。',
  ),
  'cell-error': kind(
    'A formula failed here (#N/A, #REF!), or the column was too narrow to show the value (####); correct it or write the value, and save again.',
    '此处公式出错（#N/A、#REF! 等），或列宽不足以显示数值（####）；请更正公式、加宽该列或直接填写数值，再重新保存。',
  ),
  'cell-formula': kind(
    'The contract does not accept formulas; write the value (copy, paste values).',
    '数据契约不接受公式，请改为数值（复制—选择性粘贴—数值）。',
  ),
  'cell-uncached': kind(
    'The formula was saved without its value; open the workbook in Excel, let it calculate, and save it.',
    '公式保存时没有计算结果，请用 Excel 打开、计算并保存。',
  ),
  'cell-day': kind(
    'The number with this date format is not a valid date; write the date again.',
    '日期格式下的数字不是有效日期，请重新填写日期。',
  ),
  'cell-damaged': kind(
    'The cell is stored in a form that no spreadsheet program reads; write its value again and save the workbook.',
    '单元格存储有误，电子表格无法读取；请重新填写并保存工作簿。',
  ),
} as const satisfies Record<string, FaultKind>
