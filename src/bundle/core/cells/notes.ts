/** Texts that stand beside the records of a table: notes, signatures, examples, headings, lines and marks of its end. */

/** How notes begin, and the lines below a form in which people and offices sign. */
const note =
  /^(注|备注|说明|附注|资料来源|数据来源|来源|统计时间|数据截至|Notes?|Sources?)\s*(\d{0,2})\s*[:：.、]|^[*＊※]/i
const signature =
  /^(?![:：])(填表|填报|制表|审核|复核|校对|统计|报送|经办|主管|单位|联系)?(人|单位|部门|时间|日期|电话|负责人)?(\s*[（(](签字|签章|盖章|公章)[)）])?\s*[:：]/
const example =
  /^[（(【[]?(填写)?(示例|样例|范例|示范|例|例如|example|e\.g\.)([)）\]】]|\d{0,2}\s*[:：].*)?$/i

/** Texts that are no name where nothing else is in the row. */
const asides: readonly RegExp[] = [
  // The end of a table.
  /^[（(【[]?\s*(以下(空白|无正文|无内容)|(完|完毕|结束|全文完)|EOF|END)\s*[)）\]】]?$/i,
  // A line.
  /^[-‐-―_=~—─━…·.*#\s]{3,}$/u,
  /^第\s*\d+\s*页|^共\s*\d+\s*页$|^page\s*\d+(\s*(of|\/)\s*\d+)?$|^-\s*\d+\s*-$/i,
  // A day, without a name.
  /^\d{4}\s*(年\s*\d{1,2}\s*月(\s*\d{1,2}\s*日)?|([-/.])\d{1,2}\3\d{1,2})$/,
  // The heading of a group: 一、公办学校.
  /^[（(]?[一二三四五六七八九十]{1,3}([)）]|[、.．](?![一二三四五六七八九十]))/,
]

/** A longer text is not taken for an example or a mark. */
const charactersMax = 60

/** Whether a cell is a note, or the name of someone who signs, and no value of a record. */
export function isBesideRecords(text: string): boolean {
  return note.test(text) || signature.test(text)
}

/** Whether a key says that its row is an example of how to fill in the table. */
export function isExample(text: string): boolean {
  return text.length <= charactersMax && example.test(text)
}

/** Whether the only text of a row marks an end, a page, a day or a group. */
export function isAside(text: string): boolean {
  return text.length <= charactersMax && asides.some((one) => one.test(text))
}
