/**
 * Brings a cell to one spelling: no HTML, half-width characters, one colon and one dash, simplified characters for the
 * words that the grammar knows. Keeps where each character came from, so that a finding can quote the cell as written.
 */

/** Text in one spelling; `at[i]` is the position in the cell of character `i`. */
export interface Normalised {
  readonly text: string
  readonly at: readonly number[]
}

/** Traditional characters of the grammar's words; all others stay as they are and are not understood. */
const traditional =
  '週周點点時时開开閉闭館馆關关為为節节國国定定個个眾众間间從从於于對对內内場场園园門门員员換换'.concat(
    '夜夜號号雙双學学課课處处體体網网籃篮樓楼閱阅覽览圖图書书遊游訂订預预約约費费無无燈灯設设調调',
    '應应業业營营務务後后進进將将環环維维護护養养修修繕缮農农曆历歷历聯联絡络單单據据與与這这過过',
    '還还須须證证離离順顺晝昼兩两劃划計计該该總总數数參参當当視视況况狀状類类東东動动會会樂乐區区',
    '歡欢迎迎來来實实際际達达補补備备報报級级組组線线練练準准價价辦办連连鐘钟額额驗验車车運运緊紧',
    '臨临廳厅廣广舊旧場场壘垒隊队藝艺術术樣样題题終终絕绝給给結结繼继續续經经紀纪級级純纯細细統统',
    '變变讓让認认記记許许詳详說说請请讀读謝谢議议資资質质購购贊赞較较輔辅輪轮邊边郵邮醫医鎖锁長长',
    '陽阳陸陆階阶隨随難难電电靜静項项須须頭头顯显飲饮餐餐駐驻齊齐遠远選选適适鄉乡勞劳動动假假禮礼',
    '拜拜畢毕業业滿满滅灭涼凉溫温園园圍围團团境境寬宽導导屆届島岛幾几強强彈弹徑径復复愛爱惡恶愿愿',
    '懸悬戶户擇择擊击擴扩攝摄攤摊敘叙斷断晚晚暫暂書书極极構构機机權权決决沒没測测減减準准滯滞漲涨',
    '狹狭獨独獲获現现產产異异畫画瞭了確确種种稱称競竞節节籌筹築筑約约紅红範范糾纠納纳紙纸索索罷罢',
    '職职聽听肅肃膚肤臺台舉举艦舰蓋盖藍蓝處处號号衛卫裡里製制複复規规親亲覺觉觸触訊讯訓训託托診诊',
    '評评詢询試试該该誤误課课談谈論论諒谅識识譜谱警警譯译貨货貴贵買买貿贸賽赛贈赠轉转週周遲迟邏逻',
    '釋释針针銀银鋪铺錄录鐵铁閒闲閘闸闊阔附附際际隔隔雜杂頁页順顺領领頻频額额願愿顧顾風风飛飞館馆',
  )

const simplified = new Map<string, string>()
for (let i = 0; i + 1 < traditional.length; i += 2) {
  simplified.set(traditional.charAt(i), traditional.charAt(i + 1))
}

const colons = /[:：︰∶﹕꞉ː։]/
const dashes = /[-－—–―‐‑‒─━﹣﹘﹘−~～〜∼→ー]/
const spaces = /[\s\u00a0\u3000\u200b\ufeff\u2002-\u200a]/
const brackets: Readonly<Record<string, string>> = {
  '（': '(',
  '）': ')',
  '【': '(',
  '】': ')',
  '〔': '(',
  '〕': ')',
  '［': '(',
  '］': ')',
  '[': '(',
  ']': ')',
  '﹙': '(',
  '﹚': ')',
}

/** A cell in one spelling. HTML is removed: a line break stays one, a link goes with its text. */
export function normalise(cell: string): Normalised {
  const characters: string[] = []
  const at: number[] = []
  const put = (character: string, position: number) => {
    characters.push(character)
    at.push(position)
  }
  const tag = /<a\b[^<>]{0,2000}>[^<>]{0,500}<\/a\s*>|<\/?[a-zA-Z][^<>]{0,2000}>|&[a-z]{2,8};|&#\d{1,7};/giy
  for (let i = 0; i < cell.length; ) {
    tag.lastIndex = i
    const markup = cell[i] === '<' || cell[i] === '&' ? tag.exec(cell)?.[0] : undefined
    if (markup !== undefined) {
      put(spellingOf(markup), i)
      i += markup.length
      continue
    }
    const point = cell.codePointAt(i) ?? 0
    const source = String.fromCodePoint(point)
    for (const character of oneSpelling(source)) put(character, i)
    i += source.length
  }
  return withoutSpaces(characters, at)
}

function spellingOf(markup: string): string {
  if (/^<(br|p|\/p|div|\/div|li|\/li|tr|\/tr)\b/i.test(markup)) return '\n'
  if (markup.startsWith('<')) return ' '
  const known: Readonly<Record<string, string>> = {
    '&nbsp;': ' ',
    '&ndash;': '-',
    '&mdash;': '-',
    '&#8211;': '-',
    '&#8212;': '-',
    '&#160;': ' ',
    '&#58;': ':',
  }
  return known[markup.toLowerCase()] ?? '\ufffd'
}

function oneSpelling(source: string): string {
  // ①② number the lines of a list.
  if (/^[\n\r①-⑳]$/.test(source)) return '\n'
  if (spaces.test(source)) return ' '
  if (colons.test(source)) return ':'
  if (dashes.test(source)) return '-'
  const bracket = brackets[source]
  if (bracket !== undefined) return bracket
  const wide = source.normalize('NFKC')
  if (wide.length === 1 && colons.test(wide)) return ':'
  if (wide.length === 1 && dashes.test(wide)) return '-'
  return simplified.get(wide) ?? wide.replace(/\s/g, ' ')
}

/** Without spaces, but for one between two digits, which keeps two numbers apart. */
function withoutSpaces(characters: readonly string[], at: readonly number[]): Normalised {
  const visible: string[] = []
  const positions: number[] = []
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] ?? ''
    if (character === ' ' && !separates(visible.at(-1), nextVisible(characters, i))) continue
    if (character === '-' && visible.at(-1) === '-') continue
    visible.push(character)
    positions.push(at[i] ?? 0)
  }
  return { text: visible.join(''), at: positions }
}

const digit = /^\d$/
const separates = (before: string | undefined, after: string | undefined) =>
  before !== undefined && after !== undefined && digit.test(before) && digit.test(after)

function nextVisible(characters: readonly string[], from: number): string | undefined {
  for (let i = from; i < characters.length; i++) if (characters[i] !== ' ') return characters[i]
  return undefined
}
