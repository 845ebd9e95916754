/**
 * Everything that can be wrong with a bundle, as one closed list: the check's name, its severity, and one
 * sentence per language that says what to do. No message contains the value of a cell.
 */
import type { Finding } from '../../../platform/finding.ts'
import { type FaultKind, kind } from './check-definition.ts'
import { rowChecks } from './row-checks.ts'
import { securityChecks } from './security-checks.ts'
import { relationChecks } from './sequence-checks.ts'
import { workbookChecks } from './workbook-checks.ts'

/** Checks of the package, before a single cell is read. */
const packageChecks = {
  'packing-unknown': kind(
    'This is neither a folder nor a ZIP file; send one of them.',
    '既不是文件夹也不是 ZIP 文件，请改用其中一种。',
  ),
  'zip-unreadable': kind(
    'The ZIP file is truncated or damaged; copy or pack it again.',
    'ZIP 文件不完整或已损坏，请重新复制或打包。',
  ),
  'zip-trailing': kind(
    'There are bytes after the end of the ZIP file, perhaps from a transfer; pack it again, so that every program reads the same files.',
    'ZIP 文件末尾之后还有多余字节（可能由传输造成），请重新打包，以免不同程序读出不同内容。',
  ),
  'zip-encrypted': kind(
    'An entry of the ZIP file is encrypted; pack it without a password.',
    'ZIP 中有加密条目，请不设密码重新打包。',
  ),
  'zip-method': kind(
    'An entry uses a compression method other than stored or deflated; pack it with an ordinary ZIP tool.',
    'ZIP 条目的压缩方式不受支持，请用普通 ZIP 工具重新打包。',
  ),
  inflation: kind(
    'An entry unpacks to far more than its packed size, or not to its declared size; it is rejected.',
    '压缩条目解压后的大小异常，已拒绝。',
  ),
  'path-unsafe': kind(
    'A file name points outside the bundle or contains forbidden characters; rename it.',
    '文件名越出数据包范围或含有不允许的字符，请改名。',
  ),
  'path-backslash': kind(
    'A file name in the ZIP contains a backslash, which some programs read as a folder; pack it with a tool that writes / (such as `qingdan bundle create`, 7-Zip or the Explorer of Windows 10).',
    'ZIP 中的文件名含有反斜杠，有的程序会当作文件夹；请改用写 / 的工具打包（如 `qingdan bundle create`、7-Zip 或 Windows 10 资源管理器）。',
  ),
  'path-undecodable': kind(
    'A file name is neither UTF-8 nor GB18030; rename the file.',
    '文件名既不是 UTF-8 也不是 GB18030 编码，请改名。',
  ),
  'path-doubled': kind(
    'Two file names are the same, or differ only in case or Unicode form; rename one.',
    '两个文件名相同，或仅大小写、Unicode 形式不同，请改名。',
  ),
  link: kind('Links are not accepted; replace the link by the file itself.', '不接受链接，请放入文件本身。'),
  device: kind(
    'Only ordinary files and folders are accepted; remove this one.',
    '只接受普通文件和文件夹，请移除此项。',
  ),
  'too-many-files': kind('The bundle has more files than allowed; split it.', '数据包中的文件过多，请拆分。'),
  'too-many-bytes': kind('The bundle is larger than allowed; split it.', '数据包过大，请拆分。'),
} as const

/** Checks of the bag (RFC 8493) and its descriptor. */
const bagChecks = {
  'bag-declaration': kind(
    'bagit.txt is missing or does not declare BagIt 1.0 in UTF-8; create the bundle again.',
    'bagit.txt 缺失，或不是 UTF-8 编码的 BagIt 1.0 声明，请重新生成数据包。',
  ),
  'bag-version': kind(
    'The bag declares an earlier version of BagIt; it is read like one of version 1.0.',
    '数据包声明的是较早的 BagIt 版本，按 1.0 读取。',
    'warning',
  ),
  'manifest-asterisk': kind(
    'Names in the manifest begin with the * of `sha256sum -b`; it is ignored.',
    '清单中的文件名前有 `sha256sum -b` 写的星号，已忽略。',
    'warning',
  ),
  'bag-info': kind(
    'bag-info.txt is missing; the bundle is read without it.',
    '缺少 bag-info.txt，仍继续读取。',
    'warning',
  ),
  'bag-oxum': kind(
    'Payload-Oxum in bag-info.txt does not match the files in data/; create the bundle again.',
    'bag-info.txt 中的 Payload-Oxum 与 data/ 中的文件不符，请重新生成数据包。',
  ),
  'bag-fetch': kind(
    'fetch.txt refers to files elsewhere, which are never fetched; put them into the bundle.',
    '不会下载 fetch.txt 所指的文件，请把文件放入数据包。',
  ),
  'manifest-missing': kind(
    'manifest-sha256.txt is missing; create the bundle again.',
    '缺少 manifest-sha256.txt，请重新生成数据包。',
  ),
  'manifest-unchecked': kind(
    'This manifest is not checked; only SHA-256 manifests are.',
    '只核对 SHA-256 清单，未核对此清单。',
    'warning',
  ),
  'manifest-line': kind(
    'A line of the manifest is invalid; write digest, spaces and path, with %25, %0A and %0D as the only escapes.',
    '清单中有一行无法读取：应为摘要、空格、路径，只允许 %25、%0A、%0D 转义。',
  ),
  'manifest-doubled': kind(
    'The manifest lists this file twice; create the bundle again.',
    '清单中重复列出此文件，请重新生成数据包。',
  ),
  'file-unlisted': kind(
    'The file is not in the manifest; remove it or create the bundle again.',
    '文件不在清单中，请移除或重新生成数据包。',
  ),
  'file-missing': kind(
    'The manifest lists this file, which is not in the bundle; add it or create the bundle again.',
    '清单所列文件不在数据包中，请补入或重新生成数据包。',
  ),
  'digest-wrong': kind(
    'The file does not match its digest in the manifest; copy it again or create the bundle again.',
    '文件内容与清单摘要不符，请重新复制或重新生成数据包。',
  ),
  'tag-file': kind(
    'This tag file is too long, is not UTF-8 or begins with a byte order mark; save it as plain UTF-8.',
    '数据包的标签文件过长、不是 UTF-8 或以字节顺序标记（BOM）开头，请另存为不带 BOM 的 UTF-8。',
  ),
  descriptor: kind(
    'datapackage.json is missing, is not valid JSON or is incomplete; correct it.',
    'datapackage.json 缺失、不是 JSON 或内容不完整，请更正。',
  ),
  'resource-missing': kind(
    'datapackage.json lists this file, which is not in data/; add the file or remove the entry.',
    'datapackage.json 所列文件不在 data/ 中，请补入或删去。',
  ),
  'resource-doubled': kind(
    'datapackage.json lists this file twice; remove one entry.',
    'datapackage.json 重复列出此文件，请删去一处。',
  ),
  'resource-format': kind(
    'Only CSV files (.csv, .tsv, .txt) and XLSX workbooks are supported; save the table as one of them.',
    '只读取 CSV 文件（.csv、.tsv、.txt）和 XLSX 工作簿，请把表格另存为其中一种。',
  ),
  'resource-undescribed': kind(
    'The file in data/ is not listed in datapackage.json; add it there or remove it.',
    'data/ 中的文件未在 datapackage.json 中列出，请列出或移除。',
  ),
  'resource-digest': kind(
    'The bytes or hash in datapackage.json do not match the file; correct them.',
    'datapackage.json 中的大小或哈希与文件不符，请更正。',
  ),
  dialect: kind(
    'The dialect is not supported; use a header, double quotes and the delimiter comma, semicolon or tab; for a workbook only sheetName or sheetNumber.',
    '不支持该方言：CSV 须有表头、双引号，分隔符为逗号、分号或制表符；工作簿只能写 sheetName 或 sheetNumber。',
  ),
  'dataset-unknown': kind(
    'There is no dataset with this name; look up the name in the catalogue.',
    '没有这个数据集，请在目录中查对名称。',
  ),
  'contract-unknown': kind(
    'The dataset has no contract with this number; use an existing one.',
    '该数据集没有此编号的数据契约，请使用已有的契约编号。',
  ),
  'edition-unknown': kind(
    'The contract has no edition with this name; write the period as expected.',
    '数据契约中没有此期次，请按要求书写期次。',
  ),
  'provider-unknown': kind(
    'The provider has no part in this dataset; use the code of a provider that has one.',
    '该提供方不负责此数据集，请使用负责方的代码。',
  ),
} as const

/** Checks of a file of rows: its bytes, its lines, its headers. */
const fileChecks = {
  encoding: kind(
    'From here on the bytes do not fit the encoding; save the file as UTF-8.',
    '从此处起字节不符合编码，请另存为 UTF-8。',
  ),
  'encoding-mixed': kind(
    'The file mixes UTF-8 and GB18030, probably because files were joined; the rarer of the two is here. Save each file as "CSV UTF-8" by itself, then join them.',
    '文件混有 UTF-8 与 GB18030 两种编码（多为文件拼接所致），此处是其中较少的一种；请把各文件分别另存为“CSV UTF-8”后再合并。',
  ),
  'encoding-ambiguous': kind(
    'The bytes are valid both as UTF-8 and as GB18030, and nothing in the file shows which is meant. Open it in its program and save it as "CSV UTF-8", which begins with a byte order mark.',
    '文件按 UTF-8 与 GB18030 都能读取，无从判断是哪一种；请在原程序中打开并另存为“CSV UTF-8”（带 BOM）。',
  ),
  'encoding-claim': kind(
    'The resource declares GB18030, but the file is UTF-8; correct or remove `encoding` in datapackage.json.',
    '资源声明为 GB18030，文件实为 UTF-8；请更正或删去 datapackage.json 中的 encoding。',
  ),
  'encoding-private': kind(
    'Read as GB18030, the text has a character here that has no meaning to others: a user-defined one, or the file has another encoding (Big5, Shift_JIS, EUC-KR). Open it in its program and save it as "CSV UTF-8".',
    '按 GB18030 读取，此处的字符没有公认含义：或为自造字，或文件是其他编码（Big5、Shift_JIS、EUC-KR 等）；请在原程序中打开并另存为“CSV UTF-8”。',
  ),
  'encoding-foreign': kind(
    'The file is neither UTF-8 nor, by its characters, Chinese text in GB18030; it probably has another encoding (Windows-1252, EUC-KR, Big5). Open it in its program and save it as "CSV UTF-8".',
    '文件不是 UTF-8，其字符也不像 GB18030 的中文，多半是其他编码（Windows-1252、EUC-KR、Big5 等）；请在原程序中打开并另存为“CSV UTF-8”。',
  ),
  'encoding-doubtful': kind(
    'Text here is unusual in the encoding in which the file was read; look at the text at this place, and if it is wrong, open the file in its program and save it as "CSV UTF-8".',
    '按文件所用编码读取，此处文字很少见；请查看此处文字，如有乱码，请在原程序中打开并另存为“CSV UTF-8”。',
    'warning',
  ),
  'encoding-garbled': kind(
    'Text is garbled here, as 涓婃捣 for 上海, or lost, as 锟斤拷 or ???: a program read the file in the wrong encoding and saved it. Open the original file with its own encoding and save it as "CSV UTF-8".',
    '此处文字已是乱码（如“上海”成了“涓婃捣”）或已丢失（成了“锟斤拷”“???”）：文件曾以错误的编码打开并保存；请用正确的编码重新打开原文件，另存为“CSV UTF-8”。',
    'warning',
  ),
  'file-not-text': kind(
    'The file is not a text table, despite its name; name a workbook .xlsx, or open the file and save it as "CSV UTF-8".',
    '文件名虽为文本表格，内容却不是；工作簿请改名为 .xlsx，其他文件请打开后另存为“CSV UTF-8”。',
  ),
  'encoding-utf16': kind(
    'The file is UTF-16 ("Unicode text"); save it as "CSV UTF-8".',
    '文件是 UTF-16（“Unicode 文本”），请另存为“CSV UTF-8”。',
  ),
  'encoding-unknown': kind(
    'The declared encoding is not supported; use utf-8 or gb18030.',
    '资源声明的编码不受支持，请使用 utf-8 或 gb18030。',
  ),
  'nul-byte': kind(
    'The file contains a NUL byte, so it is not text; save it as CSV again.',
    '文件含有空字节，不是文本，请重新另存为 CSV。',
  ),
  'stray-bom': kind(
    'There is a byte order mark inside the file, perhaps because files were joined; remove it.',
    '文件中间出现字节顺序标记（多为文件拼接所致），请删除。',
  ),
  'file-empty': kind('The file is empty; fill it or remove it.', '文件为空，请填写或移除。'),
  'rows-missing': kind(
    'The file has a header but no rows; fill it or remove it.',
    '文件只有表头没有数据行，请填写或移除。',
  ),
  'too-many-rows': kind('The bundle has more rows than allowed; split it.', '数据包行数过多，请拆分。'),
  'field-too-long': kind(
    'A field is too long, perhaps because a quote is not closed; nothing is read from here on.',
    '字段过长（常因引号未闭合），此后内容不再读取。',
  ),
  'row-too-long': kind(
    'A row has too many fields or bytes; nothing is read from here on.',
    '一行的列数或字节数过多，此后内容不再读取。',
  ),
  'quote-unclosed': kind('A quote is opened here but not closed; close it.', '此处引号未闭合，请补上。'),
  'quote-misplaced': kind(
    'There is a quote inside a field, or text after a closing quote; quote the whole field and double the quotes in it.',
    '引号位于字段中间，或引号闭合后还有文字；请把整个字段加引号，内部引号写两次。',
  ),
  'row-blank': kind('There is a blank row between rows; remove it.', '数据行之间有空行，请删除。'),
  'row-short': kind(
    'The row has fewer fields than the header; add the missing ones.',
    '该行列数少于表头，请补齐。',
  ),
  'row-long': kind(
    'The row has more fields than the header; check whether a field with a comma lacks quotes.',
    '该行列数多于表头，请检查含逗号的字段是否缺少引号。',
  ),
  'header-row': kind(
    'The first row has no header of the contract; put the headers there, without a title above, and ' +
      'save as CSV separated by commas.',
    '首行没有数据契约认得的表头；请把表头放在首行（上方不要有标题行），并另存为逗号分隔的 CSV。',
  ),
  'header-missing': kind('A required field has no column; add the column.', '缺少该字段对应的列，请补上。'),
  'header-absent': kind(
    'An optional field has no column; it is treated as empty.',
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
    'The service fills this field itself; remove the column.',
    '该字段由本服务填写，不得提交，请删除该列。',
  ),
  'header-unnamed': kind(
    'A column without a header has content; add a header or clear the column.',
    '没有表头的列中有内容，请填写表头或清空。',
  ),
} as const

/** Checks of an export on its way from an origin to its mirror, and of files mistaken for one. */
const exportChecks = {
  'bundle-outward': kind(
    "This bag is an export for mirrors, not a provider's bundle; import it with `qingdan mirror`.",
    '这是供镜像使用的导出包，不是提供方报送的数据包，请用 `qingdan mirror` 接收。',
  ),
  'export-inward': kind(
    "This bag is a provider's bundle, not an export for mirrors; send it with `qingdan ingest` at the origin.",
    '这是提供方报送的数据包，不是供镜像使用的导出包，请在源站用 `qingdan ingest` 报送。',
  ),
  'export-excerpt': kind(
    'This export contains selected versions only; a mirror needs a complete export, created with `--all` or `--since`.',
    '此导出包只含选定版本，镜像只接收用 `--all` 或 `--since` 生成的完整导出包。',
  ),
  'export-unsigned': kind(
    'The export is not signed (tagmanifest-sha256.txt.asc is missing); ask its origin for the signature.',
    '导出包未签名（缺少 tagmanifest-sha256.txt.asc），请向源站索取。',
  ),
  'export-signature': kind(
    'The signature does not match the files, or its key is not trusted here; ask the origin for its key through another channel.',
    '签名与文件不符，或签名密钥未被信任，请通过其他途径向源站核实其公钥。',
  ),
  'export-origin': kind(
    'The export comes from another origin; a mirror has one origin only.',
    '导出包来自另一源站，一个镜像只对应一个源站。',
  ),
  'export-gap': kind(
    "Exports between the mirror's current state and this one are missing; import those first, in order.",
    '此导出包与本镜像现有内容之间有缺口，请先按顺序接收缺少的导出包。',
  ),
  'export-history': kind(
    'The history in the export differs from the one imported before; ask the origin whether its database was restored to an earlier state.',
    '导出包的历史与已接收内容不一致，请向源站核实其数据库是否曾被恢复到旧状态。',
  ),
  'export-restricted': kind(
    'A mirror cannot combine exports with and without restricted datasets; use one kind only.',
    '含与不含受限数据集的导出包不能先后接收，一个镜像只能接收其中一种。',
  ),
  'export-content': kind(
    'The content of the export does not match its description; ask the origin for a new export.',
    '导出包内容与其自身说明不符，请向源站重新索取。',
  ),
  'export-contracts': kind(
    'The contracts or code lists of the export cannot be used here; update the software to the version of the origin.',
    '导出包中的数据契约或代码表无法在此使用，请把软件升级到与源站相同的版本。',
  ),
} as const

export const bundleChecks = {
  ...packageChecks,
  ...bagChecks,
  ...securityChecks,
  ...exportChecks,
  ...fileChecks,
  ...workbookChecks,
  ...rowChecks,
  ...relationChecks,
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
    super(`The bundle is rejected: ${findings.map((finding) => finding.check).join(', ')}.`)
    this.findings = findings
  }
}
