/** What a finding says: it quotes the phrase that stops the reading and says how to write it. Hours are not personal. */
import type { Bilingual } from '../../platform/language.ts'
import type { Reason } from './words.ts'

/** Characters of a quoted phrase, so that a finding stays one line. */
const quoteCharsMax = 60

const advice: Readonly<Record<Reason, Bilingual>> = {
  'all-day': {
    zh: '“全天”没有写明起止时刻。请写明，例如“双休日8:00-17:00”；昼夜开放写“0:00-24:00”。',
    en: 'All day names no hours. Write them, such as 双休日8:00-17:00; around the clock is 0:00-24:00.',
  },
  approximate: {
    zh: '时间不确定。请写确切的起止时刻，例如“18:30-20:30”。',
    en: 'This is approximate. Write exact hours, such as 18:30-20:30.',
  },
  backwards: {
    zh: '结束早于开始。请按24小时制写，例如“14:00-17:00”；跨午夜写“22:00-次日2:00”。',
    en: 'It ends before it starts. Write 24-hour times, such as 14:00-17:00; past midnight write 22:00-次日2:00.',
  },
  bound: {
    zh: '只写了期限，没有写明起止。请同时写开始和结束，例如“8:00-17:00”。',
    en: 'This is only a bound. Write both the start and the end, such as 8:00-17:00.',
  },
  'closed-only': {
    zh: '只写了不开放的时间。请写开放的时间，例如“周二至周日9:00-17:00”。',
    en: 'This only says when it is closed. Write when it is open, such as 周二至周日9:00-17:00.',
  },
  closure: {
    zh: '暂停开放不写在开放时间里。本栏只写平常的开放时间，暂停开放另行登记。',
    en: 'A temporary closure is not part of the hours. Keep the usual hours here, and record the closure as a closure.',
  },
  column: {
    zh: '与列标题的日期不一致。请改正其中一处。',
    en: 'This contradicts the days in the header of its column. Correct one of them.',
  },
  'days-conflict': {
    zh: '看不出适用于哪些日子。请先写日子再写时刻，每类日子一行，例如“周一至周五18:30-20:30；周六、周日8:00-17:00”。',
    en: 'It is unclear which days this applies to. Write days, then hours, one line for each, such as 周一至周五18:30-20:30；周六、周日8:00-17:00.',
  },
  duration: {
    zh: '写的是时长，不是时段。请写起止时刻，例如“8:00-16:00”。',
    en: 'This is a length of time. Write the start and the end, such as 8:00-16:00.',
  },
  facilities: {
    zh: '几处场地的时间不同。请每处场地填一行。',
    en: 'Several facilities have different hours. Give each facility a row of its own.',
  },
  festival: {
    zh: '节日的日期每年不同。请写“法定节假日”，或者写日期；当天不开放的，另行登记。',
    en: 'A festival changes its date. Write 法定节假日 or the dates; record a closure on it as a closure.',
  },
  holiday: {
    zh: '“节假日”可能指双休日，也可能指法定节假日。请写“双休日”“法定节假日”或“双休日、法定节假日”。',
    en: '节假日 may mean weekends or public holidays. Write 双休日, 法定节假日, or both.',
  },
  'lost-sign': {
    zh: '数字之间似乎缺了符号。请写成“8:00-11:00”，几段之间用“、”。',
    en: 'A character between the digits seems lost. Write 8:00-11:00, and 、 between sessions.',
  },
  'no-hours': {
    zh: '没有写明开放时段。请写起止时刻，例如“18:30-20:30”。',
    en: 'No hours are given. Write the start and the end, such as 18:30-20:30.',
  },
  'no-time': {
    zh: '没有这样的时刻。请写0:00至24:00之间的时刻。',
    en: 'There is no such time. Write times from 0:00 to 24:00.',
  },
  overlap: {
    zh: '同一天的时段互相重叠。请合并，或者写明各适用于哪些日子。',
    en: 'Sessions of one day overlap. Join them, or say which days each is for.',
  },
  'part-of-day': {
    zh: '上午、下午或晚上与时刻不符，或者看不出是上午还是下午。请按24小时制写，例如“14:00-17:00”。',
    en: 'The part of the day does not fit the time, or is unclear. Write 24-hour times, such as 14:00-17:00.',
  },
  reference: {
    zh: '时间写在别处或者未定。请把时间写在本栏。',
    en: 'The hours are elsewhere or not yet known. Write them here.',
  },
  season: {
    zh: '季节或者日期不明确。请写起止日期，例如“5月1日至9月30日8:00-18:00”。',
    en: 'The season or its dates are unclear. Write its first and last day, such as 5月1日至9月30日8:00-18:00.',
  },
  'season-partial': {
    zh: '有的时段写了季节，有的没有。请给每个时段写明起止日期。',
    en: 'Only some sessions have a season. Write the dates of each.',
  },
  'too-long': {
    zh: '内容太长或者时段太多。请每处场地填一行，只写开放时间。',
    en: 'The text is too long or has too many sessions. Give each facility a row, and write only hours.',
  },
  unknown: {
    zh: '这几个字看不懂。本栏只写日子和时刻，例如“周一至周五18:30-20:30”，其他说明写在备注里。',
    en: 'These words are not understood. Write only days and hours, such as 周一至周五18:30-20:30; other notes go into the remarks.',
  },
}

/** The finding in the language of the locale: English for `en`, otherwise Chinese. */
export function findingText(reason: Reason, phrase: string, locale: string | undefined): string {
  const quote = phrase.replace(/\s+/g, ' ').trim()
  const short = quote.length > quoteCharsMax ? `${quote.slice(0, quoteCharsMax)}…` : quote
  return locale?.toLowerCase().startsWith('en')
    ? `“${short}”: ${advice[reason].en}`
    : `“${short}”：${advice[reason].zh}`
}
