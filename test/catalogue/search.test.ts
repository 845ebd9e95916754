/**
 * Search as a pure function of contracts: typical search texts, and which shipped dataset they find first.
 */
import fc from 'fast-check'
import t from 'tap'
import { buildSearchIndex } from '../../src/catalogue/search/index-of-datasets.ts'
import { matchesMax, textLengthMax } from '../../src/catalogue/search/matches.ts'
import { labelsMax, searchedTexts } from '../../src/catalogue/search/texts.ts'
import { tokensOf, wordsMax, wordsOf } from '../../src/catalogue/search/tokens.ts'
import { shippedDatasets } from '../../src/context.ts'
import { loadContracts } from '../../src/contract/index.ts'
import { contractOf, field } from '../support/fields.ts'
import { contractsOf } from '../support/unconnected-context.ts'

const contracts = await loadContracts({ folders: [shippedDatasets] })
const index = await buildSearchIndex(contracts.list(), contracts)
const slugs = (question: string) => index.search(question).hits.map(({ slug }) => slug)

const fitness = 'student-fitness'
const centres = 'fitness-monitoring-centres'
const venues = 'school-sports-venues'
const calendar = 'school-calendar'
const schools = 'schools'
const list = 'annual-open-data-list'

/** Search texts and the slugs found first, best first. `null` at the end: further hits are not compared. */
const golden: readonly (readonly [question: string, ...found: readonly (string | null)[]])[] = [
  ['体质测试', fitness, null],
  ['体质', centres, fitness, schools],
  ['健康', centres, fitness, schools],
  ['体质健康监测', centres, null],
  ['学生的体质', fitness, null],
  ['优良率', fitness],
  ['肺活量', fitness],
  ['场馆', venues],
  ['体育场地', venues],
  ['篮球', venues],
  ['浦东 篮球', venues],
  ['浦东篮球', venues],
  ['浦东', centres, schools, venues, fitness],
  ['310115', centres, schools, venues, fitness],
  ['体育局', venues],
  ['校历', calendar],
  ['调休', calendar, null],
  ['节假日', calendar, null],
  ['开放清单', list],
  ['提供部门', list],
  ['体', venues, null],
  ['basketball', venues],
  ['BASKETBALL', venues],
  ['ｂａｓｋｅｔｂａｌｌ', venues],
  ['baksetball', venues],
  ['basketbal', venues],
  ['basket', venues],
  ['fitnes', centres, fitness, venues, schools],
  ['fitness', centres, fitness, venues, schools],
  ['holidays', calendar, null],
  ['vacation', calendar, null],
  ['facilities', venues, null],
  ['annual list', list, null],
  ['浦东 basketball', venues],
  ['the basketball of 浦东', venues],
  ['BMI', fitness],
  ['ＢＭＩ', fitness],
  ['Sports Bureau', venues],
  ['school-sports-venues', venues, null],
  ['day_type', venues, null],
  ['交通'],
  ['健康交通'],
  ['地铁站'],
  ['traffic'],
  ['hospital'],
  ['basketball traffic'],
  ['zz'],
  ['🏀'],
  ['%'],
  ['的'],
  ['the'],
]

t.test('typical search texts find the right datasets', async (t) => {
  for (const [question, ...expected] of golden) {
    const found = slugs(question)
    if (expected.at(-1) === null) t.same(found.slice(0, expected.length - 1), expected.slice(0, -1), question)
    else t.same(found, expected, question)
  }
})

t.test('a match gives its place and an excerpt with the words', async (t) => {
  const matchesOf = (question: string, slug: string) =>
    index
      .search(question)
      .hits.find((hit) => hit.slug === slug)
      ?.matches() ?? []
  t.match(matchesOf('浦东 basketball', venues), [
    { place: 'description', found: ['basketball'] },
    { place: 'code', field: 'activities', code: 'basketball', text: 'Basketball', found: ['Basketball'] },
    { place: 'code', field: 'district', code: '310115', text: '浦东新区', found: ['浦东'] },
  ])
  t.match(matchesOf('优良率', fitness).slice(0, 3), [
    { place: 'keyword', text: '优良率', found: ['优良率'] },
    { place: 'field', field: 'excellent_good_rate', text: '优良率', found: ['优良率'] },
    { place: 'field', field: 'excellent_good_low95', text: '优良率下限', found: ['优良率'] },
  ])
  for (const question of ['体', 'a e i o u', '学生 体质 健康 测试', 'fitness', 'of good or better']) {
    for (const hit of index.search(question).hits) {
      const matches = hit.matches()
      t.ok(matches.length >= 1 && matches.length <= matchesMax, `${question} ${hit.slug}`)
      for (const { text, found } of matches) {
        t.ok(text.length <= textLengthMax + 2, text)
        t.ok(found.length > 0 && found.every((one) => text.includes(one)), text)
      }
    }
  }
})

t.test('an unknown word is replaced by the nearest, and this is reported', async (t) => {
  t.same(index.search('baksetball').readAs, [{ word: 'baksetball', as: ['basketball'] }])
  t.same(index.search('basketball').readAs, [])
  t.same(index.search('basket').readAs, [], 'a prefix is not a typing error')
  t.same(index.search('traffic').readAs, [], 'no similar word')
  // One typing error is tolerated from five letters on, two from eight.
  const of = (word: string) => index.search(word).readAs.flatMap(({ as }) => as)
  t.same(of('tenmis'), ['tennis'])
  t.same(of('bmii'), [])
  t.same(of('temmis'), [])
  t.same(of('badmmnttn'), ['badminton'])
  t.same(of('xadminton'), [], 'the first letter must match')
  t.same(of('b'.repeat(70)), [])
})

t.test('words and terms', async (t) => {
  const terms = (text: string) => tokensOf(text).map(({ term }) => term)
  t.same(terms('体质 BMI'), ['体', '体质', '质', 'bmi'])
  t.same(terms('５０米跑'), ['50', '米', '米跑', '跑'])
  t.same(terms(''), [])
  t.same(
    wordsOf('学生的体质').flatMap((word) => word.terms),
    ['学生', '体质'],
  )
  t.equal(wordsOf(Array.from({ length: wordsMax + 1 }, (_, n) => `w${n}`).join(' ')).length, wordsMax)
  t.same(wordsOf('健康 健康 健康').length, 1)
  t.same(wordsOf('\ud800 \udc00'), [], 'a lone surrogate is not a word')
})

t.test('any text can be searched', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (question) => {
      for (const { start, end } of tokensOf(question)) {
        if (start < 0 || end <= start || end > question.length) return false
      }
      const { hits } = index.search(question)
      return hits.every((hit) => hit.matches().every(({ text }) => text.length <= textLengthMax + 2))
    }),
  )
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 12 }), (at, length) => {
      // Every text of a title finds its dataset, in any width and case.
      const { contract } = contracts.list()[at % contracts.list().length] ?? { contract: undefined }
      const piece = [...(contract?.title.zh ?? '')].slice(0, length + 1).join('')
      return contract !== undefined && slugs(piece).includes(contract.dataset)
    }),
  )
})

t.test('nothing reveals other contracts', async (t) => {
  const some = await buildSearchIndex(
    contracts.list().filter(({ contract }) => contract.dataset !== venues),
    contracts,
  )
  t.same(some.search('basketball'), { hits: [], readAs: [] })
  t.same(some.search('baksetball'), { hits: [], readAs: [] })
})

t.test('a long code list is searched up to its limit', async (t) => {
  const contract = contractOf([field('place', 'string', { codes: 'places' })], ['place'])
  const codes = Array.from({ length: labelsMax + 1 }, (_, n) => ({
    code: `p${n}`,
    label: { zh: `村${n}`, en: `Village ${n}` },
    extra: {},
  }))
  const many = contractsOf([], (name) => ({
    name,
    codes,
    byCode: new Map(codes.map((code) => [code.code, [code]])),
  }))
  const searched = searchedTexts(contract, many).filter(({ place }) => place === 'code')
  t.equal(searched.length, labelsMax)
  t.equal(searched.at(-1)?.code, `p${labelsMax - 1}`)
})
