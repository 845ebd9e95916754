/** Code lists as files: what is written is read back as the same list, whatever files it was joined of. */
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { joinCodes, parseCodeFile } from '../../src/contract/codes/code-files.ts'
import { buildCodeList, codeFileText } from '../../src/contract/index.ts'

const names = readdirSync('datasets/codes').filter((name) => name.endsWith('.csv'))
t.ok(names.length > 5, 'lists were found')
for (const name of names) {
  const { codes } = parseCodeFile(readFileSync(`datasets/codes/${name}`))
  const list = joinCodes(name, [codes])
  const again = parseCodeFile(Buffer.from(codeFileText(list)))
  t.same(again.complaints, [], name)
  const bare = (one: (typeof codes)[number]) => ({
    ...one,
    extra: Object.fromEntries(Object.entries(one.extra).filter(([, value]) => value !== '')),
  })
  t.same(again.codes.map(bare), list.codes.map(bare), name)
}

const odd = {
  code: 'a',
  label: { zh: '甲,"乙"\n', en: 'A' },
  under: ['x', 'y'],
  validFrom: '2020-01-01',
  extra: { unit: 'm' },
}
const more = { code: 'b', label: { zh: '丙', en: 'B' }, extra: { other: 'n' } }
const read = parseCodeFile(Buffer.from(codeFileText(buildCodeList('odd', [odd, more]))))
t.match(read.codes[0], odd, 'characters that CSV must quote, and every column')
t.match(read.codes[1], more, 'columns that only one file has')
