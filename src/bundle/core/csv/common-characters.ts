/**
 * How ordinary a character is in Chinese data. A text decoded as the wrong encoding still has characters, but not
 * the ordinary ones; scores of two readings of the same bytes show which is the likelier.
 */

/**
 * Characters that make up most of names, addresses and remarks: surnames, place words, numerals, education, the
 * most frequent of running text. Any Chinese file has many of them; other text decoded as GB18030 has few.
 */
const ordinary =
  '的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运' +
  '李刘陈杨赵黄周吴徐孙胡朱林郭罗梁宋郑谢韩唐冯董萧曹袁邓傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田姜范石姚谭廖邹熊陆郝孔崔邱秦江史顾侯邵孟龙段雷钱汤尹黎易武乔贺赖龚洪伟芳娜敏静丽磊艳勇杰娟涛超秀兰霞刚桂英华玉萍红娥玲芬燕彩春菊凤洁梅琳云莲荣爱雪香莺媛瑞凡佳嘉琼勤珍贞莉桂娣璧璐娅琦晶妍茜秋珊莎锦黛青倩婷姣婉娴瑾颖露瑶怡婵雁蓓纨仪荷丹蓉眉君琴蕊薇菁梦岚苑婕馨瑗琰韵融园艺咏卿聪澜纯毓悦昭冰爽琬茗羽希宁欣飘育滢馥筠柔竹霭凝晓欢霄枫芸菲寒伊亚宜可姬舒影荔枝思丽飞彬富顺子轩浩宇文博俊豪鑫鹏旭帆斌峰强健亮辉波' +
  '省县镇乡村街巷弄号室楼栋单元幢座层里庄湾桥河湖港岛城郊园苑花新村庭广场大厦中心小区幼初职校班级届春夏秋冬州府台站局委厅处科所馆店厂库仓铁公交车站口岸沿环陆浦黄静虹普闵宝嘉松青奉崇徐汇长宁杨静安京津沪渝冀晋辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵滇陕甘宁藏疆蒙港澳汉族回满壮' +
  '零六七八九百千亿元角分斤米克吨户份批套页张只片块率值额均合计占每未已无有否男女姓名别龄日期联系电话手机邮编号码备注说明来源单位填表审核负责人地址类型状态开放免费收费预约时段周末节假足篮排羽毛乒乓网球游泳田径跑道操场体育健身测试成绩身高体重肺活量优秀良好及格不'

const common = new Set(ordinary)

/** Whether a character is ordinary in Chinese data. */
export function isCommon(character: string): boolean {
  return common.has(character)
}

const han = /^\p{Script=Han}$/u

export function isHan(character: string): boolean {
  return han.test(character)
}

/** By character of GB 2312, which most texts never leave: the first of its two bytes. */
let leads: ReadonlyMap<string, number> | undefined

/** The first byte of a Chinese character in GB 2312; undefined beyond its 6,763 characters. */
export function leadOf(character: string): number | undefined {
  leads ??= buildLeads()
  return leads.get(character)
}

/** Its frequent characters end with this first byte, and rarer ones follow. */
const frequentMax = 0xd7

/** Rows 16 to 87 have characters, 94 from 0xA1 on. */
function buildLeads(): ReadonlyMap<string, number> {
  const decoder = new TextDecoder('gb18030')
  const built = new Map<string, number>()
  for (let lead = 0xb0; lead <= 0xf7; lead++) {
    const bytes = Uint8Array.from({ length: 2 * 94 }, (_, n) => (n % 2 === 0 ? lead : 0xa1 + (n >> 1)))
    for (const character of decoder.decode(bytes)) built.set(character, lead)
  }
  return built
}

/** The penalties of kinds of characters: about the logarithm of how rare each is in Chinese data. */
const penalties: readonly (readonly [RegExp, number])[] = [
  [/^[\u3000-\u303f\uff01-\uff60\u2010-\u203f\u00b7\u2100-\u22ff\u2460-\u24ff\u25a0-\u26ff\u20ac]$/u, 1],
  [/^[\u00c0-\u024f\u3040-\u30ff]$/u, 3],
  [/^\p{Script=Hangul}$/u, 4],
  [/^[\p{Co}\p{Cn}]$/u, 15],
]

/** How unlikely a text is as Chinese data: 0 for one of frequent characters and ASCII. */
export function unlikelihoodOf(text: string): number {
  let sum = 0
  for (const character of text) {
    if (character < '\u0080') continue
    const lead = leadOf(character)
    if (lead !== undefined) sum += lead <= frequentMax ? 0 : 3
    else sum += penalties.find(([kind]) => kind.test(character))?.[1] ?? (isHan(character) ? 7 : 6)
  }
  return sum
}
