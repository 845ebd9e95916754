/** What a change is called, and what it means for those who use the data. Pure. */
import type { ChangeKind, RecordDifference } from '../../contract/index.ts'
import type { Bilingual, Language } from '../../platform/language.ts'
import { type ItemState, itemStates, number } from '../components/words.tsx'

export interface ChangeWords {
  readonly what: Bilingual
  /** What a user of the data should do or know. */
  readonly meaning: Bilingual
}

interface ChangeFacts {
  readonly kind: ChangeKind
  readonly edition: string
  readonly version: number
  readonly body: Readonly<Record<string, unknown>>
  readonly isErased: boolean
  readonly difference: RecordDifference | null
  readonly records: number
  readonly stateText: (state: ItemState, language: Language) => string
}

export function wordsOf(facts: ChangeFacts): ChangeWords {
  return words[facts.kind](facts)
}

const words: Readonly<Record<ChangeKind, (facts: ChangeFacts) => ChangeWords>> = {
  'version-published': ({ edition, version, records }) => ({
    what: {
      zh: `发布 ${edition} 期数据（第 ${version} 版）`,
      en: `Edition ${edition} published (version ${version})`,
    },
    meaning: {
      zh: `共 ${number(records)} 条记录，可查询、下载和引用。已有各期不变。`,
      en: `${number(records)} records to read, download and cite. Other editions are unchanged.`,
    },
  }),
  'version-corrected': ({ edition, version, difference }) => ({
    what: {
      zh: `更正 ${edition} 期数据（第 ${version} 版）`,
      en: `Edition ${edition} corrected (version ${version})`,
    },
    meaning:
      difference === null
        ? {
            zh: '请改用新版本。旧版本仍可下载，便于核对。',
            en: 'Use the new version. The former one can still be downloaded.',
          }
        : {
            zh: `新增 ${number(difference.added)} 条、删除 ${number(difference.removed)} 条、修改 ${number(difference.changed)} 条。请改用新版本；旧版本仍可下载。`,
            en: `${number(difference.added)} records added, ${number(difference.removed)} removed, ${number(difference.changed)} changed. Use the new version; the former one can still be downloaded.`,
          },
  }),
  'version-withdrawn': ({ edition, version, isErased }) => ({
    what: isErased
      ? { zh: `删除 ${edition} 期第 ${version} 版`, en: `Version ${version} of edition ${edition} erased` }
      : {
          zh: `撤回 ${edition} 期第 ${version} 版`,
          en: `Version ${version} of edition ${edition} withdrawn`,
        },
    meaning: {
      zh: '请停止使用该版本及其副本。',
      en: 'Stop using this version and your copies of it.',
    },
  }),
  'contract-added': ({ body }) => {
    const name = Number(body['contractVersion'])
    const verdict = String(body['verdict'] ?? 'first') as keyof typeof verdicts
    return {
      what: { zh: `数据契约第 ${name} 版生效`, en: `Contract ${name} in force` },
      meaning: verdicts[verdict] ?? verdicts.first,
    }
  },
  'item-changed': ({ body, stateText }) => {
    const stateOf = (value: unknown, language: Language) => {
      const state = itemStates.find((one) => one === value)
      return state === undefined ? '' : stateText(state, language)
    }
    const text = (language: Language) => {
      const from = stateOf(body['former'], language)
      const now = stateOf(body['state'], language)
      return from === '' || from === now ? now : `${from} → ${now}`
    }
    const due = typeof body['due'] === 'string' ? body['due'] : ''
    return {
      what: {
        zh: `清单事项“${String(body['name'] ?? '')}”：${text('zh')}`,
        en: `List item “${String(body['name'] ?? '')}”: ${text('en')}`,
      },
      meaning:
        due === ''
          ? { zh: '清单未列明开放日期。', en: 'The list names no due day.' }
          : { zh: `应开放日期：${due}。`, en: `Due ${due}.` },
    }
  },
  'closure-changed': ({ body }) => {
    const isRemoved = body['action'] === 'removed' || body['removed'] === true
    return {
      what: isRemoved
        ? { zh: '取消场地临时安排', en: 'Change of opening hours cancelled' }
        : { zh: '场地临时关闭或加开', en: 'Venue closed for a time, or opened additionally' },
      meaning: {
        zh: '场地页和日历已更新。',
        en: "The venue's page and calendar show it.",
      },
    }
  },
}

const verdicts = {
  first: { zh: '数据集首次登记。', en: 'The dataset is registered for the first time.' },
  compatible: { zh: '读取方式不变，无需修改程序。', en: 'Nothing changes for programs.' },
  additive: {
    zh: '增加了字段或代码；现有程序可继续使用。',
    en: 'Fields or codes were added; programs keep working.',
  },
  breaking: {
    zh: '字段或含义有变，程序需要调整；旧契约下的版本在过渡期内保留。',
    en: 'Fields or meanings changed: programs must be adapted. Versions under the former contract stay for a notice period.',
  },
} as const
