/**
 * Everything that can be wrong with a bundle, as one closed list: the check's name, its severity, and one
 * sentence per language that says what to do. No message contains the value of a cell.
 */
import type { Finding } from '../../../platform/finding.ts'
import { type FaultKind, kind } from './check-definition.ts'
import { sealChecks } from './security-checks.ts'
import { travelChecks } from './sequence-checks.ts'
import { workbookChecks } from './workbook-checks.ts'

/** Checks of the package, before a single cell is read. */
const packageChecks = {
  'packing-unknown': kind(
    'This is neither a folder nor a ZIP; bring one of them.',
    '既不是文件夹也不是 ZIP 文件，请改用其中一种。',
  ),
  'zip-unreadable': kind(
    'The ZIP is cut off or damaged; copy or pack it again.',
    'ZIP 文件不完整或已损坏，请重新复制或打包。',
  ),
  'zip-encrypted': kind(
    'An entry of the ZIP is encrypted; pack it without a password.',
    'ZIP 中有加密条目，请不设密码重新打包。',
  ),
  'zip-method': kind(
    'An entry is packed by a method other than stored or deflated; pack it by an ordinary ZIP tool.',
    'ZIP 条目的压缩方式不受支持，请用普通 ZIP 工具重新打包。',
  ),
  inflation: kind(
    'An entry unpacks to far more than its packed size or to another size than it says; it is refused.',
    '压缩条目解压后的大小异常，已拒绝。',
  ),
  'path-unsafe': kind(
    'A name leaves the bundle or holds signs that no file may have; rename it.',
    '文件名越出数据包范围或含有不允许的字符，请改名。',
  ),
  'path-undecodable': kind(
    'A name is neither UTF-8 nor GB18030; rename the file.',
    '文件名既不是 UTF-8 也不是 GB18030 编码，请改名。',
  ),
  'path-doubled': kind(
    'Two names are the same, or differ only in case or Unicode form; rename one.',
    '两个文件名相同，或仅大小写、Unicode 形式不同，请改名。',
  ),
  link: kind('A link is not taken; put the file itself in its place.', '不接受链接，请放入文件本身。'),
  device: kind(
    'Only ordinary files and folders are taken; remove this one.',
    '只接受普通文件和文件夹，请移除此项。',
  ),
  'too-many-files': kind(
    'The bundle holds more files than are taken; split it.',
    '数据包中的文件过多，请拆分。',
  ),
  'too-many-bytes': kind('The bundle holds more bytes than are taken; split it.', '数据包过大，请拆分。'),
} as const

/** Checks of the bag (RFC 8493) and its descriptor. */
const bagChecks = {
  'bag-declaration': kind(
    'bagit.txt is missing or is not that of BagIt 1.0 in UTF-8; create the bundle anew.',
    'bagit.txt 缺失，或不是 UTF-8 编码的 BagIt 1.0 声明，请重新生成数据包。',
  ),
  'bag-info': kind(
    'bag-info.txt is missing; the bundle is read without it.',
    '缺少 bag-info.txt，仍继续读取。',
    'warning',
  ),
  'bag-oxum': kind(
    'Payload-Oxum in bag-info.txt is not the size of the files in data/; create the bundle anew.',
    'bag-info.txt 中的 Payload-Oxum 与 data/ 中的文件不符，请重新生成数据包。',
  ),
  'bag-fetch': kind(
    'fetch.txt names files elsewhere, which are never fetched; put them in the bundle.',
    '不会下载 fetch.txt 所指的文件，请把文件放入数据包。',
  ),
  'manifest-missing': kind(
    'manifest-sha256.txt is missing; create the bundle anew.',
    '缺少 manifest-sha256.txt，请重新生成数据包。',
  ),
  'manifest-unchecked': kind(
    'This manifest is not checked; only those of SHA-256 are.',
    '只核对 SHA-256 清单，未核对此清单。',
    'warning',
  ),
  'manifest-line': kind(
    'A line of the manifest can not be read: digest, blanks, path; only %25, %0A and %0D are escapes.',
    '清单中有一行无法读取：应为摘要、空格、路径，只允许 %25、%0A、%0D 转义。',
  ),
  'manifest-doubled': kind(
    'The manifest names this file twice; create the bundle anew.',
    '清单中重复列出此文件，请重新生成数据包。',
  ),
  'file-unlisted': kind(
    'The file is not in the manifest; remove it or create the bundle anew.',
    '文件不在清单中，请移除或重新生成数据包。',
  ),
  'file-missing': kind(
    'The manifest names this file, which is not in the bundle; add it or create the bundle anew.',
    '清单所列文件不在数据包中，请补入或重新生成数据包。',
  ),
  'digest-wrong': kind(
    'The file is not the one that the manifest was made for; copy it again or create the bundle anew.',
    '文件内容与清单摘要不符，请重新复制或重新生成数据包。',
  ),
  'tag-file': kind(
    'This file of the bag is too long, is not UTF-8 or begins with a byte order mark; save it as plain UTF-8.',
    '数据包的标签文件过长、不是 UTF-8 或以字节顺序标记（BOM）开头，请另存为不带 BOM 的 UTF-8。',
  ),
  descriptor: kind(
    'datapackage.json is missing, is not JSON or lacks what is expected; mend it.',
    'datapackage.json 缺失、不是 JSON 或内容不完整，请更正。',
  ),
  'resource-missing': kind(
    'datapackage.json names this file, which is not in data/; add it or take it out.',
    'datapackage.json 所列文件不在 data/ 中，请补入或删去。',
  ),
  'resource-doubled': kind(
    'datapackage.json names this file twice; take one out.',
    'datapackage.json 重复列出此文件，请删去一处。',
  ),
  'resource-format': kind(
    'Only CSV files (.csv, .tsv, .txt) and XLSX workbooks are read; save the table as one of them.',
    '只读取 CSV 文件（.csv、.tsv、.txt）和 XLSX 工作簿，请把表格另存为其中一种。',
  ),
  'resource-undescribed': kind(
    'The file in data/ is no resource of datapackage.json; add it there or remove it.',
    'data/ 中的文件未在 datapackage.json 中列出，请列出或移除。',
  ),
  'resource-digest': kind(
    'Bytes or hash of the resource in datapackage.json are not those of the file; mend them.',
    'datapackage.json 中的大小或哈希与文件不符，请更正。',
  ),
  dialect: kind(
    'The dialect of the resource is not read; use a header, double quotes and , ; or tab, and for a workbook sheetName or sheetNumber alone.',
    '不支持该方言：CSV 须有表头、双引号，分隔符为逗号、分号或制表符；工作簿只能写 sheetName 或 sheetNumber。',
  ),
  'dataset-unknown': kind(
    'There is no dataset of this name; see the catalogue for the name.',
    '没有这个数据集，请在目录中查对名称。',
  ),
  'contract-unknown': kind(
    'The dataset has no contract of this number; use one that exists.',
    '该数据集没有此编号的数据契约，请使用已有的契约编号。',
  ),
  'edition-unknown': kind(
    'The contract has no edition of this name; write the period as expected.',
    '数据契约中没有此期次，请按要求书写期次。',
  ),
  'provider-unknown': kind(
    'The provider has no part in this dataset; use the code of one that has.',
    '该提供方不负责此数据集，请使用负责方的代码。',
  ),
} as const

/** Checks of a file of rows: its bytes, its lines, its headers. */
const fileChecks = {
  encoding: kind(
    'The bytes from here on are not of the encoding; save the file as UTF-8.',
    '从此处起字节不符合编码，请另存为 UTF-8。',
  ),
  'encoding-utf16': kind(
    'The file is UTF-16 ("Unicode text"); save it as "CSV UTF-8".',
    '文件是 UTF-16（“Unicode 文本”），请另存为“CSV UTF-8”。',
  ),
  'encoding-unknown': kind(
    'The resource names an encoding that is not read; use utf-8 or gb18030.',
    '资源声明的编码不受支持，请使用 utf-8 或 gb18030。',
  ),
  'nul-byte': kind(
    'The file holds a NUL byte, so it is no text; save it as CSV again.',
    '文件含有空字节，不是文本，请重新另存为 CSV。',
  ),
  'stray-bom': kind(
    'A byte order mark stands in the middle, as where files were joined; remove it.',
    '文件中间出现字节顺序标记（多为文件拼接所致），请删除。',
  ),
  'file-empty': kind('The file is empty; fill it or take it out.', '文件为空，请填写或移除。'),
  'rows-missing': kind(
    'The file has a header and no rows; fill it or take it out.',
    '文件只有表头没有数据行，请填写或移除。',
  ),
  'too-many-rows': kind('The bundle holds more rows than are taken; split it.', '数据包行数过多，请拆分。'),
  'field-too-long': kind(
    'A field is too long, as where a quote is never closed; nothing is read from here on.',
    '字段过长（常因引号未闭合），此后内容不再读取。',
  ),
  'row-too-long': kind(
    'A row has too many fields or bytes; nothing is read from here on.',
    '一行的列数或字节数过多，此后内容不再读取。',
  ),
  'quote-unclosed': kind('A quote is opened here and never closed; close it.', '此处引号未闭合，请补上。'),
  'quote-misplaced': kind(
    'A quote stands inside a field, or text after a closing quote; quote the whole field and double the quotes in it.',
    '引号位于字段中间，或引号闭合后还有文字；请把整个字段加引号，内部引号写两次。',
  ),
  'row-blank': kind('A blank row stands between rows; remove it.', '数据行之间有空行，请删除。'),
  'row-short': kind('The row has fewer fields than the header; fill it up.', '该行列数少于表头，请补齐。'),
  'row-long': kind(
    'The row has more fields than the header; see whether a field with a comma lacks its quotes.',
    '该行列数多于表头，请检查含逗号的字段是否缺少引号。',
  ),
  'header-row': kind(
    'The first row holds no header that the contract knows; put the headers there, without a title above, and ' +
      'save as CSV separated by commas.',
    '首行没有数据契约认得的表头；请把表头放在首行（上方不要有标题行），并另存为逗号分隔的 CSV。',
  ),
  'header-missing': kind('A field has no column; add the column.', '缺少该字段对应的列，请补上。'),
  'header-absent': kind(
    'A field that may be empty has no column; it is taken as empty.',
    '选填字段没有对应的列，按空值处理。',
    'warning',
  ),
  'header-doubled': kind(
    'Two columns have the same header; remove or rename one.',
    '两列表头相同，请删除或改名。',
  ),
  'header-conflict': kind(
    'Two headers mean the same field; remove one of the columns.',
    '两个表头对应同一字段，请删除其中一列。',
  ),
  'header-unknown': kind(
    'The contract has no such field; remove or rename the column.',
    '数据契约中没有该字段，请删除该列或更正表头。',
  ),
  'header-forbidden': kind(
    'This field is filled by the service and never brought; remove the column.',
    '该字段由本服务填写，不得提交，请删除该列。',
  ),
  'header-unnamed': kind(
    'A column without a header holds text; give it a header or empty it.',
    '没有表头的列中有内容，请填写表头或清空。',
  ),
} as const

/** Checks of a cell or of a whole row. The checks of checks/ keep their own names. */
const rowChecks = {
  type: kind(
    'The value is not of the type of its field; write it as expected.',
    '值不符合字段类型，请按要求填写。',
  ),
  'number-damaged': kind(
    'The number has more than 15 digits or an exponent, so a spreadsheet may have altered it; write it in full.',
    '数字超过 15 位或为科学计数法，可能已被电子表格改动，请写出完整数字。',
  ),
  'code-unknown': kind(
    'The value is no code of the list; use one that is.',
    '值不在代码表中，请使用代码表中的代码。',
  ),
  'code-retired': kind(
    'The code was retired before this edition; use its successor.',
    '该代码在本期之前已停用，请使用其后继代码。',
  ),
  'code-not-yet-valid': kind(
    'The code is not yet valid in this edition; use one that is.',
    '该代码在本期尚未启用，请使用有效代码。',
  ),
  'code-dependent': kind(
    'The code is not allowed with that of the field it depends on; correct one of the two.',
    '该代码与其所依赖字段的代码不相配，请更正其一。',
  ),
  required: kind('A value is needed here; fill it in.', '此处不能为空，请补填。'),
  constraint: kind(
    'The value is outside of what the contract allows; correct it.',
    '值超出数据契约允许的范围，请更正。',
  ),
  'key-doubled': kind(
    'Another row has the same key; none of them is taken, so keep one.',
    '另有一行主键相同，各行均未采用，请只保留一行。',
  ),
} as const

/** Checks of an export on its way from an origin to its mirror, and of files mistaken for one. */
const exportChecks = {
  'bundle-outward': kind(
    'This bag is an export for mirrors, not what a provider brings; take it by `qingdan mirror`.',
    '这是供镜像使用的导出包，不是提供方报送的数据包，请用 `qingdan mirror` 接收。',
  ),
  'export-inward': kind(
    'This bag is what a provider brings, not an export for mirrors; bring it by `qingdan ingest` at the origin.',
    '这是提供方报送的数据包，不是供镜像使用的导出包，请在源站用 `qingdan ingest` 报送。',
  ),
  'export-excerpt': kind(
    'This export holds chosen versions alone; a mirror takes exports of everything, by `--all` or `--since`.',
    '此导出包只含选定版本，镜像只接收用 `--all` 或 `--since` 生成的完整导出包。',
  ),
  'export-unsigned': kind(
    'The export is not signed: tagmanifest-sha256.txt.asc is missing; ask its origin for it.',
    '导出包未签名（缺少 tagmanifest-sha256.txt.asc），请向源站索取。',
  ),
  'export-signature': kind(
    'The signature is none of these files by a key that is trusted here; ask the origin by another way for its key.',
    '签名与文件不符，或签名密钥未被信任，请通过其他途径向源站核实其公钥。',
  ),
  'export-origin': kind(
    'The export is of another origin than the one that is mirrored here; one mirror has one origin.',
    '导出包来自另一源站，一个镜像只对应一个源站。',
  ),
  'export-gap': kind(
    'Exports between what is here and this one are missing; take those first, in their order.',
    '此导出包与本镜像现有内容之间有缺口，请先按顺序接收缺少的导出包。',
  ),
  'export-history': kind(
    'The export tells another history than what was taken before; ask the origin whether its database was set back.',
    '导出包的历史与已接收内容不一致，请向源站核实其数据库是否曾被恢复到旧状态。',
  ),
  'export-restricted': kind(
    'Exports with and without restricted datasets can not follow each other; a mirror takes the one kind or the other.',
    '含与不含受限数据集的导出包不能先后接收，一个镜像只能接收其中一种。',
  ),
  'export-content': kind(
    'The export does not hold what it says of itself, or not as it has to be; ask its origin for another.',
    '导出包内容与其自身说明不符，请向源站重新索取。',
  ),
  'export-contracts': kind(
    'The contracts or code lists of the export can not be used here; bring the software up to that of the origin.',
    '导出包中的数据契约或代码表无法在此使用，请把软件升级到与源站相同的版本。',
  ),
} as const

export const bundleChecks = {
  ...packageChecks,
  ...bagChecks,
  ...sealChecks,
  ...exportChecks,
  ...fileChecks,
  ...workbookChecks,
  ...rowChecks,
  ...travelChecks,
} as const satisfies Record<string, FaultKind>

export type BundleCheck = keyof typeof bundleChecks

/** The place of a defect, and what was expected. */
export type FindingPosition = Omit<Finding, 'check' | 'severity' | 'message' | 'messageZh'>

/** The finding of a check at a place. */
export function faultAt(check: BundleCheck, place: FindingPosition = {}): Finding {
  const { severity = 'error', message, messageZh }: FaultKind = bundleChecks[check]
  return { check, severity, ...place, message, messageZh }
}

/** Thrown if a bundle cannot be opened or read further; `findings` says why. */
export class BundleRefusal extends Error {
  override readonly name = 'BundleRefusal'
  readonly findings: readonly Finding[]

  constructor(findings: readonly Finding[]) {
    super(`The bundle is refused: ${findings.map((finding) => finding.check).join(', ')}.`)
    this.findings = findings
  }
}
