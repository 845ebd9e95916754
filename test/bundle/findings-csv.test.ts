import { parse } from 'csv-parse/sync'
import t from 'tap'
import { findingsCsv } from '../../src/bundle/index.ts'
import type { Finding } from '../../src/platform/finding.ts'

const finding: Finding = {
  check: 'type',
  severity: 'error',
  file: 'data/rows.csv',
  row: 7,
  cell: 'B7',
  field: 'size',
  header: '=尺寸',
  expected: 'a whole number',
  message: 'Write a whole number.',
  messageZh: '请填写整数。',
}

async function textOf(batches: Iterable<readonly Finding[]>): Promise<string> {
  let text = ''
  for await (const piece of findingsCsv(batches)) text += piece
  return text
}

t.test('the golden text', async (t) => {
  const bare: Finding = {
    check: 'bag',
    severity: 'warning',
    message: 'Say, "so".',
    messageZh: '如此，\n即可',
  }
  t.equal(
    await textOf([[finding], [], [bare]]),
    '\ufeff程度 Severity,文件 File,行 Row,单元格 Cell,表头 Header,字段 Field,检查 Check,应为 Expected,说明,What to do\n' +
      "错误 error,data/rows.csv,7,B7,'=尺寸,size,type,a whole number,请填写整数。,Write a whole number.\n" +
      '警告 warning,,,,,,bag,,"如此，\n即可","Say, ""so""."\n',
  )
})

t.test('without findings there is only a header', async (t) => {
  const rows = parse(await textOf([]), { bom: true }) as string[][]
  t.equal(rows.length, 1)
  t.equal(rows[0]?.length, 10)
})
