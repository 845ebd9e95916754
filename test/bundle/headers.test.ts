/** Headers in other spellings, and the delimiter that can be inferred from them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { dialectOf } from '../../src/bundle/index.ts'
import { contract, goodCsv, limits, readRows } from '../support/bundle-fixture.ts'

t.test(
  'headers in another spelling are corrected and counted; an unknown one gets the nearest as a suggestion',
  async (t) => {
    const as = (header: string) => readRows({ 'a.csv': goodCsv.replace('trees', header) })
    for (const header of ['树木数', 'The trees']) t.same((await as(header)).counts[0]?.repairs, {}, header)
    for (const header of ['TREES', ' trees', 'ｔｒｅｅｓ', '"树木\n数"', 'tre\u200bes', '树　木　数']) {
      const { findings, counts } = await as(header)
      t.same(findings, [], header)
      t.same(counts[0]?.repairs, { header: 1 }, header)
    }
    for (const [header, expected] of [
      ['treees', '树木数 / trees'],
      ['树木', '树木数 / trees'],
      ['something else', undefined],
    ] as const) {
      const { findings } = await as(header)
      t.match(findings[0], { check: 'header-unknown', cell: 'E1' })
      t.equal(findings[0]?.expected, expected, header)
    }
  },
)

t.test('repairs are counted for accepted rows only', async (t) => {
  const csv = 'area,plot,trait,grade,trees\n01,A1 ,size,,１\n01,A2 ,size,,１x\n'
  const { counts } = await readRows({ 'a.csv': csv })
  t.same(counts[0]?.repairs, { blanks: 1, width: 1 })
})

t.test('the delimiter is inferred from the header, or not at all', async (t) => {
  const folder = t.testdir({})
  const dialect = (text: string, name = 'a.csv') => {
    writeFileSync(join(folder, name), text)
    return dialectOf(join(folder, name), { contract, limits })
  }
  t.same(await dialect(goodCsv), { delimiter: ',' })
  t.same(await dialect(goodCsv.replaceAll(',', ';')), { delimiter: ';' })
  t.same(await dialect(goodCsv.replaceAll(',', '\t'), 'a.txt'), { delimiter: '\t' })
  t.same(await dialect('area\n01\n'), { delimiter: ',' }, 'one column')
  t.same(await dialect('area,plot;note\n'), undefined, 'two delimiters that both give known headers')
  t.same(await dialect('x;y\n'), undefined, 'no known header')
  t.same(await dialect(''), undefined)
  t.same(await dialectOf(join(folder, 'b.xlsx'), { contract, limits, sheet: '数据' }), { sheetName: '数据' })
})
