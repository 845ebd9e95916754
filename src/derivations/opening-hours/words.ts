/**
 * The vocabulary: what each word of a notice means. Patterns are matched at a position of the normalised text, in this
 * order, first match wins. A word that is not here is not understood, and its cell is refused: to read more, add it.
 */

/** Why a phrase is refused; `findings.ts` says it in both languages. */
export type Reason =
  | 'all-day'
  | 'approximate'
  | 'backwards'
  | 'bound'
  | 'closed-only'
  | 'closure'
  | 'column'
  | 'days-conflict'
  | 'duration'
  | 'facilities'
  | 'festival'
  | 'holiday'
  | 'lost-sign'
  | 'no-hours'
  | 'no-time'
  | 'overlap'
  | 'part-of-day'
  | 'reference'
  | 'season'
  | 'season-partial'
  | 'too-long'
  | 'unknown'

export type Period = 'early' | 'morning' | 'noon' | 'afternoon' | 'evening' | 'night'

/** Meanings of words; numbers, dates and weekdays have patterns of their own in `lex.ts`. */
export type Meaning =
  | { readonly kind: 'filler' }
  | { readonly kind: 'separator'; readonly strong: boolean }
  | { readonly kind: 'bracket'; readonly open: boolean }
  | { readonly kind: 'to' }
  | { readonly kind: 'next-day' }
  | { readonly kind: 'period'; readonly period: Period }
  | { readonly kind: 'types'; readonly types: readonly ('wd' | 'we' | 'ph' | 'va' | 'holiday')[] }
  | { readonly kind: 'daily' }
  | { readonly kind: 'around-the-clock' }
  | { readonly kind: 'all-day' }
  | { readonly kind: 'season-word' }
  | { readonly kind: 'opens' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'closed-heading' }
  | { readonly kind: 'except' }
  | { readonly kind: 'except-before' }
  | { readonly kind: 'except-end' }
  | { readonly kind: 'without' }
  | { readonly kind: 'with' }
  | { readonly kind: 'made-up' }
  | { readonly kind: 'as-usual' }
  | { readonly kind: 'facility' }
  | { readonly kind: 'refused'; readonly reason: Reason }

const filler: Meaning = { kind: 'filler' }
const refused = (reason: Reason): Meaning => ({ kind: 'refused', reason })
const period = (of: Period): Meaning => ({ kind: 'period', period: of })

const number = '[\\d零一二两三四五六七八九十半]'
const clock = `(?:上午|下午|中午|晚上|晚间|晚)?(?:\\d{1,2}:\\d{2}|${number}{1,3}[点时](?:${number}{1,3}分?|半)?)`
const entry =
  '(?:入馆|入场|进场|进馆|入园|进园|入校|进校|入内|售票|检票|领票|取票|接待|清场|借还书及阅览|借还书|借还)'
const sport =
  '(?:足球|篮球|羽毛球|羽球|乒乓球|桌球|台球|网球|排球|手球|门球|匹克球|游泳|田径|健身|武术|体操|舞蹈|击剑|攀岩|轮滑|跑步)'
const place = '(?:训练馆|馆区|馆|场地|场|室|池|中心|区域|区|房|厅|广场|公园|跑道|球场|器材|器械|步道|路径)'

/** Notes that change no session: last entry, clearing, length of a booking, fees, lights. They come before times. */
export const notes: readonly string[] = [
  `(?<![至到-])${clock}(?:以后|之后|后|前|以前)?(?:将|起|进行|即)*(?:停止|截止|最后|进行)?${entry}(?:时间)?`,
  `(?:闭馆|闭园|关闭|结束|清场)前${number}{1,3}(?:分钟|分|小时|个小时)(?:停止|截止)${entry}`,
  `(?:停止|截止|最后)${entry}(?:时间)?:?${clock}`,
  `以${number}+(?:个)?小?时?(?:${number}+分钟?|半)?(?:为)?[1一]?(?:为)?节(?:计算)?`,
  `以${number}+个?(?:小时|时)(?:${number}+分钟?|半)?为[1一]节(?:计算)?`,
  `每[节场]${number}+个?(?:小时|时|分钟)(?:半|${number}+分钟?)?`,
  `(?:每日|每天)?(?:共)?分(?:为)?${number}{1,2}[节场](?:次)?(?:开放)?(?:予|给)?(?:公众|市民)?(?:使用)?`,
  '(?:另)?(?:未|没有|无|不)(?:设有|设|有|开)?(?:泛光)?(?:灯光|照明|灯)(?:照明)?',
  '(?:设有|有|配有)(?:泛光)?(?:灯光|照明)(?:照明)?',
  '(?:中午|午间|节假日|周末|全年)(?:时段)?(?:不休息|不闭馆|不休馆|无休|不打烊|不间断)',
  '(?:全年无休|无休|不休息|不闭馆|不休馆)',
  '(?:需|须|请)?(?:提前|预先|凭证|凭身份证|刷卡|网上|电话)*(?:预约|登记)(?:入场|入校|进场|入馆|使用)?',
  '(?:公益性?|低|免费|优惠|有偿)*(?:收费|免费)(?:标准)?(?:向?(?:社会|市民|公众|居民))?(?:开放|使用)?',
]

/** Words and their meanings. */
export const words: readonly (readonly [Meaning, string])[] = [
  [{ kind: 'around-the-clock' }, '(?:全天|全日|全年)?(?:24|二十四)(?:个)?小时(?:全天)?(?:不间断)?'],

  // What makes a phrase uncertain.
  [
    refused('reference'),
    '参照|参考|参见|详见|同上|比照|另行通知|另行公布|另行通告|另行公告|另订|另定|待定|视.{0,6}而定|为准|另订之|模式|同步|通知为',
  ],
  [
    refused('duration'),
    `(?:不少于|不低于|不超过|至少|最少|约)?${number}+(?:\\.\\d+)?(?:个)?小时(?!为)(?!制)`,
  ],
  [
    refused('bound'),
    '不少于|不低于|不早于|不晚于|不迟于|不超过|至少|最晚|最迟|最早|以前|之前|之后|以后|开始|提前|提早|延后|推迟|延长|延至|直至|截至',
  ],
  [
    refused('approximate'),
    '左右|大约|大概|大致|大体|前后|上下|约|一般|通常|原则上|基本|可能|尽量|或|部分(?:开放|开馆|时段)?|不定期|不定时|视情况',
  ],
  [
    refused('festival'),
    '(?:农历|旧历|阴历)?(?:大年|正月|腊月|年|正月)?初[一二三四五六七八]|农历|正月|腊月|除夕|年三十|春节|元旦|元宵节|清明节?|劳动节|五一|端午节?|中秋节?|国庆节?|圣诞节?|复活节|冬至|妇幼节|全民健身日',
  ],
  [refused('closure'), '暂停至|直到另行|施工|维修改造|翻新|改为|调整为'],

  [{ kind: 'made-up' }, '因?(?:法定节假日)?调休(?:为)?(?:上班|工作|上学)日?'],
  [filler, '工作时间|上班时间'],

  // Days.
  [{ kind: 'daily' }, '每天|每日|天天|日日|全年|全周|每一天|无论平日或?假日'],
  [
    { kind: 'types', types: ['wd'] },
    '(?:平常|平时)?(?:上课日|上学日|教学日)(?:和|与|及|或|、)(?:上班日|工作日)|工作日|上班上课日|上课日|上学日|上班日|教学日|平日|平时',
  ],
  [{ kind: 'types', types: ['we'] }, '双休日|周末|週末|公休日|周休日|周休二日'],
  [
    { kind: 'types', types: ['ph'] },
    '(?:国家|国定)?法定(?:节?假日|节日|假期|休假日)|国定(?:节?假日|假期)|公众(?:节?假日|假期)|公共假期|劳工假期',
  ],
  [
    { kind: 'types', types: ['va'] },
    '寒暑假(?:期间)?|寒、暑假(?:期间)?|寒假(?:和|与|及|、)暑假(?:期间)?|学校假期',
  ],
  [{ kind: 'types', types: ['holiday'] }, '节假日|节日|假日|例假日|节庆日|休息日'],
  [filler, '假期(?=:)'],
  [refused('season'), '学期中|学期间|学期|开学期间|考试周|期末|期中|淡季|旺季'],

  // Seasons without their dates.
  [
    { kind: 'season-word' },
    '(?:[春夏秋冬]、?){2,4}季|(?:夏|冬|春|秋)(?:季|令时|令|时|天)(?:作息时间|营业时间|开放时间)?|寒假(?:期间)?|暑假(?:期间)?|暑期',
  ],

  // Times of day.
  [{ kind: 'next-day' }, '次日|翌日|隔日|隔天|第二天|第二日|次晨|翌晨'],
  [period('early'), '凌晨'],
  [period('morning'), '上午|早上|早晨|清晨|晨间|早间|早|晨'],
  [period('noon'), '中午|正午|午间'],
  [period('afternoon'), '下午|午后'],
  [period('evening'), '晚上|晚间|傍晚|黄昏|夜晚|夜间|夜里|晚|夜'],
  [period('night'), '午夜|子夜|半夜|深夜'],

  [{ kind: 'closed-heading' }, '(?:闭馆|休馆|闭园|关闭|休息|不开放|暂停开放)(?:时间|日期?|时段):?'],
  [
    { kind: 'closed' },
    '(?:全天|全日|整天|例行|固定|定期|一律)*(?:(?:不|暂不|停止|暂停|谢绝)(?:对外|向社会|向公众|对公众)?(?:开放|营业|服务|租借|使用|开馆)|闭馆|休馆|闭园|关闭|关门|休息|休场|休业|打烊|闭场|歇业)(?:整理图书|维护|清洁)?',
  ],
  [{ kind: 'all-day' }, '全天候?|全日|整天|整日|终日'],
  [{ kind: 'opens' }, '开馆|开园|开门|开场(?!地)'],

  // Exceptions.
  [{ kind: 'except' }, '除外|例外|不在此限'],
  [{ kind: 'without' }, '不包括|不包含|不含'],
  [{ kind: 'with' }, '(?:包括|包含|含)'],
  [{ kind: 'except-before' }, '除了?'],
  [{ kind: 'except-end' }, '以外|之外|外(?!场|借|地)'],

  // Facilities: one name is dropped, several with different hours are refused.
  [
    { kind: 'facility' },
    `(?:(?:室外|室内|户外|室內|露天|灯光|塑胶|人工|天然|标准|[一二三四五六七八九十\\d]号)*(?:${sport}|阅览|体育|运动|训练|活动|自习|图书|少儿书库|综合书库|操|球|泳|校园?)(?:${place})+|(?:室外|室内|户外)*${sport}(?:馆|场|室)?|跑道|操场|泳池|场馆|场地|球场|校园|学校)(?:(?:[、,和及与/]|以及)(?:室外|室内|户外)*(?:${sport}(?:${place})*|跑道|操场|泳池|场馆|球场))*`,
  ],

  [{ kind: 'as-usual' }, '(?:照常|正常|亦|同样)(?:对外)?(?:开放|营业)(?=[),;。\\n]|$)'],

  // Words that add nothing.
  [
    filler,
    '(?:每[天日])?(?:对外|正式|免费)*(?:开放|开馆|营业|服务|使用|可供租用|办公|接待|活动)(?:的)?(?:时间段?|时段|日期)(?:安排|表)?(?:均|都)?(?:为|是|:)*',
  ],
  [
    filler,
    '(?:照常|正常|均|都|全|也|将)?(?:对|向|给|予|供|面向)?(?:外|社会|公众|市民|民众|居民|公民|社区居民)?(?:免费)?(?:有序)?(?:开放|使用|营业|服务|活动)(?:给|予)?(?:公众|市民|民众|居民)?(?:使用)?',
  ],
  [filler, `第${number}{1,2}[节场](?:时段)?:?|设有?|场次|时段|时间段|时间|期间|其中`],
  [
    filler,
    '(?:定期)?(?:维护|保养|清洁|休整)日|场地(?=关闭|不开放|暂停)|校园(?=不开放|关闭)|泳池(?=不开放|关闭)',
  ],
  [
    filler,
    '(?<=(?:闭馆|休馆|休息|关闭|不开放)[,;。]?)(?:其余|其他|其它)(?:时间|日子|日期|各日|天)?(?:均|都)?(?:正常)?(?:开放)?(?:时间)?',
  ],
  [filler, '时(?=暂停|不|休|闭|关)'],
  [filler, '[自由从於于为的之止起是均都等每逢在有即]|每逢|当日|当天|整理图书|上架新书'],
  [
    filler,
    `\\(?[一二三]楼\\)?|[①-⑩•◦·*※]|\\(\\d{1,2}\\)|(?:^|(?<=[\\n;。]))(?:\\d{1,2}|[一二三四五六七八九十])[.、](?!\\d)|(?:^|(?<=\\n))-`,
  ],
  [{ kind: 'separator', strong: true }, '[;。\\n]+|。'],
  [{ kind: 'separator', strong: false }, '以及|[,、和及与/|:&]| '],
  [{ kind: 'bracket', open: true }, '\\('],
  [{ kind: 'bracket', open: false }, '\\)'],
  [{ kind: 'to' }, '[至到-]'],
]

/** What a cell says that says nothing. */
export const emptyCell = /^(?:未提供|未提供资料|无|暂无|不详|没有|无资料|暂无资料|n\/?a|null|[-/.。、]*)$/i
