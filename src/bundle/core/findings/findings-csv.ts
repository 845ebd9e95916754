/**
 * Findings as a CSV that opens correctly in Excel, for whoever has to correct the file: in the order found,
 * the place in both languages, and never the value of a cell. A provider's header cannot become a formula.
 */

import type { Field } from '../../../contract/index.ts'
import { csvLines, guardCells, type RecordValues } from '../../../formats/index.ts'
import type { Finding } from '../../../platform/finding.ts'

interface Column {
  readonly header: string
  readonly type?: Field['type']
  readonly of: (finding: Finding) => string | number | undefined
}

const severities = { error: '错误 error', warning: '警告 warning' } as const

const columns: readonly Column[] = [
  { header: '程度 Severity', of: ({ severity }) => severities[severity] },
  { header: '文件 File', of: ({ file }) => file },
  { header: '行 Row', type: 'integer', of: ({ row }) => row },
  { header: '单元格 Cell', of: ({ cell }) => cell },
  { header: '表头 Header', of: ({ header }) => header },
  { header: '字段 Field', of: ({ field }) => field },
  { header: '检查 Check', of: ({ check }) => check },
  { header: '应为 Expected', of: ({ expected }) => expected },
  { header: '说明', of: ({ messageZh }) => messageZh },
  { header: 'What to do', of: ({ message }) => message },
]

const guard = guardCells(columns.map(({ type = 'string' }) => ({ type }) as Field))

/** Writes findings in batches. The first piece holds the byte order mark and the header. */
export async function* findingsCsv(
  batches: AsyncIterable<readonly Finding[]> | Iterable<readonly Finding[]>,
): AsyncGenerator<string> {
  yield `\ufeff${csvLines([columns.map(({ header }) => header)])}`
  for await (const findings of batches) {
    if (findings.length > 0) yield csvLines(findings.map(rowOf))
  }
}

function rowOf(finding: Finding): RecordValues {
  return guard(columns.map(({ of }) => of(finding)?.toString() ?? null))
}
