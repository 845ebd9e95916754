/** Rows that are no records: repeated headers, totals, notes, swallowed rows, and keys that look the same. */
import t, { type Test } from 'tap'
import { copyPaths } from '../../src/bundle/index.ts'
import type { Contract } from '../../src/contract/index.ts'
import { contract, field, readRows, validationOf } from '../support/bundle-fixture.ts'
import { makeSheet } from '../support/workbook.ts'

/** A contract of texts alone, where nothing but the words shows what a row is. */
const texts: Contract = {
  ...contract,
  fields: [
    field('school', '学校', 'string', { role: 'key', aliases: ['学校名称'] }),
    field('street', '地址', 'string'),
    field('phone', '电话', 'string'),
    field('note', '备注', 'string'),
  ],
  primaryKey: ['school'],
}
/** A contract with numbers and required cells, where such rows have errors anyway. */
const counted: Contract = {
  ...texts,
  fields: [
    field('school', '学校', 'string', { role: 'key', constraints: { required: true } }),
    field('area', '片区', 'string', { codes: 'areas', constraints: { required: true } }),
    field('pupils', '人数', 'integer', { role: 'count', constraints: { required: true } }),
    field('note', '备注', 'string'),
  ],
}
const head: Readonly<Record<'texts' | 'counted', string>> = {
  texts: 'school,street,phone,note\n一小,南京路1号,021-1,\n',
  counted: 'school,area,pupils,note\n一小,01,5,\n',
}

/** The errors of a file on the strict path; the fast path must give up exactly if there are some. */
async function errorsOf(t: Test, csv: string, own: Contract, about: string): Promise<readonly string[]> {
  const { findings } = await readRows({ 'a.csv': csv }, { contract: own })
  const errors = findings.filter(({ severity }) => severity === 'error')
  const { validation } = validationOf({ 'a.csv': csv }, { contract: own })
  const reading = copyPaths[0]?.(validation)
  for await (const _chunk of reading?.chunks ?? []);
  t.equal(reading?.files() === undefined, errors.length > 0, `both paths agree: ${about}`)
  return errors.map(({ check, row, cell }) => `${check} ${cell ?? row}`)
}

t.test('rows that are no records are one finding each', async (t) => {
  const cases: readonly (readonly ['texts' | 'counted', string, string, readonly string[]])[] = [
    ['texts', 'the header again', 'school,street,phone,note\n', ['row-header 3']],
    ['texts', 'the header by titles', '学校,地址,电话,备注\n', ['row-header 3']],
    ['texts', 'the header by an alias, and blanks', ' 学校名称 ,地址,,备注\n', ['row-header 3']],
    ['texts', 'a record that names a field', '学校,南京路2号,021-2,\n', []],
    ['texts', 'a total', '合计,,,共 2 所\n', ['row-total A3']],
    ['texts', 'a total with a blank', '合 计,,021,x\n', ['row-total A3']],
    ['texts', 'a total in English', 'Total,a,b,c\n', ['row-total A3']],
    ['texts', 'a subtotal in full width', '小　计,a,,\n', ['row-total A3']],
    ['texts', 'a total with a colon', '总计：,a,,\n', ['row-total A3']],
    ['texts', 'a name that begins with a total', '合计小学,a,,\n', []],
    ['texts', 'a total in a remark', '二小,a,,合计\n', []],
    ['texts', 'a note', '注：以上数据截至年底,,,\n', ['row-note A3']],
    ['texts', 'a numbered note', '注1：不含分校,,,\n', ['row-note A3']],
    ['texts', 'a source', '数据来源：市教委,,,\n', ['row-note A3']],
    ['texts', 'a source in English', 'Source: office,,,\n', ['row-note A3']],
    ['texts', 'a star', '* 不含分校,,,\n', ['row-note A3']],
    ['texts', 'a signature', '填表人：张三,,,\n', ['row-note A3']],
    ['texts', 'the seal of an office', '单位（盖章）：,,,\n', ['row-note A3']],
    ['texts', 'a day below the table', '填报日期:2026-03-01,,,\n', ['row-note A3']],
    ['texts', 'a total in traditional characters', '合計,,,x\n', ['row-total A3']],
    ['texts', 'a total with blanks, in full width', '\u3000Ｔｏ ｔａｌ：,a,,\n', ['row-total A3']],
    ['texts', 'an average', '平均,,,12\n', ['row-total A3']],
    ['texts', 'a name with a colon', '电话亭小学：分校,,,\n', []],
    ['texts', 'a school of whose row only the name is known', '二小,,,\n', []],
    ['texts', 'swallowed rows', '二小,"南京路2号,021-2,\n三小,南京路3号",021-3,\n', ['cell-swallowed B3']],
    ['texts', 'several swallowed rows', '二小,"a,b,\n三小,c,d,e\n四小,f",g,\n', ['cell-swallowed B3']],
    ['texts', 'an address of two lines', '二小,"南京路2号\n东门",021-2,\n', []],
    ['texts', 'prose with commas', '二小,a,b,"first\nsecond, third, fourth, fifth"\n', []],
    ['texts', 'prose with other commas', '二小,a,b,"一，二\n三，四，五"\n', []],
    ['counted', 'the header again', 'school,area,pupils,note\n', ['row-header 3']],
    ['counted', 'the header in other spellings', 'SCHOOL,片 区,Ｐupils,\n', ['row-header 3']],
    ['counted', 'the header again, with one other name', 'school,area,人数（人）,note\n', ['row-header 3']],
    ['counted', 'a total', '合计,,5,\n', ['row-total A3']],
    ['counted', 'two signatures', '填表人：张三,,审核人：李四,\n', ['row-note A3']],
    ['counted', 'a total in a coded key alone', '二小,合计,5,\n', ['code-unknown B3']],
    ['counted', 'a title or note', '2026 年度统计表,,,\n', ['row-note A3']],
    ['counted', 'a note without delimiters', '以上数据不含分校\n', ['row-note A3']],
    ['counted', 'a short row', '二小,01\n', ['row-short 3']],
    ['counted', 'swallowed rows', '二小,01,5,"x\n三小,02,6,y"\n', ['cell-swallowed D3']],
    ['counted', 'text that is no rows', '二小,01,5,"x\n三小,zz,6,y"\n', []],
    ['texts', 'a total with its unit', '合计（人）,a,,\n', ['row-total A3']],
    ['texts', 'a total with a star', '总计*,a,,\n', ['row-total A3']],
    ['texts', 'a total of the page', '本页小计,a,,\n', ['row-total A3']],
    ['texts', 'a sign of a sum', '∑,a,,\n', ['row-total A3']],
    ['texts', 'a subtotal of a district', '黄浦区小计,,,\n', ['row-total A3']],
    ['texts', 'a total of some schools', '市属合计,,,\n', ['row-total A3']],
    ['texts', 'a school of the city', '市属第一小学,,,\n', []],
    ['texts', 'a name that ends like a total, with an address', '人民小计,南京路2号,,\n', []],
    ['texts', 'a name that ends like a total in brackets', '二小（合计）班,a,,\n', []],
    ['texts', 'a part of the row above', '其中：,,,\n', ['row-total A3']],
    ['texts', 'an example', '示例,南京路2号,021-2,x\n', ['row-note A3']],
    ['texts', 'an example with a name', '例：A000,南京路2号,021-2,x\n', ['row-note A3']],
    ['texts', 'a school with such a name', '示例小学,南京路2号,021-2,x\n', []],
    ['texts', 'the end of a table', '以下空白,,,\n', ['row-note A3']],
    ['texts', 'the end of a text', '（完）,,,\n', ['row-note A3']],
    ['texts', 'the end of a file', 'EOF,,,\n', ['row-note A3']],
    ['texts', 'a key that begins so', 'EOF1,,,\n', []],
    ['texts', 'a key that is so, of a record', 'EOF,南京路2号,021-2,x\n', []],
    ['texts', 'a line', '----------,,,\n', ['row-note A3']],
    ['texts', 'a day', '2026年3月1日,,,\n', ['row-note A3']],
    ['texts', 'a number of a page', '第1页 共2页,,,\n', ['row-note A3']],
    ['texts', 'a heading with a number', '一、公办学校,,,\n', ['row-note A3']],
    ['texts', 'a school with a number', '一〇一中学,,,\n', []],
    ['texts', 'a person to call', '联系人：王敏,,021-63211234,\n', ['row-note A3']],
    ['texts', 'an end mark between files', '\u001a二小,a,b,c\n', ['end-mark-inside 3']],
    ['texts', 'an end mark between lines', '\u001a\n二小,a,,\n', ['end-mark-inside 3']],
    ['counted', 'an end mark before a row', '二小,01,5,x\n\u001a三小,01,5,x\n', ['end-mark-inside 4']],
    ['counted', 'a subtotal of a district', '黄浦区小计,,5,\n', ['row-total A3']],
    ['counted', 'a total of a record', '黄浦区小计,01,5,\n', []],
    ['counted', 'swallowed rows with CRLF', '二小,01,5,"x\r\n三小,02,6,y"\n', ['cell-swallowed D3']],
  ]
  for (const [name, about, rows, expected] of cases) {
    const own = name === 'texts' ? texts : counted
    t.same(await errorsOf(t, head[name] + rows, own, about), expected, `${name}: ${about}`)
  }
})

/** A contract of a table with a numbering that is not read, and stand-ins in its key. */
const standIns: Contract = {
  ...counted,
  fields: [
    field('town', '乡镇', 'string', { role: 'key', constraints: { required: true } }),
    field('village', '村', 'string', { role: 'key', constraints: { required: true } }),
    field('schools', '学校数', 'integer', { role: 'count' }),
  ],
  primaryKey: ['town', 'village'],
  ignoredHeaders: ['序号'],
  keyMissing: '_Z',
}

t.test('a row without a key of its own is judged by the columns that are not read too', async (t) => {
  const coded: Contract = {
    ...standIns,
    fields: standIns.fields.map((one) => (one.name === 'town' ? { ...one, codes: 'areas' } : one)),
  }
  const cases: readonly (readonly [string, Contract, string, readonly string[], readonly string[]])[] = [
    ['a record', standIns, '3,东镇,,4\n', [], []],
    ['a total', standIns, '合计,,,71\n', ['row-total 3'], []],
    ['a total with codes', coded, '合计,,,71\n', ['row-total 3'], []],
    ['a note', standIns, '注：含民办,,,\n', ['row-note 3'], []],
    ['a note with a number', standIns, '注：含民办,,,5\n', ['row-note 3'], []],
    ['a signature', standIns, '制表人：王敏,,,\n', ['row-note 3'], []],
    ['a signature with codes', coded, '制表人：王敏,,,\n', ['row-note 3'], []],
    ['a row that was only numbered', standIns, '3,,,\n', ['row-empty 3'], []],
    ['a row that was only numbered, with codes', coded, '3,,,\n', ['row-empty 3'], []],
    ['a number without a key', standIns, ',,,71\n', [], ['key-empty B3']],
    ['stand-ins of the file', standIns, '4,_Z,_Z,71\n', [], []],
    ['a remark on a record', standIns, '合计,东镇,西村,71\n', [], []],
    ['an end mark in a column that is not read', standIns, '\u001a3,东镇,,4\n', ['end-mark-inside 3'], []],
  ]
  for (const [about, own, rows, errors, warnings] of cases) {
    const first = own === coded ? '1,01,西村,2' : '1,南镇,西村,2'
    const csv = `序号,乡镇,村,学校数\n${first}\n${rows}`
    t.same(await errorsOf(t, csv, own, about), errors, about)
    const { findings } = await readRows({ 'a.csv': csv }, { contract: own })
    const warned = findings.filter(({ severity }) => severity === 'warning')
    t.same(
      warned.map(({ check, row, cell }) => `${check} ${cell ?? row}`),
      warnings,
      about,
    )
  }
})

t.test('a row that may be no record is taken with a warning', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['公办学校,,,\n', 'row-sparse'],
    ['人民小计,南京路2号,,\n', 'row-total-perhaps'],
    ['其中：女校,南京路2号,,\n', 'row-total-perhaps'],
    ['二小,南京路2号,,\n', ''],
  ]
  for (const [rows, expected] of cases) {
    const { findings } = await readRows({ 'a.csv': head.texts + rows }, { contract: texts })
    t.same(
      findings.map(({ check, severity }) => `${check} ${severity}`).join(),
      expected && `${expected} warning`,
    )
  }
})

t.test('a cell that holds a whole row', async (t) => {
  const names = ['id', 'name', 'kind', 'street', 'pupils', 'note']
  const wide: Contract = {
    ...texts,
    fields: names.map((name) => field(name, name, name === 'pupils' ? 'integer' : 'string')),
    primaryKey: ['id'],
  }
  const own = ['A004', 'b', 'c', 'd', '5', 'e']
  const found = []
  const rowOf = (at: number, more: string) => own.map((text, n) => (n === at ? `${text}\n${more}` : text))
  for (const at of [0, 1, 2, 3, 5]) {
    const more = `A005,b,c,d,6,${at}`
    const quoted = rowOf(at, more).map((text) => `"${text}"`)
    found.push(await errorsOf(t, `${names.join()}\n${quoted.join()}\n`, wide, `column ${at}`))
    for (const separator of [',', '\t']) {
      const sheet = makeSheet([names, rowOf(at, more.replaceAll(',', separator))])
      const { findings } = await readRows({ 'a.xlsx': sheet }, { contract: wide })
      found.push(findings.map(({ check, cell }) => `${check} ${cell}`))
    }
  }
  t.same(
    found,
    ['A2', 'B2', 'C2', 'D2', 'F2'].flatMap((cell) => Array(3).fill([`cell-swallowed ${cell}`])),
  )
  const prose = rowOf(5, '米饭,青菜,鱼,汤').map((text) => `"${text}"`)
  t.same(await errorsOf(t, `${names.join()}\n${prose.join()}\n`, wide, 'a list of words'), [])
})

t.test('a dimension or a code list may have a total', async (t) => {
  const [school, ...rest] = texts.fields
  if (school === undefined) return
  const csv = `${head.texts}合计,a,b,c\n`
  for (const more of [{ role: 'dimension' as const }, { constraints: { enum: ['一小', '合计'] } }]) {
    const own = { ...texts, fields: [{ ...school, ...more }, ...rest] }
    t.same(await errorsOf(t, csv, own, JSON.stringify(more)), [])
  }
})

t.test('keys that differ in width or Unicode form alone are one key', async (t) => {
  const pairs: readonly (readonly [string, string, boolean])[] = [
    ['é', 'e\u0301', true],
    ['A1', 'Ａ１', true],
    ['（一）班', '(一)班', true],
    ['a b', 'a\u3000b', true],
    ['一\u200b中', '一中', true],
    ['か\u3099', 'が', true],
    ['Å', '\u212b', true],
    ['ｶ1', 'カ1', true],
    ['ｶﾞ1', 'ガ1', true],
    ['A 1', 'A\u00a01', true],
    ['a b', 'a\u2003b', true],
    ['ﬁ1', 'fi1', true],
    ['一中', '⼀中', true],
    ['￥1', '¥1', true],
    ['a1', 'A1', false],
    ['①', '1', false],
    ['Ⅱ', 'II', false],
    ['一中', '一 中', false],
    ['é', 'e', false],
  ]
  for (const [first, second, isSame] of pairs) {
    const csv = `school,street,phone,note\n${first},a,,\n${second},b,,\n`
    const expected = isSame ? ['key-doubled A2', 'key-doubled A3'] : []
    t.same(await errorsOf(t, csv, texts, `${first} ${second}`), expected, `${first} ${second}`)
  }
})

t.test('the end-of-file character of DOS is ignored and counted, on both paths', async (t) => {
  for (const end of ['\u001a', '\u001a\u001a\u001a', '\r\n\u001a', '\u001a\r\n', '\n\u001a\n\n']) {
    const csv = `${head.texts}二小,a,b,c${end}`
    t.same(await errorsOf(t, csv, texts, 'an end mark'), [])
    const { rows, counts } = await readRows({ 'a.csv': csv }, { contract: texts })
    t.same(rows[1]?.values, ['二小', 'a', 'b', 'c'])
    t.same(counts[0]?.repairs, { 'end-mark': 1 })
  }
  t.same(await errorsOf(t, '\u001a', texts, 'nothing else'), ['file-empty undefined'])
  const inside = await readRows({ 'a.csv': `${head.texts}二小,a\u001ab,,\n` }, { contract: texts })
  t.match(inside.findings, [{ check: 'text-control' }])
})
