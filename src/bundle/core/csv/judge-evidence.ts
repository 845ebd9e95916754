/** The verdict on a file that is read as GB18030, from the evidence of its whole text. */
import type { Finding } from '../../../platform/finding.ts'
import { faultAt } from '../findings/checks.ts'
import { garbledFault } from './garbled-text.ts'
import type { TextEvidence } from './text-evidence.ts'

/** Chinese characters that a file needs before their frequency says anything. */
const hanMin = 20

/** Characters beyond ASCII that a file needs before their rareness says anything, and how rare on average. */
const charactersMin = 10
const foreignUnlikelihood = 4
const doubtfulUnlikelihood = 3

/** Share of ordinary characters below which a file is not Chinese, or perhaps not; real data have over half. */
const foreignShare = 0.08
const doubtfulShare = 0.25

/** Characters that are rare on average and none of them ordinary are another encoding, though they are few. */
const fewMin = 2
const fewUnlikelihood = 3

/**
 * A word is doubtful if not so many of its characters are ordinary and they are so rare on average; a few words, if
 * they are rarer.
 */
const wordMax = 4
const fewShare = 0.6
const wordDoubtful = 1.5
const fewDoubtful = 2.75

/**
 * Korean in EUC-KR decodes as Chinese characters that are the first half of GB 2312 alone, which is over half of those
 * in Chinese data; Japanese in EUC-JP has its kana. So many of them make a file doubtful.
 */
const hangulMin = 16
const fewHangulShare = 0.5
const kanaMin = 4
const kanaShare = 0.25

/** The findings about a file's encoding; `decodes` says whether all of it is GB18030. */
export function judgeEvidence(evidence: TextEvidence, decodes: boolean, file: string): readonly Finding[] {
  const { utf8, gb18030, han, common, hangul, kana, glued, lost, firstLost } = evidence
  if (utf8.cells > 0 && (decodes || gb18030.cells > 0)) {
    const fewer = utf8.cells <= gb18030.cells ? utf8 : gb18030
    const expected =
      `UTF-8 ${utf8.cells} 个单元格，GB18030 ${gb18030.cells} 个 / ` +
      `${count(utf8.cells)} in UTF-8, ${count(gb18030.cells)} in GB18030`
    return [at('encoding-mixed', fewer.first, expected)]
  }
  if (!decodes) return []
  if (evidence.private !== undefined) return [at('encoding-private', evidence.private, 'GB18030')]
  const first = evidence.firstGlued ?? gb18030.first
  const share = han === 0 ? 1 : common / han
  const counts =
    `${han} 个汉字中常用字 ${common} 个，夹在拉丁词或数字中的 ${glued} 处 / ` +
    `common Chinese characters: ${common} of ${han}; in Latin words or numbers: ${glued}`
  const unlikelihood = evidence.characters === 0 ? 0 : evidence.unlikelihood / evidence.characters
  const isMany = evidence.characters >= charactersMin
  const isForeign = share < foreignShare || (share < doubtfulShare && hangul === han)
  const isFew = common === 0 && evidence.characters >= fewMin && unlikelihood >= fewUnlikelihood
  if (
    (glued > 0 && common === 0) ||
    (han >= hanMin && isForeign) ||
    (isMany && unlikelihood >= foreignUnlikelihood) ||
    isFew
  )
    return [at('encoding-foreign', first, counts)]
  const isDoubtful =
    (han >= hanMin && share < doubtfulShare) || (isMany && unlikelihood >= doubtfulUnlikelihood)
  const isKorean = hangul === han && (han >= hangulMin || (han > 0 && share < fewHangulShare))
  const isJapanese = kana >= kanaMin && kana >= kanaShare * (han + kana)
  const rareMin = evidence.characters <= wordMax ? wordDoubtful : fewDoubtful
  const isUnusual = share === 0 || (!isMany && share < fewShare && unlikelihood >= rareMin)
  const lostText = garbledFault(
    { places: lost },
    { file, ...(firstLost === undefined ? {} : { byteOffset: firstLost }) },
  )
  if (glued > 0 || isDoubtful || isKorean || isJapanese || isUnusual)
    return [at('encoding-doubtful', first, counts), ...lostText]
  return lostText

  function at(
    check: Parameters<typeof faultAt>[0],
    byteOffset: number | undefined,
    expected: string,
  ): Finding {
    return faultAt(check, { file, ...(byteOffset === undefined ? {} : { byteOffset }), expected })
  }
}

const count = (cells: number) => (cells === 1 ? '1 cell' : `${cells} cells`)
