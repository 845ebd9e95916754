/**
 * The known text that an unknown one was probably meant to be. A Chinese character is a whole word part, so 学段 is
 * not a mistyped 学校; Latin letters are compared by edits.
 */
import { distance } from 'fastest-levenshtein'

export interface Known<T> {
  readonly text: string
  readonly value: T
}

/** Edits allowed, as a share of the text's length: of Latin letters, and of Chinese characters. */
const latinShare = 1 / 3
const chineseShare = 1 / 4

/** Texts that are compared; a longer list is a directory, in which chance matches abound. */
const knownMax = 2_000
const lengthMax = 100

const isChinese = (text: string) => /\p{Script=Han}/u.test(text)

/** The value of the nearest known text, if one is near enough and no other value is as near. */
export function nearestText<T>(text: string, known: readonly Known<T>[]): T | undefined {
  if (text.length > lengthMax || known.length > knownMax) return undefined
  const own = isChinese(text)
  const atMost = own
    ? Math.floor(text.length * chineseShare)
    : Math.max(1, Math.floor(text.length * latinShare))
  let best: readonly T[] = []
  let edits = atMost + 1
  for (const { text: other, value } of known) {
    // One edit changes half of a text of two letters.
    if (other.length < 2 || isChinese(other) !== own) continue
    const isPart = own && text.length > 1 && (other.includes(text) || text.includes(other))
    const isClose = isPart || soundsAlike(text, other) || (own && lacksOne(text, other))
    const needed = isClose ? 0 : distance(text, other)
    if (needed > atMost || needed >= other.length || needed > edits) continue
    best = needed < edits ? [value] : [...new Set([...best, value])]
    edits = needed
  }
  return best.length === 1 ? best[0] : undefined
}

/** Whether a text is another one without one character, as 浦东区 is 浦东新区. */
function lacksOne(text: string, other: string): boolean {
  if (text.length < 3 || other.length !== text.length + 1) return false
  return [...other].some((_, at) => other.slice(0, at) + other.slice(at + 1) === text)
}

/** Characters that input methods and eyes confuse, by groups of the same sound. */
const alike = [
  '篮蓝兰',
  '羽雨',
  '乒兵乓',
  '球求',
  '排牌',
  '跑泡',
  '操草',
  '游由',
  '园圆员',
  '校较',
  '级极',
  '籍级',
  '班斑',
  '区取',
  '镇真',
  '已己',
  '贴帖',
  '账帐',
  '址扯',
  '座坐',
  '浦埔',
]

/** Whether two texts of one length differ only in characters that are easily confused. */
function soundsAlike(first: string, second: string): boolean {
  const [a, b] = [[...first], [...second]]
  if (a.length !== b.length || a.length < 2) return false
  return a.every(
    (sign, n) => sign === b[n] || alike.some((group) => group.includes(sign) && group.includes(b[n] ?? '')),
  )
}

/** Words of headers that mean the same, in Chinese and English. */
const meanings: readonly (readonly string[])[] = [
  ['学段', '教育阶段', '办学阶段', '学校类别', 'stage', 'phase'],
  ['学校', '学校名称', '校名', '单位名称', 'school', 'schoolname'],
  ['名称', '名字', '姓名', 'name'],
  ['区', '区县', '行政区', '所属区', '所在区', '区名', '区域', 'district', 'borough'],
  ['地址', '详细地址', '住址', '所在地', '地点', '位置', 'address', 'location'],
  [
    '电话',
    '联系电话',
    '咨询电话',
    '电话号码',
    '办公电话',
    '联系方式',
    '手机',
    'phone',
    'telephone',
    'tel',
    'phonenumber',
  ],
  ['经度', 'lng', 'lon', 'longitude', 'x'],
  ['纬度', 'lat', 'latitude', 'y'],
  ['日期', '时间', '年月日', 'date', 'day'],
  ['备注', '说明', '其他', 'note', 'notes', 'remark', 'remarks', 'comment'],
  ['编号', '编码', '代码', '标识', 'id', 'code', 'number', 'no', 'no.'],
  ['人数', '学生数', '学生人数', '在校生数', '在校生', 'pupils', 'students', 'count'],
  ['性别', '男女', 'sex', 'gender'],
  ['年级', '年段', 'grade', 'year'],
  ['年份', '年度', '学年', 'year'],
  ['费用', '收费', '收费标准', '价格', 'fee', 'price'],
  ['预约', '预约方式', 'booking', 'reservation'],
]

/** The value whose texts mean the same as an unknown one; undefined if none or several do. */
export function nearestByMeaning<T>(text: string, known: readonly Known<T>[]): T | undefined {
  const words = meanings.filter((group) => group.includes(text)).flat()
  const found = new Set(known.filter((one) => words.includes(one.text)).map(({ value }) => value))
  return found.size === 1 ? [...found][0] : undefined
}
